"""Read the header of a model file: what it is, without what it weighs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, Any

from attrs import frozen

from .errors import ConfigError, ModelFileError
from .strict import parse_table

FORMAT = "distill"
SUFFIX = ".distill"
LONGEST = 1 << 20  # bytes; ours are a few kB, and a longer one is an attack or a mistake
MOST_TENSORS = 10_000  # ours have hundreds
PICKLED = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # zip, pickle 2–5
REFUSAL = "Incompatible model format. Please retrain with current version."
HAS = "has_"  # `has_<companion>` = "true" marks a file that carries one
# safetensors' names of element types, and their bytes
WIDTHS = {
    "BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "F16": 2, "BF16": 2, "I32": 4, "F32": 4,
    "I64": 8, "F64": 8,
}  # fmt: skip


@frozen
class TensorPlace:
    """Where one tensor lies: element type, shape, first and last byte from the data's start."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@frozen
class Header:
    """The words a model file carries about itself, and where its tensors lie."""

    path: Path
    told: dict[str, str]
    tensors: dict[str, TensorPlace]
    data_start: int
    size: int

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
        """Give the model's name for people."""
        return self.told.get("name") or self.path.stem

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
        try:
            return parse_table(self.told.get(key, "{}"))
        except ValueError as error:
            raise ModelFileError(f"{self.path} has a damaged header: {key}: {error}.") from error

    def _number(self, key: str) -> int | None:
        text = self.told.get(key)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ModelFileError(f"{self.path} has a damaged header: {key} is {text!r}.")
        return int(text)


def read_header(path: Path) -> Header:
    """Read only the first bytes of a model file; torch is not needed.

    Raises:
        ModelFileError: it is not a Distill model, or its header is damaged.
        ConfigError: there is no such file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return parse_header(file, path, size)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(f"There is no model file {path}.") from error


def parse_header(file: IO[bytes], path: Path, size: int) -> Header:
    """Read the header from an open file of `size` bytes, leaving it at the start of the data."""
    first = file.read(8)
    try:
        if len(first) < 8:
            raise ValueError(f"it has only {size} bytes")
        length = int.from_bytes(first, "little")
        if length > min(LONGEST, size - 8):
            raise ValueError(f"its header claims {length} bytes")
        entries = parse_table(file.read(length).decode("utf-8"))
        told = entries.pop("__metadata__", {})
        if not isinstance(told, dict) or not all(isinstance(word, str) for word in told.values()):
            raise ValueError("its metadata is not a table of texts")
        if told.get("format") != FORMAT:
            raise ValueError("its header does not say that it is one")
        tensors = _places(entries, size - 8 - length)
    except ValueError as error:
        if first.startswith(PICKLED):  # only now: a sound header may be 0x280 bytes long, too
            raise ModelFileError(f"{path}: {REFUSAL}") from error
        raise ModelFileError(f"{path} is not a Distill model: {error}.") from error
    return Header(path, told, tensors, 8 + length, size)


def _places(entries: dict[str, Any], available: int) -> dict[str, TensorPlace]:
    """Check every tensor's entry; together they must fill the data without gap or overlap."""
    if len(entries) > MOST_TENSORS:
        raise ValueError(f"it claims {len(entries)} tensors")
    places = {name: _place(name, entry) for name, entry in entries.items()}
    reached = 0
    for place in sorted(places.values(), key=lambda each: (each.start, each.end)):
        if place.start != reached:
            raise ValueError("its tensors overlap or leave gaps")
        reached = place.end
    if reached != available:
        raise ValueError(f"its tensors take {reached} bytes and it holds {available}")
    return places


def _place(name: str, entry: Any) -> TensorPlace:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"tensor {name[:80]!r} is not described as one")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in WIDTHS:
        raise ValueError(f"tensor {name[:80]!r} has an unknown element type")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"tensor {name[:80]!r} has an impossible shape or place")
    if offsets[1] - offsets[0] != math.prod(shape) * WIDTHS[dtype]:
        raise ValueError(f"tensor {name[:80]!r} has a shape that does not fit its bytes")
    return TensorPlace(dtype, tuple(shape), offsets[0], offsets[1])


def _are_counts(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= 16
        and all(type(value) is int and 0 <= value < 1 << 48 for value in values)
    )
