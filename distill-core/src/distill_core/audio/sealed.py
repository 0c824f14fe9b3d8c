"""Files that end with a few words about themselves and a checksum over everything.

Some data, then JSON, then the length of that JSON and the CRC-32 of all before the CRC (two
little-endian 32-bit numbers). The checksum is against damage, not against an attacker.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import IO, Any

from attrs import frozen

from .pulse import Pulse

FOOTER = struct.Struct("<II")  # length of the JSON, CRC-32
LARGEST_WORDS = 4096  # bytes of JSON
READ_AT_ONCE = 1 << 20


class Sealer:
    """Writes data, then the words with a checksum over everything."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin at the file's start."""
        self._file = file
        self._crc = 0

    def write(self, data: bytes) -> None:
        """Write some data."""
        self._file.write(data)
        self._crc = zlib.crc32(data, self._crc)

    def seal(self, words: dict[str, Any]) -> None:
        """Write the words and the checksum; nothing may follow."""
        told = json.dumps(words).encode()
        self.write(told)
        self._file.write(FOOTER.pack(len(told), self._crc))


@frozen
class Sealed:
    """What a whole file says about itself, and how much data it has."""

    words: dict[str, Any]
    data_bytes: int


def read_sealed(path: Path, pulse: Pulse) -> Sealed | None:
    """Read a file through and compare its checksum; None when it is missing or damaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - FOOTER.size))
            length, crc = FOOTER.unpack(file.read(FOOTER.size))
            before = size - FOOTER.size - length
            if length > LARGEST_WORDS or before < 0 or _crc_of(file, before + length, pulse) != crc:
                return None
            file.seek(before)
            words = json.loads(file.read(length))
    except (OSError, struct.error, ValueError, RecursionError):
        return None
    return Sealed(words, before) if isinstance(words, dict) else None


def _crc_of(file: IO[bytes], length: int, pulse: Pulse) -> int:
    """Sum up the first `length` bytes."""
    file.seek(0)
    crc = 0
    while length > 0:
        data = file.read(min(length, READ_AT_ONCE))
        if not data:
            break
        crc = zlib.crc32(data, crc)
        length -= len(data)
        pulse.beat()
    return crc
