"""Spectrograms to sound in little memory, however long: as all of it at once would be.

Letters: C channels, T samples, M mels, N frames of the spectrogram.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import Tensor

from .network import ConvVAE, left_right
from .pieces import in_pieces

PIECE_FRAMES = 512  # inverted at once: some 5 s


def invert_row(
    model: ConvVAE, spectrograms: Iterable[Tensor], *, sides: bool = False
) -> Iterator[Tensor]:
    """Turn a row of spectrograms [C, 2, M, N_i] into sound [1, C, T_i].

    Phases go on from piece to piece, since each knows how far every bin has turned before it, and
    the rounds that bring them to agree look at enough frames around it.

    Args:
        model: whose representation it is.
        spectrograms: may never end.
        sides: whether two channels are left and right, and not middle and side.
    """
    representation, rate, hop = model.representation, model.sample_rate, model.config.hop_length
    reach, device = representation.reach, model.stats.device
    turned: Tensor | None = None  # by the frame before the piece's first
    for piece in in_pieces(spectrograms, PIECE_FRAMES, reach):
        parts = representation.parts(piece.frames.to(device), rate)
        turns = parts.turns.cumsum(1)
        turns = turns if turned is None else turns + turned[:, None]
        sound = representation.sound(parts.magnitudes, turns, rate).transpose(0, 1)  # [1, C, T]
        kept = sound[..., piece.before * hop : (piece.before + piece.count) * hop]
        yield (kept if sides else left_right(kept)).cpu()
        past = max(0, piece.before + piece.count - reach)  # frames that are not seen again
        if past:
            turned = turns[:, past - 1] % 1.0
