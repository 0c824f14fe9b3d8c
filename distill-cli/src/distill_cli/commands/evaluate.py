"""`distill evaluate`: how near a model brings sounds back, how it uses its codes, how fast."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import arguments
from ..command import Command
from ..progress import progress
from ..screen import Screen, counted, current, seconds

if TYPE_CHECKING:
    from distill_core import Evaluation, Model

SHOWN = 3  # names in a line; scan lists all


@click.command("evaluate", cls=Command)
@arguments.together(
    arguments.model, arguments.data, arguments.device, arguments.threads, arguments.as_json
)
def command(
    model: str, data: tuple[Path, ...], device: str, threads: int | None, as_json: bool
) -> None:
    """Measure MODEL on the sounds in DATA that were held out of its training.

    If none of those is in DATA, all of DATA is measured, and that is said: figures of sounds that
    a model was trained on flatter. The codes are those of all of DATA; the speed is this machine's.
    """
    from distill_core.device import set_threads
    from distill_core.evaluating.evaluate import evaluate
    from distill_core.loading import load

    screen = current()
    used = set_threads(threads)
    loaded = load(model, device=device, companions=False)
    with progress(screen) as show:
        found = evaluate(loaded, list(data), progress=show.work)
    _tell_choice(screen, found, data)
    if as_json:
        screen.data(found.as_json())
        return
    screen.text(
        f"{loaded.name}: {loaded.type} {loaded.header.version},"
        f" {counted(len(found.files), 'file')}, {loaded.device}, {counted(used, 'thread')}"
    )
    for heading, figure, meaning in _rows(found):
        screen.text(f"  {heading:20} {figure:>14}   {meaning}".rstrip())
    _tell_next(screen, loaded)


def _tell_choice(screen: Screen, found: Evaluation, data: tuple[Path, ...]) -> None:
    """Say which files were measured, and which could not be."""
    chosen, skipped = found.selection, found.report.skipped
    if skipped:
        screen.warn(
            f"Skipped {len(skipped)} of {found.report.found} files"
            f" ({_some([f'{each.path}: {each.reason}' for each in skipped])})."
            f" See: distill scan {shlex.join(map(str, data))}"
        )
    if not chosen.held_out:
        why = "none of the files that the model was not trained on is in DATA"
        if not chosen.listed:
            why = "the model's header lists no held-out files"
        many = len(chosen.clips)
        every = "The only file is" if many == 1 else f"All {many} files are"
        screen.warn(f"{every} measured: {why}. If it was trained on them, the figures flatter.")
        return
    if chosen.missing:
        screen.warn(
            f"{len(chosen.missing)} of {chosen.listed} held-out files are not in DATA, or cannot be"
            f" used: {_some(list(chosen.missing))}."
        )
    what = f"the {counted(len(chosen.clips), 'file')} held out"
    if chosen.tail:
        what = f"the last {seconds(chosen.clips[0].seconds)} of {chosen.clips[0].name}, held out"
    screen.say(f"Measured {what} of its training.")


def _rows(found: Evaluation) -> list[tuple[str, str, str]]:
    """Give each figure with its unit and what is good; what the type does not have is left out."""
    rows = [
        ("Mel distance", f"{found.mel_distance:.3f}",
         "lower is better; 1.4: as two white noises of one level"),
        ("Band-energy error", f"{found.band_energy_error:.2f} dB",
         "lower is better; 0.8: as two white noises of one level"),
    ]  # fmt: skip
    if found.waveform_match is not None and found.si_sdr is not None:
        rows += [
            ("Waveform match", f"{found.waveform_match:.2f} dB",
             "higher is better; 0: another waveform, which may sound alike"),
            ("SI-SDR", f"{found.si_sdr:.1f} dB", "higher is better; the files' median"),
        ]  # fmt: skip
    if found.bitrate is not None:
        rows.append(("Bitrate", f"{found.bitrate / 1000:.2f} kbit/s", "of the codes"))
    if found.bitrate_efficiency is not None:
        share = f"{100 * found.bitrate_efficiency:.1f} %"
        rows.append(("Bitrate efficiency", share, "higher is better; what all of DATA uses of it"))
    for book in found.codebooks or ():
        used = f"{100 * book.utilization:.1f} % used"
        told = (
            f"its codes are worth {book.perplexity:.1f} entries used evenly; {book.dead} are dead"
        )
        rows.append((f"Codebook {book.level}", used, told))
    for heading, rtf in (("Encoding", found.encode_rtf), ("Decoding", found.decode_rtf)):
        if rtf is not None:
            rows.append((heading, f"{rtf:.0f} x", "real time, on this machine as it is now"))
    return rows


def _tell_next(screen: Screen, model: Model) -> None:
    """Name what is natural after judging: playing, or training what plays."""
    header, path = model.header, shlex.quote(str(model.header.path))
    players = [each for each in model.registry.companions(model.host.owner.type) if each.plays]
    if model.host.owner.type.plays or any(header.has(each.name) for each in players):
        screen.say(f"Next: distill generate {path}")
    elif players:
        screen.say(f"Next: distill train-{players[0].name} {path} DATA")


def _some(names: list[str]) -> str:
    """Join a few, and count the rest."""
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
