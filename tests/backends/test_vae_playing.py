"""What a trained VAE plays: sliders, presets, walks, blends, and what it refuses."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distill_core as distill_python
import numpy as np
import pytest
import torch
from distill_core.errors import ConfigError, Interrupted, ModelFileError
from distill_core.header import read_header
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.strict import dump
from distill_vae.analysis import frame_levels
from distill_vae.configs import VAEGenerating
from distill_vae.ensemble import Ensemble
from distill_vae.voices import Voice

from ..conftest import Result
from .running import Stops

Distill = Callable[..., Result]
TINY: dict[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 4,
    "n_mels": 64, "phase_rounds": 1, "latent_size": 6, "seed": 1,
}  # fmt: skip
RATE = 48000
SECONDS = 60.0


@pytest.fixture(scope="session")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a little; read-only for tests."""
    out = tmp_path_factory.mktemp("vae") / "vae.distill"
    return distill_python.train(pack, "vae", out=out, steps=30, **TINY).model


@pytest.fixture(scope="session")
def instrument(trained: Path) -> distill_python.Model:
    """Load what was trained."""
    return distill_python.load(trained)


def told(path: Path) -> dict[str, Any]:
    """Give the extras of a model file."""
    return read_header(path).extras["vae"]


def names(path: Path) -> list[str]:
    """Give the names of its sliders."""
    return [each["name"] for each in told(path)["sliders"]]


def rewritten(source: Path, path: Path, extras: Any, **tensors: torch.Tensor) -> Path:
    """Copy a model file with other extras, and a digest that is right."""
    file = read_model_file(source)
    parts = file.parts()
    parts["vae"] |= {f"analysis.{name}": value for name, value in tensors.items()}
    write_model_file(path, file.header.told | {"extras": dump({"vae": extras})}, parts)
    return path


@pytest.fixture
def bare(trained: Path, tmp_path: Path) -> Path:
    """Give a model that was saved without an analysis."""
    size = len(read_model_file(trained).parts()["vae"]["analysis.low"])
    ends = {"low": torch.zeros(size), "high": torch.zeros(size)}
    return rewritten(trained, tmp_path / "bare.distill", {}, **ends)


def test_sliders_and_presets_come_with_the_model(trained: Path) -> None:
    """Without them there is nothing to play by."""
    sliders = told(trained)["sliders"]
    assert sliders
    assert all({"name", "variance"} == each.keys() for each in sliders)
    shares = [each["variance"] for each in sliders]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1 + 1e-3
    for preset in told(trained)["presets"].values():
        settings = VAEGenerating(**preset)
        assert set(settings.slider) <= set(names(trained))


@pytest.mark.parametrize("position", [-1.0, 0.3, 1.0])
def test_each_slider_makes_a_take(instrument: distill_python.Model, position: float) -> None:
    """Far or near, what is set is finite and sounds."""
    alone = instrument.generate(0.5, 3).audio.samples
    for name in names(instrument.header.path):
        samples = instrument.generate(0.5, 3, slider={name: position}).audio.samples
        assert np.isfinite(samples).all()
        assert not np.array_equal(samples, alone)


def test_all_sliders_and_no_variety_leave_nothing_to_chance(
    instrument: distill_python.Model,
) -> None:
    """Then every seed gives one sound."""
    told = dict.fromkeys(names(instrument.header.path), 0.2)
    one, other = (
        instrument.generate(seed=seed, slider=told, variety=0.0).audio.samples for seed in (1, 2)
    )
    assert np.array_equal(one, other)


def test_nothing_is_louder_than_the_clips_were(
    instrument: distill_python.Model, pack: Path
) -> None:
    """One sound far beyond full scale would turn the others of its take down with it."""
    network = instrument.host.network
    clips = [
        distill_python.Sound.read(path).to(sample_rate=instrument.sample_rate, channels=1).samples
        for path in sorted(pack.rglob("*.wav"))
    ]
    heard = [
        frame_levels(network.spectrograms(torch.tensor(clip)[None])[:, :, 0]).max()
        for clip in clips
    ]
    assert network.analysis.level <= max(heard) + 1e-4
    sliders = dict.fromkeys(names(instrument.header.path), 1.0)
    ensemble = Ensemble([Voice(network, 1.0, tuple(sliders))], sliders, 2.0, None)
    rng = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        sounds = [ensemble.gesture(ensemble.draw(rng)) for _ in range(4)]
    for sound in sounds:
        assert frame_levels(sound[None, :, 0]).max() <= network.analysis.level + 1e-4


