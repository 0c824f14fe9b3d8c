"""The dataset report: what DATA holds, what can be used, what is skipped and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen

from ..errors import AudioError
from .cache import Entry, cached_facts
from .decoding import PADDED_SECONDS, Facts
from .finding import Findings, Found, find
from .holdout import CROP_SECONDS, HoldOut, choose
from .pulse import Pulse, StoppedError

Progress = Callable[[int, int, str], object]  # index from 1, total, name
Opened = list[tuple[Found, Entry]]


@frozen
class Skip:
    """A file that cannot be used, and why."""

    path: str  # its name within DATA
    reason: str


@frozen
class Report:
    """What a scan found; `as_json` is what `distill scan --json` prints."""

    found: int
    used: int
    padded: int
    ignored: int
    skipped: tuple[Skip, ...]
    seconds: float  # of all used clips, held out or not
    sample_rates: tuple[int, ...]  # Hz, distinct, rising
    channels: tuple[int, ...]  # distinct, rising
    held_out: tuple[str, ...]
    note: str | None = None  # how the holding out differs from the ordinary rule

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say in one sentence per skipped file which it is and why; what training tells."""
        return tuple(f"{skip.path} was skipped: {skip.reason}." for skip in self.skipped)

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {
            "found": self.found,
            "used": self.used,
            "padded": self.padded,
            "ignored": self.ignored,
            "skipped": [{"path": skip.path, "reason": skip.reason} for skip in self.skipped],
            "seconds": self.seconds,
            "sample_rates": list(self.sample_rates),
            "channels": list(self.channels),
            "held_out": list(self.held_out),
        }


def scan(
    data: Sequence[str | Path],
    hold_out: Sequence[str] = (),
    crop_seconds: float = CROP_SECONDS,
    progress: Progress | None = None,
) -> Report:
    """Decode every sound of DATA once and report; samples are not kept.

    Args:
        data: folders and files, read recursively.
        hold_out: globs that replace the ordinary rule.
        crop_seconds: the gap before a held-out tail (see `holdout.choose`).
        progress: told (index, total, name) before each file, and again while a long one is read.

    Returns:
        The report, also when no clip can be used.

    Raises:
        ConfigError: DATA does not exist or clashes, or a glob matches no clip or all.
    """
    findings = find(data)
    opened = open_each(findings, cached_facts, progress)
    return summarise(findings, opened, hold_out, crop_seconds)[0]


def open_each(
    findings: Findings, opener: Callable[[Path, Pulse], Entry], progress: Progress | None
) -> Opened:
    """Open the files one after another; what cannot be opened gets facts with a reason.

    Args:
        findings: the files.
        opener: gives a file's entry; beats the pulse while it works.
        progress: told (index, total, name) before each file, and again every half second until it
            is done; what it raises ends the work, and nothing half-written stays.
    """
    opened = []
    for index, found in enumerate(findings.files, 1):
        tell = (
            None if progress is None else partial(progress, index, len(findings.files), found.name)
        )
        if tell is not None:
            tell()
        try:
            entry = (
                _refused(found.reason, found.path)
                if found.reason
                else opener(found.path, Pulse(tell))
            )
        except AudioError as error:
            entry = _refused(error.message, found.path)
        except StoppedError as stopped:
            raise stopped.reason from stopped.reason.__cause__
        opened.append((found, entry))
    return opened


def summarise(
    findings: Findings, opened: Opened, hold_out: Sequence[str], crop_seconds: float
) -> tuple[Report, HoldOut]:
    """Count what was opened and choose what is held out."""
    used = [(found.name, entry.facts) for found, entry in opened if entry.facts.reason is None]
    held = choose([(name, facts.seconds) for name, facts in used], hold_out, crop_seconds)
    report = Report(
        found=len(opened),
        used=len(used),
        padded=sum(facts.seconds < PADDED_SECONDS for _, facts in used),
        ignored=findings.ignored,
        skipped=tuple(
            Skip(found.name, entry.facts.reason) for found, entry in opened if entry.facts.reason
        ),
        seconds=sum((facts.seconds for _, facts in used), 0.0),
        sample_rates=tuple(sorted({facts.sample_rate for _, facts in used})),
        channels=tuple(sorted({facts.channels for _, facts in used})),
        held_out=held.names,
        note=held.note,
    )
    return report, held


def _refused(reason: str, path: Path) -> Entry:
    """Make an entry for a file that was not decoded."""
    return Entry("", Facts(reason=reason), path)
