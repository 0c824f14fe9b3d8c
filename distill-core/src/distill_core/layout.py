"""Where the tensors of a model file lie: every one checked before anything is allocated."""

from __future__ import annotations

import math
from typing import Any

from attrs import frozen

MOST_TENSORS = 10_000  # ours have hundreds
MOST_DIMENSIONS = 16
LARGEST = 1 << 48  # bytes; also what a tensor without elements may span, as torch counts in 63 bits
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


def lay_out(entries: dict[str, Any], data_start: int, available: int) -> dict[str, TensorPlace]:
    """Check every tensor's entry; together they must fill the data without gap or overlap.

    Args:
        entries: the header's, by tensor name.
        data_start: where in the file the data begins.
        available: bytes of data.

    Raises:
        ValueError: what is wrong, for a message.
    """
    if len(entries) > MOST_TENSORS:
        raise ValueError(f"it claims {len(entries)} tensors")
    places = {name: _place(name, entry, data_start) for name, entry in entries.items()}
    reached = 0
    for place in sorted(places.values(), key=lambda each: (each.start, each.end)):
        if place.start != reached:
            raise ValueError("its tensors overlap or leave gaps")
        reached = place.end
    if reached != available:
        raise ValueError(f"its tensors take {reached} bytes and it holds {available}")
    return places


def _place(name: str, entry: Any, data_start: int) -> TensorPlace:
    called = f"tensor {name[:80]!r}"
    if not all(name.partition(".")):
        raise ValueError(f"{called} belongs to no part")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{called} is not described as one")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in WIDTHS:
        raise ValueError(f"{called} has an unknown element type")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise ValueError(f"{called} has an impossible shape or place")
    width = WIDTHS[dtype]
    if math.prod(max(1, length) for length in shape) * width > LARGEST:
        raise ValueError(f"{called} has an impossible shape")
    if offsets[1] - offsets[0] != math.prod(shape) * width:
        raise ValueError(f"{called} has a shape that does not fit its bytes")
    if (data_start + offsets[0]) % width:
        raise ValueError(f"{called} is not aligned to its elements")
    return TensorPlace(dtype, tuple(shape), offsets[0], offsets[1])


def _are_counts(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= MOST_DIMENSIONS
        and all(type(value) is int and 0 <= value < LARGEST for value in values)
    )
