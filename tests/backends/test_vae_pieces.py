"""Latents become sound in pieces as they would all at once: no seam, however long a take is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import distill_vae.inversion
import pytest
import torch
from distill_vae.analysis import frame_levels
from distill_vae.ensemble import Ensemble
from distill_vae.inversion import invert_row
from distill_vae.joining import balanced, crossfaded, ended, levels, mixed
from distill_vae.paths import smooth_path
from distill_vae.pieces import in_pieces
from distill_vae.voices import Voice
from torch import Tensor

from .instruments import network

FRAMES = 150
SILENCE = -4.0  # log10 of the magnitude's floor


def cut(row: Tensor, *lengths: int) -> Iterator[Tensor]:
    """Hand out a row along its last dimension, in parts of these lengths, again and again."""
    at = 0
    while at < row.shape[-1]:
        for length in lengths:
            yield row[..., at : at + length]
            at += length


@pytest.mark.parametrize("lengths", [(1,), (7, 30), (200,), (13,)])
@pytest.mark.parametrize(("count", "reach"), [(1, 0), (10, 3), (40, 60), (500, 5)])
def test_a_row_is_cut_into_all_of_its_parts(
    lengths: tuple[int, ...], count: int, reach: int
) -> None:
    """Whatever comes in, all of it comes out once, with what is around it."""
    row = torch.arange(FRAMES)
    at = 0
    for piece in in_pieces(cut(row, *lengths), count, reach):
        first = at - piece.before
        assert piece.before == min(reach, at)
        assert torch.equal(piece.frames, row[first : first + len(piece.frames)])
        after = len(piece.frames) - piece.before - piece.count
        assert after == min(reach, FRAMES - at - piece.count)
        at += piece.count
    assert at == FRAMES


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_in_pieces_is_what_all_at_once_gives(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phases go on from piece to piece, and their rounds see all that they follow from."""
    monkeypatch.setattr(distill_vae.inversion, "PIECE_FRAMES", 32)
    model = network(channels=channels)
    rng = torch.Generator().manual_seed(0)
    sound = torch.randn((1, channels, FRAMES * 128), generator=rng) * 0.1
    with torch.inference_mode():
        spectrograms = model.spectrograms(sound)
        whole = model.invert(spectrograms)
        pieces = list(invert_row(model, cut(spectrograms[0], 11)))
    assert len(pieces) > 3
    torch.testing.assert_close(torch.cat(pieces, -1), whole, rtol=0, atol=1e-4)


