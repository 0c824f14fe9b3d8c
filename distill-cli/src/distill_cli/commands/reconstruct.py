"""`distill reconstruct`: sounds sent through a model."""

from __future__ import annotations

from pathlib import Path

import click
from distill_core.errors import AudioError, PartialError

from .. import arguments
from ..screen import current, seconds


@click.command("reconstruct")
@arguments.together(
    arguments.model,
    click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option(
        "-o",
        "--out",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
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
    from distill_core.audio.sound import Sound
    from distill_core.device import set_threads
    from distill_core.generating.export import free_path
    from distill_core.loading import load

    screen = current()
    set_threads(threads)
    loaded = load(model, device=device)
    out.mkdir(parents=True, exist_ok=True)
    done, failed = [], []
    for file in files:
        try:
            again = loaded.reconstruct(Sound.read(file))
        except (AudioError, FileNotFoundError) as error:
            reason = "there is no such file" if isinstance(error, OSError) else str(error)
            failed.append({"path": str(file), "reason": reason})
            screen.warn(f"{file}: {reason}")
            continue
        path = free_path(out, file.stem, "wav")
        again.save(path)
        done.append({"path": str(file), "out": str(path), "seconds": round(again.seconds, 6)})
        if not as_json:
            screen.text(f"{path}  {seconds(again.seconds)}")
    if as_json:
        screen.data({"files": done, "failed": failed})
    if failed and done:
        raise PartialError(f"{len(failed)} of {len(files)} files could not be reconstructed.")
    if failed:
        raise AudioError("None of the files could be reconstructed.")