def test_presets_are_played(distill: Distill, trained: Path, tmp_path: Path) -> None:
    """And differ from each other."""
    takes = set()
    for name in told(trained)["presets"]:
        out = tmp_path / name
        made = distill("generate", trained, "--preset", name, "--seed", 3, "-o", out)
        assert made.code == 0, made.err
        takes.add(next(out.glob("*.wav")).read_bytes())
    assert len(takes) == len(told(trained)["presets"]) > 1


def test_a_reloaded_copy_makes_the_same_bytes(
    distill: Distill, trained: Path, tmp_path: Path
) -> None:
    """The model file alone suffices, statistics and analysis inside."""
    copy = Path(shutil.copy(trained, tmp_path / trained.name))
    made = []
    for model, out in ((trained, tmp_path / "one"), (copy, tmp_path / "other")):
        name = names(trained)[0]
        words = ("--slider", f"{name}=0.7", "--seed", 3, "--mode", "interpolate", "--duration", 1)
        assert distill("generate", model, "-o", out, *words).code == 0
        made.append(next(out.glob("*.wav")).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("mode", ["crossfade", "interpolate"])
def test_a_longer_take_begins_as_a_shorter_one(instrument: distill_python.Model, mode: str) -> None:
    """What is drawn later changes nothing before; but for its end, which fades."""
    short, long = (
        instrument.generate(seconds, 5, mode=mode).audio.samples for seconds in (7.0, 12.0)
    )
    kept = short.shape[-1] - RATE // 10
    scale = np.abs(short).max() / np.abs(long[:, : short.shape[-1]]).max()  # one was turned down
    assert np.allclose(short[:, :kept], scale * long[:, :kept], atol=1e-3)


def test_a_take_without_a_length_is_one_sound_that_ends(
    instrument: distill_python.Model,
) -> None:
    """One-shots give one-shots; a walk has no end of its own."""
    config = instrument.host.network.config
    longest = config.gesture_frames * config.hop
    for seed in range(4):
        assert instrument.generate(seed=seed).audio.samples.shape[-1] <= longest
    assert instrument.generate(seed=1, mode="interpolate").audio.samples.shape[-1] == 10 * RATE


def test_a_model_of_sounds_that_go_on_plays_ten_seconds(trained: Path, tmp_path: Path) -> None:
    """Loops and drones have no natural end."""
    path = rewritten(trained, tmp_path / "on.distill", told(trained) | {"ends": False})
    take = distill_python.load(path).generate(seed=1)
    assert take.audio.samples.shape[-1] == 10 * RATE


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["crossfade", "interpolate"])
def test_no_step_and_no_seam_at_the_borders_of_pieces(
    instrument: distill_python.Model, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click is a step, or a burst of all frequencies, that what is around it does not have.

    Nor does the same take cut elsewhere, which tells a seam from a sound that begins there.
    """
    samples = instrument.generate(SECONDS, 5, mode=mode).audio.samples[0]
    borders = list(_borders(len(samples)))
    monkeypatch.setattr("distill_vae.inversion.PIECE_FRAMES", 611)
    elsewhere = _flux(instrument.generate(SECONDS, 5, mode=mode).audio.samples[0])
    steps, flux = np.abs(np.diff(samples)), _flux(samples)
    for border in borders:
        around = np.r_[steps[border - 4000 : border - 3], steps[border + 3 : border + 4000]]
        assert steps[border - 3 : border + 3].max() <= around.max()
        at = border // 256
        own = slice(at - 2, at + 3)
        beside = np.r_[flux[at - 40 : at - 4], elsewhere[own], flux[at + 4 : at + 40]]
        assert flux[own].max() <= 1.05 * beside.max()


def _flux(samples: np.ndarray) -> np.ndarray:
    """Give how much the spectrum changes from each frame of 256 samples to the next."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::256] * np.hanning(1024)
    spectrum = np.log10(np.abs(np.fft.rfft(frames)) + 1e-4)
    return np.sqrt(np.square(np.diff(spectrum, axis=0)).mean(1))


def test_a_walk_has_no_pauses(instrument: distill_python.Model) -> None:
    """It is a texture: sounds that are short or quiet alone are held and lifted in it."""
    samples = instrument.generate(30.0, 5, mode="interpolate").audio.samples[0]
    power = np.square(samples[: len(samples) // 4800 * 4800].reshape(-1, 4800)).mean(1)
    levels = 10 * np.log10(power + 1e-12)
    assert np.percentile(levels, 2) > np.percentile(levels, 90) - 45


def _borders(samples: int) -> Iterator[int]:
    """List the samples at which a piece is joined to the one before."""
    from distill_vae.inversion import PIECE_FRAMES

    yield from range(PIECE_FRAMES * 512, samples - 8000, PIECE_FRAMES * 512)


def test_both_sides_are_one_sound_until_they_are_parted(
    instrument: distill_python.Model,
) -> None:
    """Width is a knob: narrow is mono, wide has a side signal, and neither cancels."""
    mono = instrument.generate(1.0, 3).audio.samples
    for mode in ("crossfade", "interpolate"):
        narrow, wide = (
            instrument.generate(1.0, 3, spatial="stereo", width=width, mode=mode).audio.samples
            for width in (0.0, 1.0)
        )
        assert narrow.shape == wide.shape == (2, RATE)
        assert np.allclose(narrow[0], narrow[1], atol=1e-5)
        assert not np.allclose(wide[0], wide[1], atol=1e-3)
        if mode == "crossfade":
            assert np.allclose(narrow[:1], mono, atol=1e-5)


@pytest.fixture(scope="module")
def relative(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the model with other names of sliders, and decoded a little otherwise."""
    extras = told(trained)
    sliders = [each | {"name": f"other-{at}"} for at, each in enumerate(extras["sliders"][1:])]
    path = tmp_path_factory.mktemp("relative") / "relative.distill"
    return rewritten(trained, path, extras | {"sliders": [extras["sliders"][0], *sliders]})


def test_a_blend_knows_the_sliders_of_all(
    distill: Distill, trained: Path, relative: Path, tmp_path: Path
) -> None:
    """What one has, the others need not."""
    own = names(trained)[-1]
    blend = ("--blend", f"{trained}=0.5", "--blend", f"{relative}=0.5", "--duration", 0.5)
    for word in (own, "other-0", names(trained)[0]):
        made = distill("generate", *blend, "--slider", f"{word}=0.5", "-o", tmp_path / word)
        assert made.code == 0, made.err
        assert "latents" in made.err
    wrong = distill("generate", *blend, "--slider", "nothing=0.5", "-o", tmp_path / "wrong")
    assert wrong.code == 2
    assert not (tmp_path / "wrong").exists()


def test_a_blend_tends_to_whoever_weighs_most(
    instrument: distill_python.Model, relative: Path
) -> None:
    """Sliders of different names stay each with their own; the same weights are the same sound."""
    other = distill_python.load(relative)
    alone = instrument.generate(0.5, 3).audio.samples
    blended = instrument.generate(0.5, 3, blend={instrument: 0.9, other: 0.1}).audio.samples
    assert np.allclose(blended, alone, atol=1e-3)


def test_an_unknown_slider_is_refused_with_those_that_there_are(
    distill: Distill, trained: Path, tmp_path: Path
) -> None:
    """Before anything is made; and the nearest is suggested."""
    first = names(trained)[0]
    made = distill("generate", trained, "--slider", f"{first}x=0.5", "-o", tmp_path / "out")
    assert made.code == 2
    assert f"Did you mean {first}?" in made.err
    assert all(name in made.err for name in names(trained))
    assert made.err.strip().splitlines()[-1].startswith("Error: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", ["1.5", "-2", "nan", "much"])
def test_a_position_beyond_the_range_is_refused(
    distill: Distill, trained: Path, tmp_path: Path, value: str
) -> None:
    """-1 to 1 is what the training sounds have."""
    word = f"{names(trained)[0]}={value}"
    made = distill("generate", trained, "--slider", word, "-o", tmp_path / "out")
    assert made.code == 2
    assert "--slider" in made.err
    assert not (tmp_path / "out").exists()


def test_a_model_without_analysis_plays_without_sliders(bare: Path) -> None:
    """What is missing is said where it is asked for, and only there."""
    model = distill_python.load(bare)
    for mode in ("crossfade", "interpolate"):
        samples = model.generate(1.0, 3, mode=mode).audio.samples
        assert np.isfinite(samples).all()
        assert np.abs(samples).max() > 1e-4
    with pytest.raises(ConfigError, match="no sliders were found"):
        model.generate(1.0, 3, slider={"brightness": 0.5})


@pytest.mark.parametrize(
    "sliders",
    [
        "brightness", {"brightness": 1}, [1, 2], [{"name": 3}], [{}], [{"name": ""}],
        [{"name": "a=b"}], [{"name": "a\n"}], [{"name": "brightness"}] * 2, [{"name": "only"}],
        None, 3,
    ],
)  # fmt: skip
def test_a_strangers_sliders_are_refused_in_a_line(
    trained: Path, tmp_path: Path, sliders: Any
) -> None:
    """A file may hold anything; it is a damaged one then, and no bug of ours."""
    path = rewritten(trained, tmp_path / "odd.distill", told(trained) | {"sliders": sliders})
    with pytest.raises(ModelFileError, match="sliders are damaged"):
        distill_python.load(path)


@pytest.mark.parametrize("name", ["places", "components", "mean", "low", "loudest"])
def test_a_strangers_numbers_are_refused_in_a_line(
    trained: Path, tmp_path: Path, name: str
) -> None:
    """What is not finite would make silence, or noise at full scale."""
    own = read_model_file(trained).parts()["vae"][f"analysis.{name}"]
    odd = torch.full_like(own, torch.nan)
    path = rewritten(trained, tmp_path / "odd.distill", told(trained), **{name: odd})
    with pytest.raises(ModelFileError, match=f"analysis is damaged: its {name}"):
        distill_python.load(path)


@pytest.mark.parametrize("mode", ["crossfade", "interpolate"])
@pytest.mark.parametrize("part", ["stats", "decoder.leave.weight"])
def test_weights_that_are_no_numbers_are_told_as_what_they_make(
    distill: Distill, trained: Path, tmp_path: Path, part: str, mode: str
) -> None:
    """The file is at fault, and not the distribution that is asked to play it."""
    file = read_model_file(trained)
    parts = file.parts()
    parts["vae"][part] = torch.full_like(parts["vae"][part], math.nan)
    broken = tmp_path / "nan.distill"
    write_model_file(broken, file.header.told, parts)
    result = distill("generate", str(broken), "--mode", mode, "-o", str(tmp_path))
    assert result.code == 3
    assert "NaN" in result.err


@pytest.mark.parametrize("count", [-5, 0, 1 << 40])
def test_a_count_that_cannot_be_is_refused(trained: Path, tmp_path: Path, count: int) -> None:
    """There are as many places as the tensor has."""
    odd = torch.tensor(count)
    path = rewritten(trained, tmp_path / "odd.distill", told(trained), count=odd)
    with pytest.raises(ModelFileError, match="claims"):
        distill_python.load(path)


def test_a_run_that_was_stopped_can_be_played(pack: Path, tmp_path: Path) -> None:
    """Who stops early has a model, sliders and all."""
    out = tmp_path / "stopped.distill"
    stops = Stops("vae", 3)
    with pytest.raises(Interrupted):
        distill_python.train(
            pack, "vae", out=out, steps=10_000, cancel=stops, on_event=stops.hear, **TINY
        )
    assert names(out)
    assert np.isfinite(distill_python.load(out).generate(0.3, 1).audio.samples).all()


def test_one_short_sound_is_enough_to_play(pack: Path, tmp_path: Path) -> None:
    """There is nothing to compare then: no sliders, and it is said."""
    (tmp_path / "one").mkdir()
    shutil.copy(next(pack.glob("*.wav")), tmp_path / "one")
    done = distill_python.train(
        tmp_path / "one", "vae", out=tmp_path / "one.distill", steps=2, **TINY
    )
    model = distill_python.load(done.model)
    assert np.isfinite(model.generate(0.3, 1).audio.samples).all()
    told_ = [json.loads(line) for line in (done.folder / "events.jsonl").read_text().splitlines()]
    warned = [each["message"] for each in told_ if each["event"] == "warning"]
    assert names(done.model) or any("sliders" in each for each in warned)
