"""Damaged and odd sound files, with what must be said of each: the corpus of reliability R6."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from .sounds import FORMATS, RATE, tone

CUT_FORMATS = ("wav", "flac", "ogg", "opus", "mp3", "aiff", "caf", "au")
CUTS = (0.002, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.95, 0.999)
WAV_KINDS = (
    "PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM",
    "GSM610",
)  # fmt: skip
MOST = b"\xff\xff\xff\xff"
WAVE = tone(0.6)  # [T, 1]
USED = ""  # the reason of a file that is used

Corpus = dict[str, tuple[bytes, str]]  # name: its bytes, how its reason begins


def encoded(
    suffix: str, samples: np.ndarray = WAVE, rate: int = RATE, subtype: str | None = None
) -> bytes:
    """Encode samples `[T, C]` as FORMATS says for the suffix."""
    kind, usual = FORMATS[suffix]
    memory = io.BytesIO()
    soundfile.write(memory, samples, rate, format=kind, subtype=subtype or usual)
    return memory.getvalue()


def patched(data: bytes, at: int, new: bytes) -> bytes:
    """Overwrite some bytes."""
    return data[:at] + new + data[at + len(new) :]


def chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    """Make a RIFF chunk, padded, that may lie about its length."""
    told = len(data) if length is None else length
    return name + struct.pack("<I", told) + data + bytes(len(data) % 2)


def form(channels: int = 1, rate: int = RATE, bits: int = 16, tag: int = 1) -> bytes:
    """Make the chunk of a WAV file that says what its samples are."""
    width = channels * bits // 8 & 0xFFFF
    words = (tag, channels, rate, rate * width & 0xFFFFFFFF, width, bits)
    return chunk(b"fmt ", struct.pack("<HHIIHH", *words))


def riff(*chunks: bytes, length: int | None = None) -> bytes:
    """Make a RIFF file of chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if length is None else length) + body


def corpus() -> Corpus:
    """Make all the files that are nothing but bytes."""
    parts: tuple[Callable[[], Corpus], ...] = (
        _empty_of_sound, _other_things, _wav_chunks, _wav_kinds, _claims, _tags, _unusual, _cuts,
    )  # fmt: skip
    return {name: told for part in parts for name, told in part().items()}


