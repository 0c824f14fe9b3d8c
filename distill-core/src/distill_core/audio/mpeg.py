"""Walk the frames of an MP3 file, to tell whether its end is missing."""

from __future__ import annotations

from typing import BinaryIO

from attrs import frozen

FRAMES_KNOWN = 0x01  # flag of a Xing header that carries the number of frames
MOST_TAGS = 16  # at the front; real files have one
XING_SEARCH = 64  # bytes after a frame's start within which a Xing or Info header stands
LONGEST_JUNK = 1 << 16  # bytes between two frames; decoders give up there, too
MOST_GAPS = 1000  # with junk in them; each costs a look at LONGEST_JUNK bytes
KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # MPEG-1 layer III
KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # MPEG-2 and 2.5
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz


@frozen
class Walk:
    """Where the frames of a file lead: how many were whole, and what the last one lacks."""

    frames: int
    lacking: int


def missing_mpeg_bytes(file: BinaryIO, size: int) -> int:
    """Count the bytes that the last frame lacks, or 1 when a Xing header promises more frames.

    Streams whose frames cannot be followed (free format, layers I and II) are taken as whole.
    """
    start = _after_tags(file)
    if start >= size:
        return 1
    file.seek(start)
    first = file.read(XING_SEARCH)
    promised = _promised_frames(first)
    if _frame_bytes(first[:4]) == 0:
        return 0
    walk = _walk(file, start, size)
    return walk.lacking or int(walk.frames < promised)


def _after_tags(file: BinaryIO) -> int:
    """Find the first byte after the ID3v2 tags at the front."""
    position = 0
    for _ in range(MOST_TAGS):
        file.seek(position)
        tag = file.read(10)
        if tag[:3] != b"ID3" or len(tag) < 10:
            return position
        length = tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]  # seven bits a byte
        position += 10 + length + (10 if tag[5] & 0x10 else 0)
    return position


def _promised_frames(first: bytes) -> int:
    """Read how many frames the Xing (or Info) header in the first frame promises; 0: none."""
    at = max(first.find(b"Xing"), first.find(b"Info"))
    if at < 0 or len(first) < at + 12 or not first[at + 7] & FRAMES_KNOWN:
        return 0
    return int.from_bytes(first[at + 8 : at + 12], "big")


def _walk(file: BinaryIO, start: int, size: int) -> Walk:
    """Step from frame to frame, over junk between them, until no more come."""
    frames, gaps, position = 0, 0, start
    file.seek(start)
    while position < size:
        head = file.read(4)
        length = _frame_bytes(head)
        if length == 0:
            gaps += 1
            following = _next_frame(file, position) if gaps <= MOST_GAPS else None
            if following is None:
                part_of_head = len(head) < 4 and head[:1] == b"\xff"
                return Walk(frames, 1 if part_of_head else 0)
            file.seek(position := following)
            continue
        position += length
        if position > size:
            return Walk(frames, position - size)
        file.seek(position)
        frames += 1
    return Walk(frames, 0)


def _next_frame(file: BinaryIO, position: int) -> int | None:
    """Find the next two frames in a row behind some junk or a tag; None when there are none near.

    One header alone can be chance, in a tag at the end above all.
    """
    file.seek(position)
    junk = file.read(LONGEST_JUNK)
    at = junk.find(b"\xff", 1)
    while at >= 0:
        length = _frame_bytes(junk[at : at + 4])
        if length and _frame_bytes(junk[at + length : at + length + 4]):
            return position + at
        at = junk.find(b"\xff", at + 1)
    return None


def _frame_bytes(head: bytes) -> int:
    """Read the length of a layer III frame from its four-byte header; 0: it is not one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    table, per_frame = (KBPS_1, 144) if version == 3 else (KBPS_2, 72)  # samples / 8 bits
    return per_frame * 1000 * table[bitrate] // RATES[version][rate] + (head[2] >> 1 & 1)