def test_latents_in_pieces_are_decoded_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder looks no farther than is said."""
    model = network(layers=3, slow_layers=2)
    latents = 0.3 * torch.randn((90, 4), generator=torch.Generator().manual_seed(0))
    ensemble = Ensemble([Voice(model, 1.0, ())], {}, 1.0, None)
    with torch.inference_mode():
        whole = next(ensemble.decode_row(iter([latents[None, None]])))
        monkeypatch.setattr("distill_vae.ensemble.DECODED_FRAMES", 64)
        row = (each.T[None, None] for each in cut(latents.T, 5))
        pieces = list(ensemble.decode_row(row))
    assert len(pieces) > 3
    torch.testing.assert_close(torch.cat(pieces, -1), whole, rtol=0, atol=1e-4)


def test_a_latent_that_is_held_has_no_pulse() -> None:
    """A walk may stand still; its sound then does, too."""
    model = network()
    ensemble = Ensemble([Voice(model, 1.0, ())], {}, 1.0, None)
    latents = torch.full((1, 1, 60, 4), 0.5)
    with torch.inference_mode():
        alone = model.decode(latents[0])[0, :, :, :, 100:140]
        held = torch.cat(list(ensemble.decode_row(iter([latents]))), -1)[..., 100:140]
    assert float(alone.diff(dim=-1).abs().max()) > 1e-2
    assert float(held.diff(dim=-1).abs().max()) < 1e-4


def test_memory_does_not_follow_the_length() -> None:
    """A take may last an hour: what was yielded is let go."""
    given = 0

    def endless() -> Iterator[Tensor]:
        nonlocal given
        while True:
            given += 1
            yield torch.zeros(3, 8)

    for piece in islice(in_pieces(endless(), 16, 4), 100):
        assert piece.frames.shape[-1] <= 16 + 2 * 4 + 8
    assert given <= 100 * 2 + 2


def test_a_crossfade_keeps_the_power() -> None:
    """Two sounds of one level pass into each other without a dip or a bump."""
    sounds = [tone(40, 0.0, 0.3), tone(40, 0.0, -0.3), tone(40, 0.0, 0.1)]
    joined = torch.cat(list(crossfaded(iter(sounds), 10, beginnings=False)), -1)
    assert joined.shape[-1] == 3 * 40 - 2 * 10
    torch.testing.assert_close(joined[:, 0], torch.zeros_like(joined[:, 0]), rtol=0, atol=2e-3)
    assert joined[:, 1].min() >= -0.3
    assert (joined[..., 1:] - joined[..., :-1]).abs().max() < 0.1


def test_a_beginning_keeps_its_attack() -> None:
    """Where sounds end by themselves, only what ends fades."""
    sounds = [tone(40, -3.0, 0.0), tone(40, 0.0, 0.0)]
    joined = torch.cat(list(crossfaded(iter(sounds), 10, beginnings=True)), -1)
    assert float(joined[0, 0, 0, 30]) == pytest.approx(0.0, abs=2e-3)
    assert float(joined[0, 0, 0, 29]) == pytest.approx(-3.0, abs=1e-3)


def test_a_short_sound_shares_no_more_than_its_half() -> None:
    """An overlap that is longer than a sound leaves some of it."""
    sounds = [tone(length, 0.0, 0.0) for length in (3, 40, 2, 5, 1, 40)]
    joined = torch.cat(list(crossfaded(iter(sounds), 200, beginnings=False)), -1)
    assert joined.isfinite().all()
    assert 40 < joined.shape[-1] < sum((3, 40, 2, 5, 1, 40))


def test_a_frequency_is_weighed_by_power() -> None:
    """The louder of two sounds says at which frequency a band sounds."""
    both = mixed([tone(4, 0.0, 1.0), tone(4, -2.0, -1.0)], [torch.ones(4), torch.ones(4)])
    assert float(both[0, 1].min()) > 0.99


def test_a_sound_ends_where_it_has_died_away() -> None:
    """Silence behind a one-shot is no part of it; what still sounds is faded."""
    dying = torch.cat([tone(20, 0.0, 0.0), tone(30, SILENCE + 0.1, 0.0)], -1)
    assert ended(dying).shape[-1] == 20
    ringing = ended(tone(50, 0.0, 0.0))
    assert ringing.shape[-1] == 50
    assert float(levels(ringing)[-1]) < -30


def test_a_path_has_no_corner() -> None:
    """Speed changes evenly: seen twice as closely a curve is four times as straight."""
    rng = torch.Generator().manual_seed(0)
    points = [torch.randn(3, generator=rng) for _ in range(40)]
    bends = []
    for step in (0.05, 0.025):
        path = _first(points, step, round(6 / step)).double()
        bends.append(float(path.diff(dim=0).diff(dim=0).abs().max()))
    assert bends[0] > 3.5 * bends[1]


def test_a_path_passes_through_its_points() -> None:
    """What was drawn is heard."""
    points = [torch.tensor([float(value)]) for value in (5, 1, -2, 4, 0, 3, 3)]
    path = _first(points, 0.25, 12)
    assert path[::4].flatten().tolist() == pytest.approx([1, -2, 4])


def _first(points: list[Tensor], step: float, frames: int) -> Tensor:
    """Give the first frames of a path through points, the last of which is repeated for ever."""

    def endless() -> Iterator[Tensor]:
        yield from points
        while True:
            yield points[-1]

    path: list[Tensor] = []
    for piece in smooth_path(endless(), step):
        path.append(piece)
        if sum(map(len, path)) >= frames:
            break
    return torch.cat(path)[:frames]


def tone(frames: int, level: float, frequency: float) -> Tensor:
    """Give a spectrogram [1, 2, 3, N] of one level and frequency in all its bands."""
    shape = 1, 3, frames
    return torch.stack([torch.full(shape, level), torch.full(shape, frequency)], 1)


def test_what_is_too_loud_is_turned_down_as_a_whole() -> None:
    """A sound keeps its shape, and two sides keep their balance; what is quiet stays as it is."""
    analysis = network().analysis
    bands = analysis.loudest.shape[-1]
    analysis.bound(torch.full((1, bands), 1.0), torch.tensor(1.0))
    made = torch.zeros(2, 1, 2, bands, 3)
    made[0, 0, 0, 0] = torch.tensor([0.5, 5.0, 0.0])
    made[1, 0, 0, 0] = -1.0
    found = analysis.bounded(made, together=(0, -1))
    by = found[:, :, 0] - torch.minimum(made[:, :, 0], torch.tensor(1.1))
    torch.testing.assert_close(by, by.max().expand_as(by))
    assert frame_levels(found[:, :, 0]).max() == pytest.approx(1.0, abs=1e-5)
    torch.testing.assert_close(analysis.bounded(found), found)


def test_two_sides_do_not_lean() -> None:
    """A side that is 9 dB louder would be heard as the direction of a take; bands may differ."""
    sides = torch.zeros(2, 2, 40, FRAMES)
    sides[:, 0] = 0.5 * torch.randn(2, 40, FRAMES, generator=torch.Generator().manual_seed(1))
    even = balanced(sides)
    sides[0, 0] += 9 / 20
    made = balanced(sides)
    left, right = (10 ** (2 * made[:, 0])).sum((1, 2))
    assert abs(float(10 * (left / right).log10())) < 0.5
    torch.testing.assert_close(made[:, 0] - even[:, 0], torch.full_like(made[:, 0], 4.5 / 20))
