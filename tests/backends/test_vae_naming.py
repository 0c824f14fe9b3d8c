"""Sliders are named after what they audibly change, presets after what is typical of a cluster."""

from __future__ import annotations

import math

import pytest
import torch
from distill_vae.analysing import turn
from distill_vae.clusters import cluster, describe
from distill_vae.components import find_components, keep, turn_towards, weigh_latents
from distill_vae.drawing import draw_place, move
from distill_vae.naming import judge, name_sliders
from distill_vae.properties import NAMES, Scale, deviations, measure
from torch import Tensor

from .instruments import analysed, network

SCALE = Scale(16000, 128)
BINS, FRAMES = 257, 40
POSITIONS = torch.linspace(-1, 1, 5)


def sound(
    *,
    centre: float = 1000.0,
    width: float = 600.0,
    level: float = 1.0,
    rise: int = 1,
    until: int = 30,
    hertz: float = 0,
) -> Tensor:
    """Give magnitudes [N, F]: a hump of noise, or overtones of `hertz`."""
    frequencies = torch.linspace(0, 8000, BINS)
    spectrum = torch.exp(-(((frequencies - centre) / width) ** 2))
    if hertz:
        teeth = torch.cos(math.pi * frequencies / hertz).pow(2).pow(20)
        spectrum = teeth * torch.exp(-frequencies / 2000)
    frames = torch.arange(FRAMES)
    envelope = ((frames + 1) / rise).clamp(max=1) * (frames < until)
    return level * envelope[:, None] * spectrum


def measured(*sounds: Tensor) -> dict[str, list[float]]:
    """Measure sounds; give each property's values by name."""
    rows = measure(torch.stack(sounds), SCALE)
    return dict(zip(NAMES, rows.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("brightness", {"centre": 800.0}, {"centre": 3000.0}),
        ("loudness", {"level": 0.1}, {"level": 1.0}),
        ("noisiness", {"width": 300.0}, {"width": 3000.0}),
        ("pitch", {"hertz": 250.0}, {"hertz": 500.0}),
        ("attack", {"rise": 2}, {"rise": 20}),
        ("duration", {"until": 8}, {"until": 30}),
    ],
)
def test_each_property_hears_what_it_is_named_for(
    name: str, low: dict[str, float], high: dict[str, float]
) -> None:
    """A slider's name is no better than the measure behind it."""
    below, above = measured(sound(**low), sound(**high))[name]  # type: ignore[arg-type]
    assert above > below


def test_the_measures_have_their_units() -> None:
    """Octaves, dB and seconds: what a hand would find."""
    found = measured(sound(), sound(level=0.1), sound(hertz=250), sound(hertz=500), sound(until=15))
    assert found["loudness"][0] - found["loudness"][1] == pytest.approx(20, abs=0.1)
    assert found["pitch"][3] - found["pitch"][2] == pytest.approx(1, abs=0.1)
    assert found["duration"][0] - found["duration"][4] == pytest.approx(15 * 128 / 16000)


def test_silence_has_measures_too() -> None:
    """A slider may go as far as that."""
    assert measure(torch.zeros(2, FRAMES, BINS), SCALE).isfinite().all()


def moves(*effects: dict[str, float], noise: float = 0.0) -> Tensor:
    """Make up measurements [K, E, O, P]: each slider moves properties by so many deviations."""
    rng = torch.Generator().manual_seed(0)
    rows = torch.zeros(len(effects), 8, len(POSITIONS), len(NAMES))
    for slider, effect in enumerate(effects):
        for name, amount in effect.items():
            rows[slider, :, :, NAMES.index(name)] = amount / 2 * POSITIONS
    return rows + noise * torch.randn(rows.shape, generator=rng)


def named(rows: Tensor) -> list[tuple[str, bool]]:
    """Name made up sliders; say which are turned."""
    return [(each.text, each.turned) for each in name_sliders(judge(rows, torch.ones(len(NAMES))))]


def test_a_slider_is_named_after_what_it_moves_most_surely() -> None:
    """Two sliders that move one property: the surer one has its name, the other's has a 2."""
    rows = moves({"brightness": 1.5, "loudness": 0.2}, {"brightness": 2.0}, {"pitch": 3.0})
    assert named(rows) == [("brightness-2", False), ("brightness", False), ("pitch", False)]


