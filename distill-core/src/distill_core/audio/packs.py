"""Write the synthetic sound pack of `distill demo`: seeded, small, free of any licence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import ConfigError
from .sound import Sound
from .synthesis import RATE
from .voices import VOICES

SOUNDS = 72  # twelve of each family
QUIETEST, LOUDEST = -9.0, -1.0  # dBFS, peak: sounds of a real folder differ in level, too
STREAM = 0x7061636B  # keeps these draws apart from others made of the same seed


def write_pack(
    folder: str | Path, seed: int = 0, count: int = SOUNDS, *, replace: bool = False
) -> list[Path]:
    """Write kicks, snares, hats, bells, plucks and pads, 48 kHz, 24 bits, 0.1 to 3 s.

    The same seed gives the same bytes; a larger count only adds. They are material to train on, so
    nothing beside them says synthetic.

    Args:
        folder: made if need be.
        seed: of the whole pack.
        count: sounds in all, shared evenly among the families.
        replace: write over sounds of the same names.

    Returns:
        The files, by family and number.

    Raises:
        ConfigError: the folder is a file, has sounds of these names, or the count is not positive.
        OSError: the disk is full or the folder may not be written.
    """
    folder = Path(folder)
    if count < 1:
        raise ConfigError(f"A pack has at least one sound, not {count}.")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file.", "Name a folder to write the sounds to.")
    names = _names(count)
    taken = [name for name, _, _ in names if (folder / name).exists()]
    if taken and not replace:
        raise ConfigError(
            f"{folder} already has {taken[0]}{_others(len(taken) - 1)}.",
            "Name another folder, or replace them with --force.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, family, number in names:
        synthesise(family, seed, number).save(folder / name)
        paths.append(folder / name)
    return paths


def synthesise(family: str, seed: int, number: int) -> Sound:
    """Make one sound of a family (see `voices.VOICES`), always the same for the same arguments."""
    kind = list(VOICES).index(family)
    entropy = np.random.SeedSequence((STREAM, seed % 2**64, kind, number))
    rng = np.random.Generator(np.random.PCG64(entropy))
    wave = VOICES[family](rng)
    peak = 10 ** (rng.uniform(QUIETEST, LOUDEST) / 20)
    return Sound(np.atleast_2d(wave) * (peak / np.abs(wave).max()), RATE)


def _names(count: int) -> list[tuple[str, str, int]]:
    """Share the count among the families: file name, family, number from 1."""
    shares = [count // len(VOICES) + (at < count % len(VOICES)) for at in range(len(VOICES))]
    return [
        (f"{family}_{number:02d}.wav", family, number)
        for family, share in zip(VOICES, shares, strict=True)
        for number in range(1, share + 1)
    ]


def _others(count: int) -> str:
    """Say how many more there are, if any."""
    return f" and {count} more of the pack's names" if count else ""
