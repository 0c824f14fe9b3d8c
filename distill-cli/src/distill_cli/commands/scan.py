"""`distill scan`: what is in a folder of sounds, and what would be done with each file."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from distill_core.errors import DatasetError

from .. import arguments
from ..command import Command
from ..progress import progress
from ..screen import counted, current, seconds

SHOWN = 20  # skipped files on the screen; --json has all


@click.command("scan", cls=Command)
@arguments.together(arguments.data, arguments.hold_out, arguments.as_json)
def command(data: tuple[Path, ...], hold_out: tuple[str, ...], as_json: bool) -> None:
    """Report what is in DATA (folders, read recursively, or files) and what can be used.

    Every file is decoded once; each one that cannot be used is listed with its reason.
    """
    from distill_core.audio.scan import Report, scan

    screen = current()
    with progress(screen) as show:
        report: Report = scan(data, hold_out=hold_out, progress=show.read)
    if as_json:
        screen.data(report.as_json())
    else:
        _show(report)
    if not report.used:
        raise DatasetError(
            "No file in there can be used.", "Distill reads wav, flac, ogg, mp3 and more."
        )
    if not as_json:
        held = [word for glob in hold_out for word in ("--hold-out", glob)]
        screen.say(f"Next: distill train {shlex.join([*map(str, data), *held])} -o kit.distill")


def _show(report: object) -> None:
    from distill_core.audio.scan import Report

    assert isinstance(report, Report)
    screen = current()
    rates = ", ".join(f"{rate} Hz" for rate in report.sample_rates)
    channels = ", ".join({1: "mono", 2: "stereo"}.get(n, f"{n} channels") for n in report.channels)
    others = counted(report.ignored, "other file")
    screen.text(f"Found      {counted(report.found, 'sound file')} ({others} ignored)")
    told = f": {seconds(report.seconds)} of sound; {rates}; {channels}" if report.used else ""
    screen.text(f"Used       {report.used}{told}")
    screen.text(f"Padded     {report.padded} shorter than half a second, kept whole")
    screen.text(
        f"Held out   {len(report.held_out)}{': ' * bool(report.held_out)}"
        f"{', '.join(report.held_out[:5])}{' …' * (len(report.held_out) > 5)}"
    )
    screen.text(f"Skipped    {len(report.skipped)}")
    for skip in report.skipped[:SHOWN]:
        screen.text(f"  {skip.path}: {skip.reason}")
    if len(report.skipped) > SHOWN:
        screen.text(f"  … and {len(report.skipped) - SHOWN} more (see --json)")
    if report.note:
        screen.say(report.note)
