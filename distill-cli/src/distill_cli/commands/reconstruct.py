"""`distill reconstruct`: sounds sent through a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from distill_core.errors import AudioError, ConfigError, PartialError

from .. import arguments, values
from ..command import Command
from ..screen import current, seconds


@click.command("reconstruct", cls=Command)
@arguments.together(
    arguments.model,
    click.argument("files", nargs=-1, required=True, type=values.Place(path_type=Path)),
    values.option(
        "-o",
        "--out",
        required=True,
        type=values.Place(path_type=Path, file_okay=False),
        help="The folder to write to.",
    ),
    arguments.device,
    arguments.threads,
    arguments.as_json,
)
def command(
    model: str, files: tuple[Path, ...], out: Path, device: str, threads: int | None, as_json: bool
) -> None:
    """Send FILES through MODEL and write what comes back, each as long as it was, as 24-bit WAV.

    A file that fails does not end the others; the exit code is then 7.
    """
    from distill_core.device import set_threads
    from distill_core.loading import load

    screen = current()
    set_threads(threads)
    loaded = load(model, device=device)
    done, failed = [], []
    for file in files:
        try:
            path, length = _send_through(loaded, file, out)
        except (AudioError, FileNotFoundError) as error:
            missing = isinstance(error, FileNotFoundError)
            reason = "there is no such file" if missing else str(error)
            failed.append({"path": str(file), "reason": reason})
            screen.warn(f"{file}: {reason}")
            continue
        done.append({"path": str(file), "out": str(path), "seconds": round(length, 6)})
        if not as_json:
            screen.text(f"{path}  {seconds(length)}")
    if as_json and done:
        screen.data({"files": done, "failed": failed})
    if failed and done:
        raise PartialError(f"{len(failed)} of {len(files)} files could not be reconstructed.")
    if failed and not any(Path(each["path"]).exists() for each in failed):
        raise ConfigError("None of these files is there.")
    if failed:
        raise AudioError("None of the files could be reconstructed.")


def _send_through(loaded: Any, file: Path, out: Path) -> tuple[Path, float]:
    """Reconstruct one file; give where it was written, and its seconds."""
    from distill_core.audio.sound import Sound
    from distill_core.generating.export import reserved

    again = loaded.reconstruct(Sound.read(file))
    out.mkdir(parents=True, exist_ok=True)
    with reserved(out, file.stem, "wav") as path:
        again.save(path)
    return path, again.seconds
