"""Join sounds without a seam: pieces of one sound, and one sound after another.

Letters: B batch, C channels, T samples, K levels, N frames of codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocols import Tokenizer

PIECE_FRAMES = 1024  # of codes decoded at once: some 20 s, so memory does not follow the length
PIECE_SAMPLES = 1 << 20  # nor a hop that a stranger's file may tell
CONTEXT_FRAMES = 64  # decoded on either side of a piece and left out, but for the crossfade
FADE_FRAMES = 16  # over which a piece passes into the next


def fade(samples: int, like: Tensor) -> Tensor:
    """Give the rising half of a raised cosine, [samples], from just above 0 to just below 1."""
    phase = (torch.arange(samples, dtype=like.dtype, device=like.device) + 0.5) / max(samples, 1)
    return 0.5 - 0.5 * torch.cos(torch.pi * phase)


def decode_in_pieces(codec: Tokenizer, codes: Tensor, samples: int) -> Iterator[Tensor]:
    """Decode codes of any length in little memory: yield [B, C, T_i], in all `samples` long.

    Each piece is decoded with frames before and after it; where two meet they are crossfaded,
    which changes nothing for a codec that looks no farther than its context.

    Args:
        codec: what decodes.
        codes: int64 [B, K, N].
        samples: how many in all, at most N * hop.
    """
    frames, hop = codes.shape[-1], codec.hop
    piece_frames = max(CONTEXT_FRAMES, min(PIECE_FRAMES, PIECE_SAMPLES // hop))
    if frames <= piece_frames + CONTEXT_FRAMES:
        yield codec.decode(codes, samples)
        return
    kept: Tensor | None = None  # the last piece's view of the crossfade that is due
    for first in range(0, frames, piece_frames):
        before = min(CONTEXT_FRAMES, first)
        last = min(first + piece_frames, frames)
        after = min(CONTEXT_FRAMES, frames - last)
        window = codes[..., first - before : last + after]
        sound = codec.decode(window, window.shape[-1] * hop)[..., before * hop :]  # [B, C, T]
        length = (last - first) * hop
        piece = sound[..., :length].clone()
        if kept is not None:
            over = min(kept.shape[-1], length)
            rise = fade(over, piece)
            piece[..., :over] = piece[..., :over] * rise + kept[..., :over] * (1 - rise)
        kept = sound[..., length : length + min(after, FADE_FRAMES) * hop]
        yield piece[..., : max(0, samples - first * hop)]


def tail_length(samples: int, overlap: int) -> int:
    """Say how much of a sound's end lies under the next one: at most half of it."""
    return min(overlap, samples // 2)


def one_after_another(sounds: Iterable[Iterable[Tensor]], overlap: int) -> Iterator[Tensor]:
    """Play sounds one after the other: each one's tail fades out under the next one's beginning.

    A beginning is not faded in, so attacks stay as they are.

    Args:
        sounds: each as its pieces, [B, C, T_i].
        overlap: samples of the tail that lie under the next sound (see `tail_length`).

    Yields:
        Pieces [B, C, T_i] that join without a seam; the last sound keeps its tail unfaded.
    """
    tail: Tensor | None = None  # faded, waiting for the next sound's beginning
    held: Tensor | None = None  # the end of the sound under way
    samples = 0  # of the sound under way
    for sound in sounds:
        if held is not None and held.shape[-1]:
            length = tail_length(samples, overlap)
            if held.shape[-1] > length:
                yield held[..., : held.shape[-1] - length]
            end = held[..., held.shape[-1] - length :]
            tail = end * (1 - fade(length, end))
        held, samples = None, 0
        for piece in sound:
            laid, tail = (piece, None) if tail is None else _lay_under(piece, tail)
            samples += piece.shape[-1]
            whole = laid if held is None else torch.cat([held, laid], -1)
            ready = max(0, whole.shape[-1] - overlap)
            if ready:
                yield whole[..., :ready]
            held = whole[..., ready:]
        if tail is not None and tail.shape[-1]:  # the sound was shorter than the tail before it
            held = tail if held is None else torch.cat([held, tail], -1)
            samples, tail = samples + tail.shape[-1], None
    if held is not None and held.shape[-1]:
        yield held


def _lay_under(piece: Tensor, tail: Tensor) -> tuple[Tensor, Tensor | None]:
    """Add as much of a tail as fits; give the sum and what is left of the tail."""
    over = min(piece.shape[-1], tail.shape[-1])
    piece = piece.clone()
    piece[..., :over] += tail[..., :over]
    rest = tail[..., over:]
    return piece, rest if rest.shape[-1] else None
