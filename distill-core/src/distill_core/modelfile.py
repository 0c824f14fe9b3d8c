"""Read and write model files whole: tensors by part, told words, digest; nothing in them runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .atomic import write_atomic
from .errors import ConfigError, ModelFileError
from .header import AGAIN, FORMAT, HAS, REFUSAL, Header, opened, parse_header
from .layout import WIDTHS
from .strict import dump

if TYPE_CHECKING:
    from torch import Tensor

    Parts = Mapping[str, Mapping[str, Tensor]]

NO_DIGEST = "0" * 64  # what the digest's own characters are read as
DIGEST_KEY = b'"digest":"'  # cannot stand inside a JSON text, where quotes are escaped


@frozen
class ModelFile:
    """A model file in memory, its digest checked: the header, and its bytes."""

    header: Header
    content: bytearray = field(repr=False)

    def part(self, name: str) -> dict[str, Tensor]:
        """Give the tensors of a part by their name within it; they share this object's memory."""
        prefix = name + "."
        return {
            full.removeprefix(prefix): self._tensor(full)
            for full in self.header.tensors
            if full.startswith(prefix)
        }

    def parts(self) -> dict[str, dict[str, Tensor]]:
        """Give every part, also those that no installed backend knows."""
        return {name: self.part(name) for name in self.header.parts}

    def _tensor(self, full: str) -> Tensor:
        import torch

        place = self.header.tensors[full]
        dtype = _dtypes()[place.dtype]
        count = (place.end - place.start) // WIDTHS[place.dtype]
        if count == 0:
            return torch.empty(place.shape, dtype=dtype)
        start = self.header.data_start + place.start
        if dtype == torch.bool and max(self.content[start : start + count]) > 1:
            raise ModelFileError(f"{self.header.path}: {full[:80]!r} is neither true nor false.")
        flat = torch.frombuffer(self.content, dtype=dtype, count=count, offset=start)
        return flat.reshape(place.shape)


def read_model_file(path: Path) -> ModelFile:
    """Read a model file whole and check its digest.

    Raises:
        ModelFileError: it is no Distill model, is cut or damaged, or cannot say what it is.
        ConfigError: there is no such file.
    """
    with opened(path) as (file, size):
        header = parse_header(file, path, size)
        content = _room(path, size)
        file.seek(0)
        got = file.readinto(content)
    if got != size:
        raise ModelFileError(f"{path} changed while it was read.")
    told = header.told.get("digest")
    if told is None or "config" not in header.told:
        raise ModelFileError(f"{path}: {REFUSAL}")
    at = _digest_at(content, header.data_start)
    if at is None or told != digest(content, at):
        raise ModelFileError(f"{path} is damaged: its content does not match its digest.", AGAIN)
    return ModelFile(header, content)


def _room(path: Path, size: int) -> bytearray:
    """Take memory for a file, which a stranger may have made as long as he liked."""
    try:
        return bytearray(size)
    except MemoryError as error:
        raise ModelFileError(
            f"{path} takes {size / 1e9:.1f} GB, more than there is memory."
        ) from error


def digest(content: bytes | bytearray, at: int) -> str:
    """Give the SHA-256 of a model file with the digest's own characters, `at`, read as zeros."""
    view = memoryview(content)
    hasher = hashlib.sha256(view[:at])
    hasher.update(NO_DIGEST.encode())
    hasher.update(view[at + len(NO_DIGEST) :])
    return hasher.hexdigest()


def _digest_at(content: bytes | bytearray, data_start: int) -> int | None:
    """Say where in a file the digest's characters begin, if it has a place for them."""
    found = content.find(DIGEST_KEY, 0, data_start)
    return None if found < 0 else found + len(DIGEST_KEY)


def write_model_file(path: Path, told: Mapping[str, str], parts: Parts) -> None:
    """Write a model file atomically: equal words and tensors give equal bytes.

    Args:
        path: where; an existing file is replaced whole.
        told: the header's words; `format` and `digest` are added.
        parts: tensors by part and name.

    Raises:
        ModelFileError: nobody could read it again: it has too many words or tensors.
        OSError: the disk is full or the folder may not be written.
    """
    content = encode(dict(told) | {"format": FORMAT, "digest": NO_DIGEST}, parts)
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        parse_header(BytesIO(content[:start]), path, len(content))
    except ModelFileError as error:
        raise ModelFileError(f"Nobody could read what would be written: {error.message}") from error
    at = _digest_at(content, start)
    assert at is not None  # it was just written
    content[at : at + len(NO_DIGEST)] = digest(content, at).encode()
    write_atomic(path, bytes(content))


