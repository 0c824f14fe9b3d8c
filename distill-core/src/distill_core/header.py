"""Read the header of a model file: what it is, without what it weighs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from attrs import field, frozen

from .errors import ConfigError, ModelFileError, printable
from .layout import MOST_TENSORS, TensorPlace, lay_out
from .strict import parse_table

FORMAT = "distill"
SUFFIX = ".distill"
LONGEST = 1 << 20  # bytes; ours are a few kB, and a longer one is an attack or a mistake
MOST_BRACKETS = 4 * MOST_TENSORS  # three a tensor: more take their time to parse
REFUSAL = "Incompatible model format. Please retrain with current version."
AGAIN = "Get it again."
CHECKPOINT = "checkpoint"  # the word that only a run's checkpoints have (see `training`)
HAS = "has_"  # `has_<companion>` = "true" marks a file that carries one
OPENING = b'{"__metadata__":{'  # how our headers begin
# How begins what torch.save and pickle write: a zip; a pickle of protocol 2 to 5; and of 0 or 1 a
# class by its name, a container, a number or a text.
PICKLED = re.compile(
    rb"PK\x03\x04|\x80[\x02-\x05][^\0]|\(?c[\w.]+\r?\n[\w.]+\r?\n|\([dlt]p\d+\n|\(?[ILF]-?\d"
    rb"|[\]})]q\0|\(K.[KMJGXUIqt(\]}]|\(?X..\0\0|[(\[{\]})N][dlt]?\.\Z|\(*[SV].*\np\d+\n"
    rb"|G[\s\S]{8}\.\Z"
)
JSON = (b"{", b"[", b" ")  # how a header may begin, behind its length
LOOK = 256  # bytes that tell what a file is


@frozen
class Header:
    """The words a model file carries about itself, and where its tensors lie.

    Attributes:
        path: of the file.
        told: every word of its metadata, as text.
        tensors: where each tensor lies, by its full name.
        data_start: where in the file the data begins, in bytes.
        size: of the file, in bytes.
    """

    path: Path
    told: dict[str, str]
    tensors: dict[str, TensorPlace]
    data_start: int
    size: int
    _tables: dict[str, dict[str, Any]] = field(factory=dict, init=False, eq=False, repr=False)

    @property
    def model_type(self) -> str | None:
        """Name the model type, or None when the file does not say (a backend may still know it)."""
        return self.told.get("model_type")

    @property
    def version(self) -> int | None:
        """Give the version of the model type's layout, or None when the file does not say."""
        return self._number("version")

    @property
    def id(self) -> str:
        """Give the file's uuid4, which stays when a companion is added."""
        return self.told.get("id", "")

    @property
    def name(self) -> str:
        """Give the model's name for people: nothing in it moves a terminal or breaks a line."""
        return printable(self.told.get("name") or self.path.stem)

    @property
    def sample_rate(self) -> int | None:
        """Give the model's rate in Hz."""
        return self._number("sample_rate")

    @property
    def channels(self) -> int | None:
        """Give the model's number of channels."""
        return self._number("channels")

    @property
    def config(self) -> dict[str, Any]:
        """Give the settings that rebuild the network."""
        return self.table("config")

    @property
    def training(self) -> dict[str, Any]:
        """Give what is known of the training: config, data, losses, time."""
        return self.table("training")

    @property
    def companions(self) -> dict[str, Any]:
        """Give, by name, what is known of each companion: version, backend, config, training."""
        return self.table("companions")

    @property
    def extras(self) -> dict[str, Any]:
        """Give, by part, what the backend learnt only after training."""
        return self.table("extras")

    @property
    def presets(self) -> dict[str, Any]:
        """Give, by name, the settings saved with the model."""
        return self.table("presets")

    @property
    def parts(self) -> dict[str, dict[str, int]]:
        """Count tensors and bytes by part; a part is what a tensor's name begins with."""
        counted: dict[str, dict[str, int]] = {}
        for name, place in self.tensors.items():
            part = counted.setdefault(name.split(".", 1)[0], {"tensors": 0, "bytes": 0})
            part["tensors"] += 1
            part["bytes"] += place.end - place.start
        return counted

    def has(self, companion: str) -> bool:
        """Say whether the file carries a companion of this name."""
        return self.told.get(HAS + companion) == "true"

    def shapes(self, part: str) -> dict[str, tuple[int, ...]]:
        """Give the shape of each tensor of a part, by its name within the part."""
        prefix = part + "."
        return {
            name.removeprefix(prefix): place.shape
            for name, place in self.tensors.items()
            if name.startswith(prefix)
        }

    def table(self, key: str) -> dict[str, Any]:
        """Parse one of the header's JSON tables (an absent one is empty).

        Raises:
            ModelFileError: it is no table.
        """
        if key not in self._tables:  # parsed once: a stranger's may take its time
            try:
                self._tables[key] = parse_table(self.told.get(key, "{}"))
            except ValueError as error:
                words = f"{self.path} has a damaged header: {key}: {error}."
                raise ModelFileError(words) from error
        return self._tables[key]

    def _number(self, key: str) -> int | None:
        text = self.told.get(key)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ModelFileError(f"{self.path} has a damaged header: {key} is {text[:80]!r}.")
        return int(text)


