"""`distill reconstruct`: sounds sent through a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from attrs import define, field
from distill_core.errors import AudioError, ConfigError, DistillError, PartialError, StorageError

from .. import arguments, values
from ..command import Command
from ..screen import current, seconds


@click.command("reconstruct", cls=Command)
@arguments.together(
    arguments.model,
    click.argument("files", nargs=-1, required=True, type=values.Place(path_type=Path)),
    arguments.out,
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
    done, failed = [], Failures()
    stopped: StorageError | None = None
    for file in files:
        try:
            again = _send_through(loaded, file)
        except UnusableError as error:
            failed.add(file, error.reason)
            continue
        try:
            path = _write(again, file, out)
        except OSError as error:
            stopped = StorageError.of(error)
            break
        done.append({"path": str(file), "out": str(path), "seconds": round(again.seconds, 6)})
        if not as_json:
            screen.text(f"{path}  {seconds(again.seconds)}")
    if as_json and done:
        screen.data({"files": done, "failed": failed.rows})
    if stopped is not None and done:
        raise PartialError(f"{len(done)} of {len(files)} files were made, then: {stopped}")
    if stopped is not None:
        raise stopped
    if failed.rows and done:
        raise PartialError(f"{len(failed.rows)} of {len(files)} files could not be reconstructed.")
    if failed.rows:
        raise failed.of_all()


class UnusableError(Exception):
    """One file that cannot be sent through; the others can."""

    def __init__(self, reason: DistillError) -> None:
        super().__init__(reason.message)
        self.reason = reason


@define
class Failures:
    """The files that could not be sent through, and why."""

    rows: list[dict[str, str]] = field(factory=list)
    kinds: set[type[DistillError]] = field(factory=set)

    def add(self, file: Path, error: DistillError) -> None:
        """Remember one, and tell it."""
        reason = error.message.removeprefix(f"{file} cannot be read: ").rstrip(".")
        self.rows.append({"path": str(file), "reason": reason})
        self.kinds.add(type(error))
        current().warn(f"{file}: {reason}.")

    def of_all(self) -> DistillError:
        """Say that none is left, by the class of what they failed for where that is one."""
        if self.kinds == {ConfigError}:
            return ConfigError("None of these files is there.")
        kind = self.kinds.pop() if len(self.kinds) == 1 else AudioError
        return kind("None of the files could be reconstructed.")


def _send_through(loaded: Any, file: Path) -> Any:
    """Read a sound and reconstruct it.

    Raises:
        UnusableError: there is no such file, it may not be read, or it is no usable sound.
    """
    from distill_core.audio.sound import Sound

    if file.is_dir():
        raise UnusableError(AudioError(f"it is a folder; name the files in it, as {file}/*"))
    try:
        sound = Sound.read(file)
    except FileNotFoundError as error:
        raise UnusableError(ConfigError("there is no such file")) from error
    except OSError as error:
        raise UnusableError(StorageError(error.strerror or str(error))) from error
    except AudioError as error:
        raise UnusableError(error) from error
    try:
        return loaded.reconstruct(sound)
    except AudioError as error:
        raise UnusableError(error) from error


def _write(again: Any, file: Path, out: Path) -> Path:
    """Write what came back under a name that is free."""
    from distill_core.generating.export import reserved

    out.mkdir(parents=True, exist_ok=True)
    with reserved(out, file.stem, "wav") as path:
        again.save(path)
    return path
