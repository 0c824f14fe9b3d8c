"""Pieces of one sound join as if it had been made at once; sounds follow one another softly."""

from __future__ import annotations

import torch
from distill_core.audio.stitching import decode_in_pieces, one_after_another
from torch import Tensor


class Smears:
    """A codec whose decoder looks a few frames to either side."""

    sample_rate, channels, levels, entries, hop = 48_000, 1, 1, 100, 8

    def encode(self, audio: Tensor) -> Tensor:
        return audio[:, :, :: self.hop].long()

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        values = codes.float().repeat_interleave(self.hop, -1)  # [B, 1, T]
        smeared = torch.nn.functional.avg_pool1d(values, 161, 1, 80, count_include_pad=False)
        return smeared[..., :samples]


def test_a_long_sound_decoded_in_pieces_is_the_one_decoded_whole() -> None:
    """Memory must not follow length, and no ear may tell."""
    codec = Smears()
    codes = torch.randint(100, (1, 1, 3000), generator=torch.Generator().manual_seed(1))
    whole = codec.decode(codes, 3000 * 8 - 3)
    pieces = list(decode_in_pieces(codec, codes, 3000 * 8 - 3))
    assert len(pieces) > 1
    assert torch.allclose(torch.cat(pieces, -1), whole, atol=1e-4)


def test_a_tail_fades_under_the_next_beginning_which_keeps_its_attack() -> None:
    """A crossfade that fades in would take the click off a drum."""
    first, second = torch.ones(1, 1, 1000), torch.full((1, 1, 500), 2.0)
    made = torch.cat(list(one_after_another([[first], [second]], 100)), -1)
    assert made.shape[-1] == 1400
    assert torch.equal(made[..., :900], first[..., :900])
    assert made[0, 0, 900] > 2.9
    assert torch.equal(made[..., 1000:], second[..., 100:])


def test_how_a_sound_is_cut_into_pieces_changes_nothing() -> None:
    """The pieces are an accident of memory."""
    sounds = [torch.randn(1, 2, n) for n in (700, 30, 0, 400)]
    whole = torch.cat(list(one_after_another([[each] for each in sounds], 64)), -1)
    parts = torch.cat(list(one_after_another([each.split(50, -1) for each in sounds], 64)), -1)
    assert torch.allclose(whole, parts, atol=1e-6)