def test_a_slider_that_moves_it_down_is_turned() -> None:
    """Plus is brighter, louder, noisier, higher, slower, longer."""
    assert named(moves({"attack": -2.0}, {"duration": 1.0})) == [
        ("attack", True), ("duration", False),
    ]  # fmt: skip


def test_what_moves_nothing_evenly_has_a_plain_name() -> None:
    """A name that promises what is not so is worse than none."""
    bent = moves({}, {}, {"loudness": 2.0})
    bent[0, :, :, 0] = POSITIONS.square() * 3
    assert [text for text, _ in named(bent)] == ["character", "character-2", "loudness"]


def test_an_effect_that_few_sounds_have_is_none() -> None:
    """What one sound of eight does loudly is not what the slider does."""
    rows = moves({})
    rows[0, 0, :, 1] = 20 * POSITIONS
    rows[0, 1:, :, 1] = -0.1 * POSITIONS
    assert named(rows) == [("character", False)]


def test_what_no_two_sounds_differ_in_names_no_slider() -> None:
    """Struck sounds all begin at once: a few ms more are not what the slider of length does."""
    clips = torch.zeros(20, len(NAMES))
    clips[:, NAMES.index("duration")] = torch.linspace(0.1, 0.5, 20)
    clips[0, NAMES.index("attack")] = 1e-3
    rows = moves({"duration": 0.3, "attack": 0.01})
    found = name_sliders(judge(rows, deviations(clips)))
    assert [each.text for each in found] == ["duration"]


def test_what_jumps_to_and_fro_hides_no_effect() -> None:
    """A pitch that is found in noise is anywhere, and no reason to leave a length without name."""
    rows = moves({"duration": 2.0})
    rows[0, :, :, NAMES.index("pitch")] = torch.tensor([0.0, 9.0, -9.0, 0.0, 9.0])
    assert named(rows) == [("duration", False)]


def test_properties_are_shared_out_before_any_is_given_twice() -> None:
    """Two sliders and two properties: both can be had by name."""
    rows = moves({"brightness": 3.0, "noisiness": 2.5}, {"brightness": 2.0})
    assert sorted(text for text, _ in named(rows)) == ["brightness", "brightness-2"]
    rows = moves({"brightness": 3.0}, {"brightness": 2.0, "noisiness": 1.5})
    assert [text for text, _ in named(rows)] == ["brightness", "noisiness"]


def test_components_are_orthonormal_and_ordered() -> None:
    """Sliders do not undo each other, and the first moves most."""
    gestures = torch.randn(60, 5, 4, generator=torch.Generator().manual_seed(0))
    found = find_components(gestures * torch.tensor([4.0, 2.0, 1.0, 0.5]), 12)
    flat = found.directions.flatten(1)
    torch.testing.assert_close(flat @ flat.T, torch.eye(12, dtype=torch.float64))
    assert found.shares.tolist() == sorted(found.shares.tolist(), reverse=True)
    assert float(found.shares.sum()) <= 1


def test_components_are_turned_towards_what_is_heard() -> None:
    """What two components shared in moving, one moves alone then; they span what they spanned."""
    rng = torch.Generator().manual_seed(0)
    gestures = torch.randn(80, 5, 4, generator=rng) * torch.tensor([4.0, 3.0, 0.1, 0.1])
    found = find_components(gestures, 6)
    heard = (found.places[:, 0] / found.places[:, 0].std()) + (
        found.places[:, 1] / found.places[:, 1].std()
    )
    turned = turn_towards(found, heard[:, None], 6)
    flat = turned.directions.flatten(1)
    torch.testing.assert_close(flat @ flat.T, torch.eye(6, dtype=torch.float64))
    torch.testing.assert_close(turned.shares.sum(), found.shares.sum())
    torch.testing.assert_close(
        torch.tensordot(turned.places, turned.directions, 1),
        torch.tensordot(found.places, found.directions, 1),
    )
    follows = [
        abs(float(torch.corrcoef(torch.stack([row, heard]))[0, 1])) for row in turned.places.T
    ]
    assert max(follows) > 0.95
    assert sorted(follows)[-2] < 0.3


