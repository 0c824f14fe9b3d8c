"""What installed distributions say they bring, read from their metadata without an import."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from attrs import field, frozen

BACKENDS, COMPANIONS = "distill.backends", "distill.companions"
COMMANDS, PLUGINS = "distill.commands", "distill.plugins"
KINDS = {BACKENDS: "backend", COMPANIONS: "companion", COMMANDS: "command", PLUGINS: "plugin"}
NARROW = "DISTILL_BACKENDS"  # distribution names that backends and companions are narrowed to


@frozen
class Claim:
    """One entry point: a name, the kind of thing it names, and who brings it."""

    name: str
    kind: str
    distribution: str
    version: str
    summary: str
    point: EntryPoint = field(eq=False, repr=False)

    @property
    def owns(self) -> bool:
        """Say whether it claims a model type."""
        return self.kind in {"backend", "companion"}

    @property
    def place(self) -> str:
        """Name the plugin behind it, which may bring several types, and listen as well."""
        return f"{self.distribution}:{self.point.value}"


def installed_claims(
    points: Iterable[EntryPoint] | None = None, narrow: str | None = None
) -> tuple[Claim, ...]:
    """Read what is installed, sorted by kind and name.

    Args:
        points: the entry points to use instead of the environment's (tests).
        narrow: distribution names, comma-separated; defaults to DISTILL_BACKENDS.
    """
    if points is None:
        points = [point for group in KINDS for point in entry_points(group=group)]
    if narrow is None:
        narrow = os.environ.get(NARROW)
    wanted = None if narrow is None else {plain_name(word) for word in narrow.split(",")}
    seen: dict[tuple[str, str, str, str], Claim] = {}
    for point in points:
        claim = _claim(point)
        if claim is None or (
            wanted is not None
            and point.group in {BACKENDS, COMPANIONS}
            and plain_name(claim.distribution) not in wanted
        ):
            continue
        # a distribution can be seen twice (editable leftovers, lib64)
        key = (point.group, point.name, plain_name(claim.distribution), point.value)
        seen.setdefault(key, claim)
    return tuple(sorted(seen.values(), key=lambda each: (each.kind, each.name)))


def plain_name(distribution: str) -> str:
    """Normalise a distribution's name (PEP 503)."""
    return distribution.strip().lower().replace("_", "-").replace(".", "-")


def _claim(point: EntryPoint) -> Claim | None:
    """Read an entry point's distribution; one without is a leftover that nothing owns."""
    told = {} if point.dist is None else point.dist.metadata.json
    if "name" not in told:
        return None
    name, version, summary = (str(told.get(key, "")) for key in ("name", "version", "summary"))
    return Claim(point.name, KINDS[point.group], name, version, summary, point)
