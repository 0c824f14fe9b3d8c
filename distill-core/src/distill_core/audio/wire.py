"""What Distill and its decoding process say to each other: frames of a kind, a length and bytes.

A request (FACTS or SAMPLES, then the file's path) is answered by OPENED, then any number of BLOCK
and ALIVE, then DONE; or, at any point, by REFUSED or FAILED. Letters: C channels, T samples.
"""

from __future__ import annotations

import struct
from typing import IO, NamedTuple

FACTS = b"f"  # request: decode the file, but send no samples
SAMPLES = b"s"  # request: send them
OPENED = b"o"  # JSON: sample_rate, channels
BLOCK = b"b"  # float32 [C, T_i], as they lie in memory
ALIVE = b"a"  # nothing yet, but work goes on
DONE = b"d"  # JSON: the facts
REFUSED = b"r"  # why the file cannot be used
FAILED = b"x"  # why the process cannot go on; it is of no further use
LAST = frozenset((DONE, REFUSED, FAILED))

HELLO = b"\0distill decodes\n"  # comes first; Python's start-up files may have printed before it
MOST_BEFORE_HELLO = 1 << 16  # bytes
HEAD = struct.Struct("<cI")  # kind, length
LONGEST = 1 << 24  # bytes; blocks have half a MiB, and more comes only out of a broken process


class Frame(NamedTuple):
    """One message."""

    kind: bytes
    payload: bytes | bytearray


def write_frame(file: IO[bytes], kind: bytes, payload: bytes | memoryview = b"") -> None:
    """Write one frame and see it off.

    Raises:
        OSError: the other side is gone.
    """
    file.write(HEAD.pack(kind, len(payload)))
    file.write(payload)
    file.flush()


def read_frame(file: IO[bytes]) -> Frame:
    """Read one frame from an unbuffered file.

    Raises:
        EOFError, OSError: the other side is gone.
        ValueError: what comes is no frame.
    """
    kind, length = HEAD.unpack(_read_exactly(file, HEAD.size))
    if length > LONGEST:
        raise ValueError(f"a frame of {length} bytes")
    return Frame(kind, _read_exactly(file, length))


def skip_to_hello(file: IO[bytes]) -> None:
    """Read up to the greeting, over whatever was printed before it.

    Raises:
        EOFError, OSError: the other side is gone.
        ValueError: it does not greet.
    """
    seen = bytearray()
    while not seen.endswith(HELLO):
        seen += _read_exactly(file, 1)
        if len(seen) > MOST_BEFORE_HELLO:
            raise ValueError("no greeting")


def _read_exactly(file: IO[bytes], length: int) -> bytearray:
    """Read so many bytes, in as many steps as the pipe needs."""
    data = bytearray(length)
    view, came = memoryview(data), 0
    while came < length:
        step = file.readinto(view[came:])  # type: ignore[attr-defined]  # raw files have it
        if not step:
            raise EOFError
        came += step
    return data
