"""Bend model files as accidents and strangers do; each bend follows from its number alone."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ZEROS = "0" * 64
TABLES = ("config", "training", "companions", "extras", "presets", "checkpoint")
# JSON that `json.dumps` does not write: each stands for itself where its name was put
RAW = {
    "@endless@": "1e999", "@nan@": "NaN", "@digits@": "7" * 100_000, "@minus@": "-Infinity",
    "@deep@": "[" * 900 + "]" * 900, "@deeper@": "[" * 200_000, "@twice@": '{"a":1,"a":2}',
    "@half@": r'"\ud800"', "@nothing@": "",
}  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2, 9, 0.5, -0.0, 1e308, 10**9, 2**31, 2**63, 10**400, "", "x", "1",
    "\0", "\x1b[2J", "a\nb", "é" * 40, "9" * 5000, [], {}, [1], [[]], {"a": 1}, {"": {}}, [None],
    *RAW,
]  # fmt: skip
KEYS = ["", "x", "version", "config", "prior", "vqvae", "a\0b", "training", "hidden_sise", "é"]


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Give a file's header and its data."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: dict[str, Any], data: bytes) -> bytes:
    """Make a file of a header and data, with a digest that is right."""
    if isinstance(header.get("__metadata__"), dict) and "digest" in header["__metadata__"]:
        header["__metadata__"]["digest"] = ZEROS
    return sealed(written(header).encode(), data)


def sealed(text: bytes, data: bytes) -> bytes:
    """Make a file of a header's text, aligned, with a digest that is right where it has a place."""
    text += b" " * (-len(text) % 8)
    content = len(text).to_bytes(8, "little") + text + data
    place = content.find(b'"digest":"' + ZEROS.encode())
    if place < 0:
        return content
    digest = hashlib.sha256(content).hexdigest().encode()
    return content[: place + 10] + digest + content[place + 10 + len(ZEROS) :]


def written(value: Any) -> str:
    """Write JSON with what is no JSON in it."""
    text = json.dumps(value, separators=(",", ":"))
    return re.sub(r'"(@\w+@)"', lambda found: RAW.get(found[1], found[0]), text)