def test_latents_that_the_decoder_does_not_hear_do_not_count() -> None:
    """A number may vary as it likes: what comes first is what is heard most."""
    rng = torch.Generator().manual_seed(0)
    latents = torch.randn(500, 3, generator=rng) * torch.tensor([10.0, 1.0, 1.0])
    decoded = latents @ torch.tensor([[0.001, 0.0], [0.0, 5.0], [1.0, 0.0]])
    found = find_components(latents[:, None], 3, weigh_latents(latents, decoded))
    assert int(found.directions[0].abs().argmax()) == 1
    places = (latents[:, None] - found.mean).flatten(1)
    torch.testing.assert_close(found.places @ found.directions.flatten(1), places)


def test_few_gestures_have_few_components() -> None:
    """Three sounds span a plane, and alike ones nothing."""
    three = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert len(find_components(three, 12).directions) == 2
    assert len(find_components(three[:1].repeat(9, 1, 1), 12).directions) == 0


def test_the_ends_of_a_slider_are_the_percentiles() -> None:
    """-1 is what the 5th of a hundred gestures has, 1 what the 95th has."""
    analysis = network().analysis
    gestures = torch.zeros(101, *analysis.mean.shape)
    gestures[:, 0, 0] = torch.arange(101.0)
    keep(analysis, find_components(gestures, len(analysis.components)), torch.arange(101))
    positions = analysis.positions(analysis.places[[5, 50, 95]])[:, 0]
    torch.testing.assert_close(positions, torch.tensor([-1.0, 0.0, 1.0]), rtol=0, atol=1e-4)
    assert analysis.sliders == 1


def test_a_turned_slider_moves_the_other_way_and_nothing_else_changes() -> None:
    """The sounds that are drawn are the same."""
    analysis = analysed(network().analysis)
    before = analysis.gestures(analysis.heard)
    ends = float(analysis.low[0]), float(analysis.high[0])
    turn(analysis, name_sliders(judge(moves({"pitch": -2.0}), torch.ones(len(NAMES)))))
    torch.testing.assert_close(analysis.gestures(analysis.heard), before)
    assert (float(analysis.low[0]), float(analysis.high[0])) == (-ends[1], -ends[0])


def test_a_slider_stands_where_it_is_put() -> None:
    """Whatever goes with it, what was set is set."""
    analysis = analysed(network().analysis)
    place = draw_place(analysis, torch.Generator().manual_seed(3))
    wanted = torch.tensor([0.7, math.nan, -1.0])
    positions = analysis.positions(move(analysis, place, wanted))
    torch.testing.assert_close(positions[[0, 2]], wanted[[0, 2]], rtol=0, atol=1e-5)
    assert torch.equal(move(analysis, place, torch.full((3,), math.nan)), place)


def test_without_variety_every_draw_is_the_middle() -> None:
    """At 0 only the sliders speak."""
    analysis = analysed(network().analysis)
    rng = torch.Generator().manual_seed(0)
    one, other = (draw_place(analysis, rng, 0.0) for _ in range(2))
    torch.testing.assert_close(one, other)
    wide, usual = (draw_place(analysis, torch.Generator().manual_seed(4), v) for v in (2.0, 1.0))
    torch.testing.assert_close(wide - one, 2 * (usual - one))


def test_clusters_are_found() -> None:
    """Blobs that lie apart are not mixed."""
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    rng = torch.Generator().manual_seed(0)
    points = centres.repeat_interleave(20, 0) + torch.randn(80, 2, generator=rng)
    labels = cluster(points, 4).view(4, 20)
    assert all(len(set(row.tolist())) == 1 for row in labels)
    assert len(set(labels[:, 0].tolist())) == 4


def test_a_cluster_is_named_after_what_is_typical() -> None:
    """And no two have one name."""
    bright_short = torch.tensor([2.0, 0.1, 0.0, 0.0, 0.0, -1.5])
    taken: dict[str, object] = {}
    for name in ("bright-short", "bright-short-2", "bright-short-3"):
        assert describe(bright_short, taken) == name
        taken[name] = {}
    assert describe(torch.zeros(len(NAMES)), {}) == "usual"
    assert (
        describe(bright_short + torch.tensor([0, 0, 0.9, 0, 0, 0]), taken) == "bright-short-noisy"
    )
