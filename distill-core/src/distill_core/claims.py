"""What installed distributions say they bring, read from their metadata without an import."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .errors import printable

BACKENDS, COMPANIONS = "distill.backends", "distill.companions"
COMMANDS, PLUGINS = "distill.commands", "distill.plugins"
KINDS = {BACKENDS: "backend", COMPANIONS: "companion", COMMANDS: "command", PLUGINS: "plugin"}
UNREADABLE = "distribution"  # the kind of a claim that stands for metadata nobody can read
NARROW = "DISTILL_BACKENDS"  # distribution names that backends and companions are narrowed to
POINTS, OURS = "entry_points.txt", "[distill."  # how a section of ours begins in that file
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")  # of a model type or a command
LONGEST = 300  # characters of a stranger's sentence that are shown


@frozen
class Claim:
    """One entry point: a name, the kind of thing it names, and who brings it.

    Attributes:
        name: of the model type, the command or the listener.
        kind: "backend", "companion", "command", "plugin"; or "distribution" for one whose
            metadata cannot be read, whatever it brings.
        distribution: that brings it.
        version: the distribution's.
        summary: the distribution's.
        value: the module, or module and attribute, that the entry point names.
        fault: why the metadata cannot be used; empty where they can.
        point: what loads it; None where there is a fault.
    """

    name: str
    kind: str
    distribution: str
    version: str
    summary: str = ""
    value: str = ""
    fault: str = ""
    point: EntryPoint | None = field(default=None, eq=False, repr=False)

    @property
    def owns(self) -> bool:
        """Say whether it claims a model type."""
        return self.kind in {"backend", "companion"}

    @property
    def nameable(self) -> bool:
        """Say whether its name can be typed, and stand in a file's name and a model file."""
        return self.kind == "plugin" or NAME.fullmatch(self.name) is not None

    @property
    def place(self) -> str:
        """Name the plugin behind it, which may bring several types, and listen as well."""
        return f"{self.distribution}:{self.value}"

    @property
    def package(self) -> str:
        """Name the import package that it is in."""
        return re.split(r"[.:\s]", self.value, maxsplit=1)[0]

    @property
    def requires(self) -> tuple[str, ...]:
        """List what its distribution says it needs, as written there."""
        found = None if self.point is None else self.point.dist
        return () if found is None else tuple(found.requires or ())


def installed_claims(
    found: Iterable[Distribution] | None = None, narrow: str | None = None
) -> tuple[Claim, ...]:
    """Read what is installed, sorted by kind and name; one bad distribution spoils no other.

    Args:
        found: the distributions to use instead of the environment's (tests).
        narrow: distribution names, comma-separated; defaults to DISTILL_BACKENDS.
    """
    if narrow is None:
        narrow = os.environ.get(NARROW)
    wanted = None if narrow is None else {plain_name(word) for word in narrow.split(",")}
    claims: list[Claim] = []
    seen: set[str] = set()  # editable leftovers and lib64 show a distribution twice
    for each in distributions() if found is None else found:
        brought = _claims(each)
        names = {plain_name(claim.distribution) for claim in brought if not claim.fault}
        if names & seen:
            continue
        seen |= names
        claims += [
            claim
            for claim in brought
            if wanted is None or not claim.owns or plain_name(claim.distribution) in wanted
        ]
    return tuple(sorted(claims, key=lambda each: (each.kind, each.name)))


def plain_name(distribution: str) -> str:
    """Normalise a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


def one_line(text: Any) -> str:
    """Spell a stranger's words so that they can stand in a line on a terminal."""
    return printable(" ".join(str(text).split())[:LONGEST])


def told_by(error: BaseException) -> str:
    """Give an error's own words in one line; a stranger's may fail even to say them."""
    try:
        return one_line(error).rstrip(".")
    except Exception:
        return ""


def _claims(found: Distribution) -> list[Claim]:
    """Read one distribution, should it bring anything of ours."""
    try:
        text = found.read_text(POINTS) or ""
    except UnicodeDecodeError as error:
        ours = OURS.encode() in error.object
        return [_unreadable(found, f"its {POINTS} is not UTF-8")] if ours else []
    except OSError:
        return []
    if OURS not in text:
        return []
    try:
        points = [point for point in found.entry_points if point.group in KINDS]
    except Exception as error:  # each version of Python has its own for a line it cannot read
        return [_unreadable(found, f"its {POINTS} cannot be read ({type(error).__name__})")]
    try:
        told = found.metadata
        name, version, summary = (one_line(told.get(key, "")) for key in _TOLD)  # type: ignore[attr-defined]  # typeshed's protocol has no get before 3.12
    except Exception as error:  # not UTF-8, or gone: some versions of Python raise then
        return [_unreadable(found, f"its METADATA cannot be read ({type(error).__name__})")]
    if not name:
        return [_unreadable(found, "its METADATA is missing or has no name in it")]
    return [
        Claim(
            one_line(point.name), KINDS[point.group], name, version, summary,
            one_line(point.value), point=point,
        )
        for point in points
    ]  # fmt: skip


_TOLD = ("Name", "Version", "Summary")


def _unreadable(found: Distribution, fault: str) -> Claim:
    """Stand for a distribution that says nothing; its folder's name tells whose it was."""
    folder = Path(str(getattr(found, "_path", "unknown")))  # nothing public tells it
    name, _, version = one_line(folder.stem).partition("-")
    name = plain_name(name)
    return Claim(name, UNREADABLE, name, version, fault=fault, value=str(folder))
