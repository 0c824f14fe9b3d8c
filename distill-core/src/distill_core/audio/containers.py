"""Tell whether a sound file holds all the bytes its own header promises.

libsndfile plays what is left of a cut WAV, AIFF, AU or W64 file without a word, takes a cut Ogg for
a shorter one, and believes the old length of a cut MP3. So the promise is read here, from the
container, before anything is decoded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import BinaryIO

UNKNOWN_LENGTH = 0x7FFFF000  # what sox and ffmpeg write, or more, when they stream and cannot know
MOST_CHUNKS = 10_000  # before the samples; a file with more is an attack or a mistake
W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
OGG_PAGE = 65_307  # bytes of the longest possible page: 27 + 255 + 255 * 255
END_OF_STREAM = 0x04  # flag of the last page of an Ogg stream


def missing_bytes(file: BinaryIO) -> int:
    """Count the bytes that the container promises and the file lacks (0: whole, or nobody can say).

    Args:
        file: open for reading in binary, seekable; its position is moved.

    Returns:
        The number of missing bytes, at least; 1 where only the fact of a cut is known.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    magic = file.read(16)
    for start, examine in READERS:
        if magic.startswith(start):
            try:
                return max(0, examine(file, size))
            except (struct.error, EOFError):
                return 1  # the header itself ends too early
    return 0


def _riff(file: BinaryIO, size: int) -> int:
    """WAV, RIFX and RF64: the chunk named data, whose length RF64 keeps in a chunk named ds64."""
    file.seek(0)
    magic = file.read(12)
    order = ">" if magic[:4] == b"RIFX" else "<"
    if magic[8:] != b"WAVE":
        return 0
    long_length = 0
    for _ in range(MOST_CHUNKS):
        name, length = _fields(f"{order}4sI", file)
        if name == b"ds64":
            long_length = struct.unpack("<QQ", file.read(16))[1]
            length -= 16
        if name == b"data":
            if magic[:4] == b"RF64" and length == 0xFFFFFFFF:
                return file.tell() + long_length - size
            return 0 if length >= UNKNOWN_LENGTH else file.tell() + length - size
        _skip_padded(file, length, size)
    return 0


def _aiff(file: BinaryIO, size: int) -> int:
    """AIFF and AIFF-C: the chunk named SSND."""
    file.seek(8)
    if file.read(4) not in (b"AIFF", b"AIFC"):
        return 0
    for _ in range(MOST_CHUNKS):
        name, length = _fields(">4sI", file)
        if name == b"SSND":
            return 0 if length >= UNKNOWN_LENGTH else file.tell() + length - size
        _skip_padded(file, length, size)
    return 0


def _caf(file: BinaryIO, size: int) -> int:
    """CAF: the chunk named data; its length may be -1, to the end of the file."""
    file.seek(8)
    for _ in range(MOST_CHUNKS):
        name, length = _fields(">4sq", file)
        if name == b"data":
            return file.tell() + length - size
        _skip(file, max(0, length), size)
    return 0


def _w64(file: BinaryIO, size: int) -> int:
    """Sony Wave64: chunk lengths are 64 bits, count their own 24 bytes and are padded to eight."""
    file.seek(40)
    for _ in range(MOST_CHUNKS):
        name, length = _fields("<16sQ", file)
        if name == W64_DATA:
            return file.tell() - 24 + length - size
        _skip(file, max(0, (length + 7) // 8 * 8 - 24), size)
    return 0


def _au(file: BinaryIO, size: int) -> int:
    """Sun AU, in either byte order: the header names the start and the length of the samples."""
    file.seek(0)
    order = "<" if file.read(4) == b"dns." else ">"
    start, length = struct.unpack(f"{order}II", file.read(8))
    return 0 if length >= UNKNOWN_LENGTH else int(start + length - size)


def _ogg(file: BinaryIO, size: int) -> int:
    """Ogg: the last page must be whole and carry the end-of-stream flag."""
    file.seek(max(0, size - 2 * OGG_PAGE))
    tail = file.read()
    start = tail.rfind(b"OggS")
    while start >= 0 and not _is_page(tail[start:]):  # the letters can occur in samples, too
        start = tail.rfind(b"OggS", 0, start)
    if start < 0:
        return 1
    page = tail[start:]
    segments = page[26]
    lacking = 27 + segments + sum(page[27 : 27 + segments]) - len(page)
    return max(lacking, 0) or int(not page[5] & END_OF_STREAM)


def _fields(layout: str, file: BinaryIO) -> tuple[bytes, int]:
    """Read the name and the length of a chunk."""
    name, length = struct.unpack(layout, file.read(struct.calcsize(layout)))
    return bytes(name), int(length)


def _is_page(page: bytes) -> bool:
    """Tell whether the bytes begin like an Ogg page: version 0, known flags, a segment table."""
    return len(page) > 27 and page[4] == 0 and page[5] < 8 and len(page) >= 27 + page[26]


def _skip(file: BinaryIO, length: int, size: int) -> None:
    """Step over a chunk; past the end of the file the samples can no longer come."""
    if length > size - file.tell():
        raise EOFError
    file.seek(length, os.SEEK_CUR)


def _skip_padded(file: BinaryIO, length: int, size: int) -> None:
    """Step over a chunk and the zero that makes its length even, which some writers forget."""
    _skip(file, length, size)
    if length % 2 and file.read(1) not in (b"\0", b""):
        file.seek(-1, os.SEEK_CUR)


def _mp3(file: BinaryIO, size: int) -> int:
    """MP3: see `mpeg`, which walks its frames."""
    from .mpeg import missing_mpeg_bytes

    return missing_mpeg_bytes(file, size)


READERS: tuple[tuple[bytes, Callable[[BinaryIO, int], int]], ...] = (
    (b"RIFF", _riff),
    (b"RIFX", _riff),
    (b"RF64", _riff),
    (b"FORM", _aiff),
    (b"caff", _caf),
    (b"riff", _w64),
    (b".snd", _au),
    (b"dns.", _au),
    (b"OggS", _ogg),
    (b"ID3", _mp3),
    (b"\xff", _mp3),
)
