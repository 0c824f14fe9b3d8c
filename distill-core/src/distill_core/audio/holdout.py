"""Choose what is held out of training: one rule for scan, train, evaluate and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from attrs import frozen

from ..errors import ConfigError
from .decoding import SHORTEST_SECONDS

EVERY = 10  # of so many clips one is held out
REMAINDER = 5  # namely those whose number leaves this
TAIL_SHARE = 0.1  # of a clip that is nearly everything, the end is held out instead
DOMINANT_SHARE = 0.5  # of all seconds
CROP_SECONDS = 1.0  # the gap before a held-out tail, where a model type names no crop of its own
SHOWN = 3  # names in an error


@frozen
class HoldOut:
    """The names held out, whether it is a clip's tail only, and a sentence that says what was done.

    `note` is None where the ordinary rule applied, or the user's own.
    """

    names: tuple[str, ...] = ()
    tail: bool = False
    note: str | None = None


def choose(
    clips: Sequence[tuple[str, float]],
    globs: Sequence[str] = (),
    crop_seconds: float = CROP_SECONDS,
) -> HoldOut:
    """Apply the rule to used clips (name, seconds).

    Numbered from 0 in the order of their names, number % 10 == 5 is held out; of fewer than ten,
    the last. A clip that is alone, or over half of all seconds, gives its last tenth instead, after
    a gap of one crop; if too little would be left to train on, nothing is held out. Globs (matched
    against the whole name or its last part) replace all this.

    Raises:
        ConfigError: a glob matches no clip, or all of them.
    """
    ordered = sorted(clips)
    if not ordered:
        return HoldOut()
    if globs:
        return HoldOut(_matching([name for name, _ in ordered], globs))
    name, seconds = max(ordered, key=lambda clip: clip[1])
    if len(ordered) == 1 or seconds > DOMINANT_SHARE * sum(length for _, length in ordered):
        return _tail(name, seconds, crop_seconds, alone=len(ordered) == 1)
    if len(ordered) < EVERY:
        return HoldOut((ordered[-1][0],))
    return HoldOut(tuple(name for name, _ in ordered[REMAINDER::EVERY]))


def split_tail(length: int, crop: int) -> tuple[int, int]:
    """Split a clip of `length` samples whose tail is held out.

    Returns:
        Where training ends, and where, a gap of one crop later, the held-out tail starts.
    """
    tail = length - int(length * TAIL_SHARE)
    return max(1, tail - crop), tail


def _tail(name: str, seconds: float, crop_seconds: float, *, alone: bool) -> HoldOut:
    """Hold out a clip's tail if at least one crop is left to train on."""
    why = "is the only clip" if alone else "is over half of all seconds"
    tail = seconds * TAIL_SHARE
    if seconds - tail - crop_seconds < crop_seconds or tail < SHORTEST_SECONDS:
        return HoldOut(note=f"{name} {why} and too short to part: none is held out.")
    note = f"{name} {why}: its last {tail:.1f} s are held out, after a gap of {crop_seconds:g} s."
    return HoldOut((name,), tail=True, note=note)


def _matching(names: list[str], globs: Sequence[str]) -> tuple[str, ...]:
    """Collect the names that globs match; each must match something, and not all everything."""
    held: set[str] = set()
    for glob in globs:
        matched = {
            name
            for name in names
            if fnmatchcase(name, glob) or fnmatchcase(name.rpartition("/")[2], glob)
        }
        if not matched:
            shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
            raise ConfigError(
                f"--hold-out {glob} matches none of {len(names)} clips ({shown}).",
                "Quote it, and match names relative to the folder of sounds.",
            )
        held |= matched
    if len(held) == len(names):
        raise ConfigError(
            f"--hold-out {' '.join(globs)} matches all of {len(names)} clips.",
            "Match fewer: some must be left to train on.",
        )
    return tuple(name for name in names if name in held)