def mp3_with_junk_within() -> bytes:
    """Make an MP3 file as radio recorders leave it: players step over the hole."""
    mp3 = encoded("mp3")
    return mp3[: len(mp3) // 2] + bytes(300) + mp3[len(mp3) // 2 :]


def _empty_of_sound() -> Corpus:
    """Whole files with nothing to learn from."""
    at = 20_000
    nan, infinite = np.tile(WAVE, (9, 1)), WAVE.copy()
    nan[-5], infinite[at] = np.nan, -np.inf
    return {
        "empty.wav": (b"", "empty"),
        "empty.mp3": (b"", "empty"),
        "one byte.flac": (b"f", "unreadable"),
        "one sample.wav": (encoded("wav", WAVE[:1]), "under 10 ms (1 sample at 48000 Hz)"),
        "one sample.flac": (encoded("flac", WAVE[:1]), "under 10 ms (1 sample at 48000 Hz)"),
        "9 ms.aiff": (encoded("aiff", tone(0.009)), "under 10 ms (432 samples"),
        "10 ms.aiff": (encoded("aiff", tone(0.010)), USED),
        "no samples.wav": (encoded("wav", WAVE[:0]), "empty"),
        "silence.wav": (encoded("wav", WAVE * 0), "silent"),
        "silence.ogg": (encoded("ogg", WAVE * 0), "silent"),
        "silence.mp3": (encoded("mp3", WAVE * 0), "silent"),
        "dc.wav": (encoded("wav", WAVE * 0 + 0.5), "silent"),
        "dc.flac": (encoded("flac", WAVE * 0 - 0.9), "silent"),
        "nan.wav": (encoded("wav", nan, subtype="FLOAT"), "non-finite"),
        "inf.aiff": (encoded("aiff", infinite, subtype="DOUBLE"), "non-finite"),
        "inf.caf": (encoded("caf", infinite, subtype="FLOAT"), "non-finite"),
        "too large for float32.wav": (
            encoded("wav", WAVE * np.float64(1e300), subtype="DOUBLE"),
            "non-finite",
        ),
        "numbers.wav": (encoded("wav", WAVE * 32768, subtype="FLOAT"), "values up to"),
    }


def _other_things() -> Corpus:
    """What is no sound, under names of sounds."""
    return {
        "text.wav": (b"These are my favourite kicks.\n" * 99, "unreadable (Format not"),
        "text.mp3": (b"la la la", "unreadable (not a sound file"),
        "text.au": (b"libsndfile takes this for telephone audio.\n" * 50, "unreadable"),
        "notepad.wav": ("not audio".encode("utf-16") * 99, "unreadable (Format not"),
        "page.flac": (b"<!DOCTYPE html><html></html>" * 20, "unreadable (Format not"),
        "picture.mp3": (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(2000), "unreadable"),
        "program.aif": (b"\x7fELF" + bytes(3000), "unreadable (Format not"),
        "archive.ogg": (b"PK\3\4" + bytes(3000), "unreadable (Format not"),
        "film.wav": (b"RIFF\xff\xff\0\0AVI LIST" + bytes(3000), "unreadable"),
        "song.wav": (b"\0\0\0\x18ftypM4A \0\0\0\0" + bytes(3000), "unreadable (Format not"),
        "zeros.w64": (bytes(5000), "unreadable (Format not"),
        "ones.mp3": (b"\xff" * 5000, "unreadable"),
        "bare samples.wav": (WAVE.tobytes(), "unreadable"),
        "amiga.aiff": (_written("SVX", "PCM_16"), "unreadable (not a sound file of a known kind)"),
        "matlab.wav": (_written("MAT5", "PCM_16"), "unreadable (not a sound file of a known"),
        "phone.m4a": (b"\0\0\0\x18ftypM4A ", "m4a cannot be read here"),
        "windows.WMA": (b"\x30\x26\xb2\x75", "wma cannot be read here"),
    }


def _wav_chunks() -> Corpus:
    """WAV files as strange recorders, editors and attackers write them."""
    pcm = encoded("wav")[44:]
    data, no_data = chunk(b"data", pcm), "unreadable (Error in WAV file"
    info = chunk(b"LIST", b"INFOISFT\x06\0\0\0Chunk\0")
    return {
        "list before data.wav": (riff(form(), info, data), USED),
        "bext.wav": (riff(chunk(b"bext", bytes(602)), form(), data), USED),
        "junk first.wav": (riff(chunk(b"JUNK", bytes(28)), form(), data), USED),
        "odd chunk.wav": (riff(form(), chunk(b"note", b"hello"), data), USED),
        "odd chunk unpadded.wav": (riff(form(), chunk(b"note", b"hello")[:-1], data), "unreadable"),
        "many chunks.wav": (riff(form(), *[chunk(b"note", b"hi")] * 500, data), USED),
        "garbage behind.wav": (riff(form(), data) + b"garbage" * 999, USED),
        "12 bits in 16.wav": (riff(form(bits=12), data), USED),
        "recorder, length unknown.wav": (riff(form(), chunk(b"data", pcm, 0xFFFFFFFF)), USED),
        "sox, length unknown.wav": (riff(form(), chunk(b"data", pcm, 0x7FFFF000)), USED),
        "riff length 0.wav": (riff(form(), data, length=0), USED),
        "riff length most.wav": (riff(form(), data, length=0xFFFFFFFF), USED),
        "recorder lost power.wav": (riff(form(), chunk(b"data", pcm, 0), length=0), "empty (its"),
        "fmt twice.wav": (riff(form(), form(channels=2), data), no_data),
        "no fmt.wav": (riff(data), no_data),
        "data before fmt.wav": (riff(data, form()), no_data),
        "no data.wav": (riff(form()), "cut"),
        "absurd chunk.wav": (riff(form(), chunk(b"LIST", b"INFO", 0xFFFFFFF0), data), "cut"),
        "zero channels.wav": (riff(form(channels=0), data), "unreadable (Channel count is zero"),
        "65535 channels.wav": (riff(form(channels=65_535), data), "unreadable (Too many channels"),
        "1000 channels.wav": (riff(form(channels=1000), data), "under 10 ms"),
        "rate 0.wav": (riff(form(rate=0), data), "unreadable (it contradicts itself"),
        "rate 1.wav": (riff(form(rate=1), data), "sample rate 1 Hz is outside"),
        "rate most.wav": (riff(form(rate=2**32 - 1), data), "unreadable (it contradicts itself"),
        "0 bits.wav": (riff(form(bits=0), data), "unreadable"),
        "unknown encoding.wav": (riff(form(tag=0xFFFE - 1), data), "unreadable"),
        "header only.wav": (b"RIFF" + MOST + b"WAVE", "cut"),
    }


def _wav_kinds() -> Corpus:
    """Every encoding that samplers and telephones left behind."""
    return {f"{kind}.wav": (encoded("wav", subtype=kind), USED) for kind in WAV_KINDS}


def _claims() -> Corpus:
    """Headers that claim what no memory holds, and little lies."""
    flac, aiff, rf64 = encoded("flac"), encoded("aiff"), encoded("rf64")
    caf, w64, au = encoded("caf"), encoded("w64"), encoded("au")
    total = bytes([flac[21] | 0x0F]) + MOST
    comm, much = aiff.find(b"COMM") + 8, b"\xff" * 7 + b"\x7f"
    return {
        "2^36 frames.flac": (patched(flac, 21, total), "cut (28800 of 68719476735 samples came)"),
        "unknown frames.flac": (patched(flac, 21, bytes([flac[21] & 0xF0]) + bytes(4)), USED),
        "rate 0.flac": (patched(flac, 18, b"\0\0" + bytes([flac[20] & 0x0F])), "unreadable"),
        "huge picture.flac": (flac[:42] + b"\x06\xff\xff\xff" + flac[42:], "unreadable"),
        "wrong md5.flac": (patched(flac, 26, b"\x01" * 16), USED),
        "flipped.flac": (patched(flac, len(flac) // 2, b"\0\0\0\0"), "cut or damaged"),
        "2^32 frames.aiff": (patched(aiff, comm + 2, MOST), USED),
        "0 channels.aiff": (patched(aiff, comm, b"\0\0"), "unreadable (Bad channel count"),
        "rate nan.aiff": (patched(aiff, comm + 8, b"\xff" * 10), "unreadable"),
        "huge.rf64": (patched(rf64, 28, much), "cut"),
        "huge.w64": (patched(w64, w64.find(b"data") + 16, much), "cut"),
        "huge.caf": (patched(caf, caf.find(b"data") + 4, much[::-1]), "cut"),
        "rate nan.caf": (patched(caf, 20, b"\x7f\xf8" + bytes(6)), "unreadable"),
        "2^32 channels.caf": (patched(caf, 44, MOST), "unreadable"),
        "huge.au": (patched(au, 8, b"\x7f\xff\0\0"), "cut"),
        "unknown length.au": (patched(au, 8, MOST), USED),
        "far start.au": (patched(au, 4, b"\x7f\xff\xff\xff"), "cut"),
        "rate 0.au": (patched(au, 16, bytes(4)), "unreadable"),
    }


def _tags() -> Corpus:
    """MP3, FLAC and Ogg files with things before, behind and within."""
    mp3, flac, ogg = encoded("mp3"), encoded("flac"), encoded("ogg")
    id3, id3v1 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), b"TAG" + bytes(125)
    cover = b"ID3\x04\0\0" + bytes([0, 64, 0, 0]) + bytes(1 << 20)
    return {
        "tag.mp3": (id3 + mp3 + id3v1, USED),
        "two tags.mp3": (id3 + id3 + mp3, USED),
        "cover.mp3": (cover + mp3, USED),
        "junk behind.mp3": (mp3 + b"junk" * 999, USED),
        "junk within.mp3": (mp3_with_junk_within(), USED),
        "junk before.mp3": (bytes(500) + mp3, USED),
        "junk behind tag.mp3": (id3 + bytes(500) + mp3, USED),
        "tag that lies.mp3": (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3, "cut"),
        "only a tag.mp3": (id3, "cut"),
        "only tags.mp3": (id3 * 5000, "unreadable"),
        "tag before.flac": (id3 + flac, USED),
        "tag behind.flac": (flac + id3v1, USED),
        "twice.flac": (flac + flac, USED),
        "lie.flac": (b"fLaC but then it is none" * 50, "unreadable"),
        "chained.ogg": (ogg + encoded("ogg", tone(0.6, seed=1)), USED),
        "chained with another rate.ogg": (ogg + encoded("ogg", tone(0.6, 2), 44_100), USED),
        "chained.opus": (encoded("opus") + encoded("opus"), USED),
        "junk behind.ogg": (ogg + b"junk" * 99, USED),
        "junk before.ogg": (b"junk" * 99 + ogg, "unreadable"),
        "pages.ogg": (b"OggS" * 9000, "cut"),
    }


def _unusual() -> Corpus:
    """Whole files that only look odd."""
    return {
        "8 channels.wav": (encoded("wav", tone(0.6, 8)), USED),
        "192 kHz.flac": (encoded("flac", tone(0.2, rate=192_000), 192_000), USED),
        "8 channels at 192 kHz.caf": (encoded("caf", tone(0.2, 8, 192_000), 192_000), USED),
        "8 kHz.mp3": (encoded("mp3", tone(0.6, rate=8000), 8000), USED),
        "flac.wav": (encoded("flac"), USED),
        "wav.mp3": (encoded("wav"), USED),
        "aifc float.aif": (encoded("aiff", subtype="FLOAT"), USED),
        "aifc adpcm.aif": (encoded("aiff", subtype="IMA_ADPCM"), USED),
        "aifc ulaw.AIFF": (encoded("aiff", subtype="ULAW"), USED),
        "apple lossless.caf": (encoded("caf", subtype="ALAC_16"), USED),
        "big endian.wav": (_written("WAV", "PCM_16", "BIG"), USED),
        "little endian.aif": (_written("AIFF", "PCM_16", "LITTLE"), USED),
        "  Küche 🎵 (take 1) 'x' \"y\" $HOME; 100%.wav": (encoded("wav"), USED),
        "-o.wav": (encoded("wav"), USED),
        "音.flac": (encoded("flac"), USED),
        "new\nline.wav": (encoded("wav"), USED),
        "a.wav.wav": (encoded("wav"), USED),
        f"{'long' * 60}.wav": (encoded("wav"), USED),
    }


def _cuts() -> Corpus:
    """Each of eight formats, cut at ten places."""
    whole = {suffix: encoded(suffix, tone(1.5)) for suffix in CUT_FORMATS}
    return {
        f"cut at {share:g}.{suffix}": (data[: round(share * len(data))], "cut")
        for suffix, data in whole.items()
        for share in CUTS
    }


def _written(kind: str, subtype: str, endian: str = "FILE") -> bytes:
    """Encode as another kind, or in the other byte order."""
    memory = io.BytesIO()
    soundfile.write(memory, WAVE, RATE, format=kind, subtype=subtype, endian=endian)
    return memory.getvalue()


def lay_out(folder: Path) -> dict[str, str]:
    """Write the corpus; give how each file's reason must begin."""
    expected = {}
    for name, (data, reason) in corpus().items():
        if os.name == "nt" and set(name) & set('\n"'):
            continue
        (folder / name).write_bytes(data)
        expected[name] = reason
    return expected
