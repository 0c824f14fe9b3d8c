"""Write takes as sound files, each with its recipe in a tag and beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ..atomic import naming, replacing
from ..audio.writing import encoded
from ..errors import ConfigError
from .recipe import sidecar, tag

if TYPE_CHECKING:
    from ..audio.sound import Sound
    from .take import Take

FORMATS = ("wav", "flac", "ogg", "mp3")
SUBTYPES = {
    ("wav", 16): "PCM_16", ("wav", 24): "PCM_24", ("wav", 32): "PCM_32",
    ("flac", 16): "PCM_16", ("flac", 24): "PCM_24",
    ("ogg", None): "VORBIS", ("mp3", None): "MPEG_LAYER_III",
}  # fmt: skip
DEFAULT_DEPTH = {"wav": 24, "flac": 24, "ogg": None, "mp3": None}
LONGEST_STEM = 120  # bytes of a model's name in a take's
LONGEST_RESERVED = 200  # bytes; number, suffix and a temporary name's ends make it at most 255
KEEPER = "reserved"  # the eight letters of a temporary name that keeps another one free
HIGHEST_OGG_RATE = 192_000  # Hz; beyond it libvorbis ends the process
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
TAGS = (
    "title",
    "artist",
    "album",
    "date",
    "genre",
    "copyright",
)  # what sound files have a place for


@frozen
class Encoding:
    """How a take is written; `bit_depth` is None where the format has none."""

    format: str = "wav"
    bit_depth: int | None = 24
    sample_rate: int | None = None
    meta: Mapping[str, str] = {}

    @classmethod
    def of(
        cls,
        format: str = "wav",
        bit_depth: int | None = None,
        sample_rate: int | None = None,
        meta: Mapping[str, str] | None = None,
    ) -> Encoding:
        """Check that format, depth and rate go together.

        Raises:
            ConfigError: they do not.
        """
        if format not in FORMATS:
            raise ConfigError(f"--format: {format!r} is not one of {', '.join(sorted(FORMATS))}.")
        depth = DEFAULT_DEPTH[format] if bit_depth is None else bit_depth
        if (format, depth) not in SUBTYPES:
            depths = sorted(d for f, d in SUBTYPES if f == format and d is not None)
            can = f"{' or '.join(map(str, depths))}" if depths else "no bit depth"
            raise ConfigError(f"--bit-depth: {format} has {can}, not {depth}.")
        made = cls(format, depth, sample_rate, dict(meta or {}))
        if sample_rate is not None:
            made.check_rate(sample_rate)
        return made

    def check_rate(self, sample_rate: int) -> None:
        """Refuse a rate that the format cannot hold.

        Raises:
            ConfigError: it cannot.
        """
        if self.format == "mp3" and sample_rate not in MP3_RATES:
            rates = ", ".join(map(str, MP3_RATES))
            raise ConfigError(f"--sample-rate: mp3 has {rates} Hz only, not {sample_rate}.")
        if self.format == "ogg" and sample_rate > HIGHEST_OGG_RATE:
            raise ConfigError(f"--sample-rate: ogg has {HIGHEST_OGG_RATE} Hz at most.")


def file_stem(name: str, longest: int = LONGEST_STEM) -> str:
    """Make a name that a stranger may have chosen safe to begin a file's with; at most in bytes."""
    return _cut(re.sub(r"[^\w.+ -]", "_", name), longest).strip(". ") or "take"


@contextmanager
def reserved(folder: Path, stem: str, format: str) -> Iterator[Path]:
    """Reserve a name that is free for a sound and its recipe: stem, stem-1, stem-2 and so on.

    Nobody else gets it meanwhile. Nothing is under the name before a whole file is moved there: a
    hidden file keeps it, which goes with the block (or a day after a kill, as temporary files do).

    Raises:
        OSError: the folder may not be written.
    """
    stem = _cut(stem, LONGEST_RESERVED)
    for number in count():
        path = folder / f"{stem}{f'-{number}' if number else ''}.{format}"
        keeper = folder / f".{path.stem}.{KEEPER}.part"
        if _taken(path):
            continue
        try:
            with naming(path):
                keeper.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            if not _taken(path):  # whoever had the name until now may have used it
                yield path
                return
        finally:
            keeper.unlink(missing_ok=True)


def write_take(take: Take, path: Path, encoding: Encoding) -> Take:
    """Write a take and, beside it, its recipe; give the take as it was written.

    Raises:
        OSError: the disk is full or the folder may not be written.
        ConfigError: the format cannot hold this rate.
    """
    audio, recipe = write_synthetic(take.audio, take.recipe, take.model_path, path, encoding)
    return evolve(take, audio=audio, recipe=recipe)


def write_synthetic(
    audio: Sound, recipe: Mapping[str, Any], model_path: Path, path: Path, encoding: Encoding
) -> tuple[Sound, dict[str, Any]]:
    """Write a sound that a model made and, beside it, its recipe; give both as they were written.

    Both are written before either gets its name, the recipe's first: a sound of ours is never
    without the words that say it is synthetic. Errors as of `write_take`.
    """
    if encoding.sample_rate is not None and encoding.sample_rate != audio.sample_rate:
        audio = audio.to(sample_rate=encoding.sample_rate)
    encoding.check_rate(audio.sample_rate)
    written = {
        "format": encoding.format,
        "bit_depth": encoding.bit_depth,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
    }
    recipe = {**recipe, **written}
    if encoding.meta:
        recipe["meta"] = dict(encoding.meta)
    words = {"comment": tag(recipe)} | {k: v for k, v in encoding.meta.items() if k in TAGS}
    subtype = SUBTYPES[encoding.format, encoding.bit_depth]
    content = encoded(audio.samples, audio.sample_rate, encoding.format.upper(), subtype, words)
    beside = path.with_suffix(".json")
    fresh, before = not beside.exists(), _identity(path)
    try:
        with replacing(path) as sound, replacing(beside) as told:
            sound.write_bytes(content)
            told.write_bytes(sidecar(recipe, path, model_path).encode())
    except BaseException:
        if fresh and _identity(path) == before:
            beside.unlink(missing_ok=True)
        raise
    return audio, recipe


def _taken(path: Path) -> bool:
    """Say whether a sound, or a recipe, has this name already."""
    return os.path.lexists(path) or os.path.lexists(path.with_suffix(".json"))


def _identity(path: Path) -> int | None:
    """Tell one file from another that takes its name."""
    return path.stat().st_ino if path.exists() else None


def _cut(name: str, longest: int) -> str:
    """Shorten a name to so many bytes, at a character's end."""
    whole = os.fsencode(name)
    return name if len(whole) <= longest else whole[:longest].decode("utf-8", "ignore")