def encode(told: Mapping[str, str], parts: Parts) -> bytearray:
    """Lay out a safetensors file: told words sorted, tensors by falling width, then name."""
    names = {dtype: name for name, dtype in _dtypes().items()}
    tensors = [
        (f"{part}.{name}", names[tensor.dtype], tensor)
        for part, members in parts.items()
        for name, tensor in members.items()
    ]
    tensors.sort(key=lambda each: (-WIDTHS[each[1]], each[0]))
    entries: dict[str, Any] = {"__metadata__": dict(sorted(told.items()))}
    data = bytearray()
    for name, dtype, tensor in tensors:
        start = len(data)
        data += raw_bytes(tensor)
        entries[name] = {
            "dtype": dtype,
            "shape": list(tensor.shape),
            "data_offsets": [start, len(data)],
        }
    words = json.dumps(entries, separators=(",", ":"), ensure_ascii=False)
    text = words.encode(errors="replace")  # a folder's name may hold what is no character
    text += b" " * (-len(text) % 8)  # safetensors aligns the data to 8 bytes
    return bytearray(len(text).to_bytes(8, "little") + text) + data


def replace_part(
    path: Path,
    name: str,
    tensors: Mapping[str, Tensor],
    record: dict[str, Any],
    extras: Any,
    on: str | None = None,
) -> None:
    """Add a companion to a model file or replace it, keeping every other part bit for bit.

    Args:
        path: the model file, rewritten atomically.
        name: the companion's, which is its part's.
        tensors: its weights.
        record: what `companions` says of it (version, backend, config, training).
        extras: what it learnt only after training, or None.
        on: the id of the model it was trained on; another one is not touched.

    Raises:
        ConfigError: the file holds another model by now.
        ModelFileError: it is damaged.
    """
    old = read_model_file(path)
    if on is not None and old.header.id != on:
        raise ConfigError(f"{path} was replaced by another model while {name} was trained on it.")
    told = dict(old.header.told)
    companions = old.header.companions | {name: record}
    kept = {part: known for part, known in old.header.extras.items() if part != name}
    told |= {
        HAS + name: "true",
        "companions": dump(companions),
        "extras": dump(kept | ({name: extras} if extras is not None else {})),
    }
    parts = {part: found for part, found in old.parts().items() if part != name}
    write_model_file(path, told, parts | {name: dict(tensors)})


def replace_words(file: ModelFile, words: Mapping[str, str]) -> None:
    """Write a model file again, atomically, with some words of its header changed.

    Every other word and every part stays bit for bit, also those that nobody here knows.

    Raises:
        ModelFileError: nobody could read it again: it has too many words.
        OSError: the disk is full or the file may not be written.
    """
    write_model_file(file.header.path, {**file.header.told, **words}, file.parts())


def mismatch(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str | None:
    """Say which tensor is missing, one too many, or of another type or shape; None where none is.

    Neither side's elements are looked at, so that tensors on torch's meta device will do.
    """
    kinds = [{name: _kind(tensor) for name, tensor in each.items()} for each in (wanted, found)]
    odd = sorted(name for name in wanted.keys() | found if kinds[0].get(name) != kinds[1].get(name))
    if not odd:
        return None
    there, right = (each.get(odd[0], "nothing") for each in reversed(kinds))
    return f"{odd[0][:80]}: {there} for {right}"


def _kind(tensor: Tensor) -> str:
    """Say what a tensor's elements are, and its shape: "float32 [3, 256]"."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def unstorable(tensors: Mapping[str, Any]) -> str | None:
    """Say what no model file can hold, or None: "z is complex64"."""
    import torch

    known = set(_dtypes().values())
    for name, value in tensors.items():
        if not isinstance(value, torch.Tensor):
            return f"{name} is a {type(value).__name__}"
        if value.dtype not in known:
            return f"{name} is {str(value.dtype).removeprefix('torch.')}"
    return None


def raw_bytes(tensor: Tensor) -> bytes:
    """Give a tensor's elements as little-endian bytes."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def _dtypes() -> dict[str, Any]:
    """Map safetensors' element types to torch's."""
    import torch

    return {
        "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
        "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "F32": torch.float32,
        "I64": torch.int64, "F64": torch.float64,
    }  # fmt: skip
