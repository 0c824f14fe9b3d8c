"""`distill morph`: the sounds between two sounds, by a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from distill_core.errors import AudioError, ConfigError, DistillError, PartialError, StorageError

from .. import arguments, values
from ..command import Command
from ..screen import Screen, beyond_full_scale, current, seconds

FEWEST, MOST, USUAL = 2, 1000, 8  # steps
LONGEST_STEM = 80  # bytes of a sound's name in a morph's
SOUND = values.Place(path_type=Path)


@click.command("morph", cls=Command)
@arguments.together(
    arguments.model,
    click.argument("start", metavar="A", type=SOUND),
    click.argument("end", metavar="B", type=SOUND),
    values.option(
        "--steps",
        type=click.IntRange(FEWEST, MOST),
        default=USUAL,
        show_default=True,
        help="How many sounds, both ends included.",
    ),
    arguments.out,
    arguments.device,
    arguments.threads,
    arguments.as_json,
)
def command(
    model: str, start: Path, end: Path, steps: int, out: Path, as_json: bool, **told: Any
) -> None:
    """Go from the sound A to the sound B in equal steps through MODEL, as 24-bit WAV.

    The first and the last are what MODEL makes of A and B; the length goes with the steps. Each has
    a recipe beside it, which says that it is synthetic.
    """
    from distill_core.device import set_threads
    from distill_core.generating.export import file_stem
    from distill_core.generating.morphing import morph_between
    from distill_core.loading import load

    set_threads(told["threads"])
    loaded = load(model, device=told["device"])
    sounds = morph_between(loaded, _read(start), _read(end), steps)
    stems = [file_stem(each.stem, LONGEST_STEM) for each in (start, end)]
    between = {"start": start.name, "end": end.name, "steps": steps}
    _write(_written(loaded, sounds, out, "-to-".join(stems), between), steps, as_json, current())


def _read(file: Path) -> Any:
    """Read one of the two sounds.

    Raises:
        ConfigError: there is no such file.
        AudioError: it is a folder, or no usable sound.
    """
    from distill_core.audio.sound import Sound

    if file.is_dir():
        raise AudioError(f"{file} is a folder.", "Name a sound in it.")
    try:
        sound = Sound.read(file)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no sound {file}.") from error
    if not sound.samples.shape[1]:
        raise AudioError(f"{file} holds no sound.")
    return sound


def _written(
    loaded: Any, sounds: Any, out: Path, stem: str, between: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Write each sound when it is made, under a name that is free; tell of it as JSON does."""
    from distill_core.generating.export import Encoding, reserved, write_synthetic
    from distill_core.generating.recipe import origin

    made = origin(loaded, [loaded.host])
    digits = max(2, len(str(between["steps"])))
    for number, each in enumerate(sounds, 1):
        out.mkdir(parents=True, exist_ok=True)
        recipe = made | {"morph": between | {"amount": each.amount}}
        with reserved(out, f"{stem}-{number:0{digits}}", "wav") as path:
            write_synthetic(each.audio, recipe, loaded.header.path, path, Encoding())
        yield {
            "path": str(path), "sidecar": str(path.with_suffix(".json")), "amount": each.amount,
            "seconds": round(each.audio.seconds, 6), "sample_rate": each.audio.sample_rate,
            "channels": each.audio.channels, "clipped": each.clipped,
        }  # fmt: skip


def _write(written: Iterator[dict[str, Any]], steps: int, as_json: bool, screen: Screen) -> None:
    """Tell of the sounds as they are written; a late failure undoes none."""
    rows, failed = [], None
    try:
        for row in written:
            rows.append(row)
            if row["clipped"]:
                screen.warn(beyond_full_scale(row["path"], row["clipped"]))
            if not as_json:
                screen.text(f"{row['path']}  {seconds(row['seconds'])}")
    except (DistillError, OSError) as error:
        if not rows:
            raise
        failed = StorageError.of(error) if isinstance(error, OSError) else error
    if as_json:
        screen.data({"sounds": rows})
    if failed is not None:
        raise PartialError(f"{len(rows)} of {steps} sounds were made, then: {failed}")