def put(path: Path, content: bytes) -> None:
    """Overwrite a file in place: emptying it first, tens of thousands of times, takes minutes."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


def damaged(content: bytes, number: int) -> bytes:
    """Change, insert, remove, repeat or swap bytes, or cut the file: the digest stays as it was."""
    rng = random.Random(f"damaged {number}")  # noqa: S311 - no secret
    bent = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place, length = rng.randrange(len(bent)), rng.choice((1, 1, 2, 8, 64))
        match rng.randrange(7):
            case 0:
                bent[place] = rng.randrange(256)
            case 1:
                bent[place : place + length] = rng.randbytes(length)
            case 2:
                bent[place:place] = rng.randbytes(length)
            case 3:
                del bent[place : place + length]
            case 4:
                bent[place:place] = bent[place : place + length]
            case 5:
                there = rng.randrange(len(bent))
                one, other = bent[place : place + length], bent[there : there + length]
                bent[place : place + length], bent[there : there + length] = other, one
            case 6:
                del bent[place:]
        if not bent:
            break
    return bytes(bent)


def crafted(content: bytes, number: int) -> bytes:
    """Change what the header says, or the data, and put the right digest: the stranger's way."""
    rng = random.Random(f"crafted {number}")  # noqa: S311 - no secret
    header, data = split(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        way = rng.choice((_word, _table, _table, _table, _tensor, _tensor, _data))
        data = way(header, data, rng)
        if rng.random() < 0.05:
            return _text(header, data, rng)
    return joined(header, data)


def _word(header: dict[str, Any], data: bytes, rng: random.Random) -> bytes:
    """Change, add or remove one of the header's words."""
    told = header["__metadata__"]
    if not isinstance(told, dict) or rng.random() < 0.02:
        header["__metadata__"] = rng.choice(ODD)
        return data
    key = rng.choice([*told, *KEYS])
    match rng.randrange(4):
        case 0:
            told.pop(key, None)
        case 1:
            told[key] = rng.choice(ODD)
        case _:
            told[key] = written(rng.choice(ODD)) if rng.random() < 0.7 else str(rng.choice(ODD))
    return data


def _table(header: dict[str, Any], data: bytes, rng: random.Random) -> bytes:
    """Change something somewhere in one of the header's tables."""
    told = header["__metadata__"]
    names = [name for name in TABLES if isinstance(told, dict) and name in told]
    try:
        name = rng.choice(names)
        table = json.loads(told[name])
    except (IndexError, ValueError, TypeError, RecursionError):  # bent before
        return data
    told[name] = written(_changed(table, rng))
    return data


def _changed(value: Any, rng: random.Random) -> Any:
    """Change a value, or something inside it."""
    inside = isinstance(value, dict | list) and value and rng.random() < 0.85
    if not inside:
        if isinstance(value, dict) and rng.random() < 0.5:
            return value | {rng.choice(KEYS): rng.choice(ODD)}
        if type(value) is int and abs(value) < 2**63 and rng.random() < 0.5:
            return rng.choice((value + 1, value - 1, value * 2, value // 2, float(value)))
        return rng.choice(ODD)
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    if rng.random() < 0.1:
        del value[key]
    else:
        value[key] = _changed(value[key], rng)
    return value


def _tensor(header: dict[str, Any], data: bytes, rng: random.Random) -> bytes:
    """Change a tensor's entry, drop it, rename it, or give its bytes another shape."""
    names = [name for name in header if name != "__metadata__"]
    if not names:
        return data
    name = rng.choice(names)
    entry = header[name]
    if not isinstance(entry, dict) or rng.random() < 0.05:
        header[name] = rng.choice(ODD)
        return data
    if rng.random() < 0.2:
        del header[name]
        if rng.random() < 0.7:
            header[rng.choice((*KEYS, name + "x", "vqvae." + name, name[1:], "."))] = entry
        return data
    key = rng.choice(("dtype", "shape", "data_offsets", "more"))
    sizes = [0, 1, 2, 3, 2**31, 2**47, 2**48, 2**63, 10**30, -1]
    choices: dict[str, Callable[[], Any]] = {
        "dtype": lambda: rng.choice(
            ("F32", "I32", "F16", "BF16", "U8", "BOOL", "F64", "I64", "F8")
        ),
        "shape": lambda: _reshaped(entry.get("shape"), sizes, rng),
        "data_offsets": lambda: [rng.choice((*sizes, len(data))) for _ in range(2)],
        "more": lambda: rng.choice(ODD),
    }
    entry[key] = choices[key]() if rng.random() < 0.9 else rng.choice(ODD)
    return data


def _reshaped(shape: Any, sizes: list[int], rng: random.Random) -> Any:
    """Give a shape of as many elements, or of any number."""
    if isinstance(shape, list) and rng.random() < 0.7:
        return rng.choice((shape[::-1], [*shape, 1], [1, *shape], shape[:-1]))
    return [rng.choice(sizes) for _ in range(rng.choice((0, 1, 2, 3, 17)))]


def _data(header: dict[str, Any], data: bytes, rng: random.Random) -> bytes:
    """Change the weights: random bytes, NaN, ones everywhere."""
    bent = bytearray(data)
    for _ in range(rng.choice((1, 10, 100))):
        place = rng.randrange(len(bent)) if bent else 0
        bent[place : place + 4] = rng.choice((rng.randbytes(4), b"\xff" * 4, b"\0\0\xc0\x7f"))
    return bytes(bent[: len(data)])


def _text(header: dict[str, Any], data: bytes, rng: random.Random) -> bytes:
    """Change a character of the header's text, with the right digest all the same."""
    told = header.get("__metadata__")
    if isinstance(told, dict) and "digest" in told:
        told["digest"] = ZEROS
    text = bytearray(written(header).encode())
    place = rng.randrange(len(text))
    text[place : place + rng.choice((0, 1, 2))] = rng.choice((b"", b'"', b",", b"{", b"]", b"\xff"))
    return sealed(bytes(text), data)