def read_header(path: Path) -> Header:
    """Read only the first bytes of a model file; torch is not needed.

    Raises:
        ModelFileError: it is not a Distill model, or its header is damaged.
        ConfigError: there is no such file.
    """
    with opened(path) as (file, size):
        header = parse_header(file, path, size)
    check_is_model(header)
    return header


def check_is_model(header: Header) -> None:
    """Refuse a checkpoint, which is kept like a model and is none.

    Raises:
        ModelFileError: it is one.
    """
    if CHECKPOINT in header.told:
        raise ModelFileError(
            f"{header.path} is a checkpoint of a training run, not a model.",
            "Go on with it: distill train --resume RUN.",
        )


@contextmanager
def opened(path: Path) -> Iterator[tuple[BufferedReader, int]]:
    """Open a model file for reading; yield it with its size.

    Raises:
        ConfigError: there is no such file; a pipe, at which one might wait for ever, is none.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileNotFoundError
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(f"There is no model file {path}.") from error
    with file:
        yield file, os.fstat(file.fileno()).st_size


def parse_header(file: IO[bytes], path: Path, size: int) -> Header:
    """Read the header from an open file of `size` bytes, leaving it at the start of the data."""
    length = int.from_bytes(file.read(8), "little")
    try:
        if size < 8:
            raise ValueError(f"it has only {size} bytes")
        if length > min(LONGEST, size - 8):
            raise ValueError(f"its header claims {length} bytes")
        text = file.read(length)
        if text.count(b"[") + text.count(b"{") > MOST_BRACKETS:
            raise ValueError(f"it claims more than {MOST_TENSORS} tensors")
        entries = parse_table(text)
        told = entries.pop("__metadata__", {})
        if not isinstance(told, dict) or not all(isinstance(word, str) for word in told.values()):
            raise ValueError("its metadata is not a table of texts")
    except ValueError as error:
        raise _refused(file, path, error) from error
    if told.get("format") != FORMAT:
        raise ModelFileError(f"{path} is not a Distill model: its header does not say that it is.")
    try:
        places = lay_out(entries, 8 + length, size - 8 - length)
    except ValueError as error:
        raise ModelFileError(f"{path} is cut or damaged: {error}.", AGAIN) from error
    return Header(path, told, places, 8 + length, size)


def _refused(file: IO[bytes], path: Path, error: ValueError) -> ModelFileError:
    """Tell a file without a readable header by how it begins: a pickle, one of ours, or neither."""
    file.seek(0)
    first = file.read(LOOK)
    if PICKLED.match(first):
        return ModelFileError(f"{path}: {REFUSAL}")
    if first[8:].startswith(OPENING):
        return ModelFileError(f"{path} is cut or damaged: {error}.", AGAIN)
    reason = str(error) if first[8:9] in JSON else "it does not begin like one"
    return ModelFileError(f"{path} is not a Distill model: {reason}.", "Give a .distill file.")
