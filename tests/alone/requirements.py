"""What a distribution declares that it needs, and what those need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def requirements(found: Distribution, extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """List the names that apply on this machine, with the extras that were asked for."""
    for each in wanted(found, extras):
        yield canonicalize_name(each.name)


def wanted(found: Distribution, extras: frozenset[str] = frozenset()) -> Iterator[Requirement]:
    """List the requirements that apply on this machine."""
    for text in found.requires or ():
        each = Requirement(text)
        if each.marker is None or any(
            each.marker.evaluate({"extra": extra}) for extra in ("", *sorted(extras))
        ):
            yield each


def closure(
    name: str, ours: Mapping[str, Distribution], extras: frozenset[str] = frozenset()
) -> set[str]:
    """Follow requirements to the end; `ours` are looked at before what is installed."""
    seen: set[tuple[str, frozenset[str]]] = set()
    left: list[tuple[str, frozenset[str]]] = [(name, extras)]
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        for each in wanted(_find(one[0], ours), one[1]):
            left.append((canonicalize_name(each.name), frozenset(each.extras)))
    return {each for each, _ in seen}


def _find(name: str, ours: Mapping[str, Distribution]) -> Distribution:
    if name in ours:
        return ours[name]
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise SystemExit(f"{name} is declared, and is not installed here.") from error
