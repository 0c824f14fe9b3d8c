"""Several models in one take: latents where they mix, sounds where they do not."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from distill_core import Model, Registry
from distill_core import load as load_model
from distill_core.errors import ConfigError, Interrupted

from ..conftest import Result

Trained = Callable[..., Path]
Loaded = Callable[..., Model]
OTHER = {"seed": 2, "partials": 9, "own": "dark", "sample_rate": 11_025, "channels": 2}
SHORT = ["--seed", "3", "--duration", "0.2"]


def samples(model: Model, seed: int = 3, **told: object) -> np.ndarray:
    """Make a short take, [C, T]."""
    return model.generate(duration=0.25, seed=seed, **told).audio.samples


@pytest.fixture
def twin(trained: Trained, plugins: Registry, tmp_path: Path) -> Model:
    """Load a copy of the first model from a file of its own."""
    return load_model(shutil.copy(trained(), tmp_path / "twin.distill"), "cpu", plugins)


def test_a_model_blended_with_its_copy_sounds_like_itself(loaded: Loaded, twin: Model) -> None:
    """Between a thing and the same thing there is nothing else."""
    model = loaded()
    alone = samples(model)
    for blend in ({twin: 0.4}, {model: 0.5, twin: 0.5}):
        assert np.allclose(samples(model, blend=blend), alone, atol=1e-5)


def test_latents_that_mix_are_mixed_by_the_type(loaded: Loaded) -> None:
    """Between two models there are sounds that neither of them makes."""
    model, other = loaded(), loaded(seed=2)
    takes = [samples(model, blend={other: weight}) for weight in (0.01, 0.5, 0.99)]
    ends = samples(model), samples(other)
    near = [[float(np.square(take - end).mean()) for take in takes] for end in ends]
    assert near[0] == sorted(near[0])
    assert near[1] == sorted(near[1], reverse=True)
    assert near[0][0] < 0.01 * near[0][2]
    told = model.generate(duration=0.25, seed=3, blend={other: 0.4}).recipe
    assert told["blended"] == "latents"


def test_sounds_of_other_rates_and_channels_are_mixed_by_core(loaded: Loaded) -> None:
    """The leader says how the take is; the partners come to it."""
    model, other = loaded(), loaded(**OTHER)
    for leader, partner, shape in ((model, other, (1, 2000)), (other, model, (2, 2756))):
        take = leader.generate(duration=0.25, seed=3, blend={partner: 0.4})
        assert take.audio.samples.shape == shape
        assert take.audio.sample_rate == leader.sample_rate
        assert take.recipe["blended"] == "sounds"
        for alone in (leader, partner):
            heard = samples(alone, spatial="mono")
            assert heard.shape[1] / alone.sample_rate == pytest.approx(0.25, abs=1e-3)
        again = leader.generate(duration=0.25, seed=3, blend={partner: 0.4})
        assert np.array_equal(take.audio.samples, again.audio.samples)


def test_without_a_length_the_longest_partner_counts(loaded: Loaded) -> None:
    """Nobody's tail is cut because another's is short."""
    model, other = loaded("duet", natural=0.2), loaded("duet", partials=9, natural=0.5)
    for leader, partner in ((model, other), (other, model)):
        seconds = leader.generate(seed=3, blend={partner: 0.5}).audio.seconds
        assert 0.5 <= seconds < 0.53


def test_each_partner_hears_its_own_sliders(loaded: Loaded) -> None:
    """One `--slider` may be known to one of them only; one that nobody knows is refused."""
    model, other = loaded(), loaded(**OTHER)
    plain = samples(model, blend={other: 0.5})
    for name in ("bright", "dark"):
        assert not np.allclose(samples(model, blend={other: 0.5}, slider={name: 1.0}), plain)
    with pytest.raises(ConfigError, match="there is no loud"):
        samples(model, blend={other: 0.5}, slider={"loud": 1.0})


def test_a_blend_is_the_same_alone_and_among_others(loaded: Loaded) -> None:
    """Drawing together is a matter of time, not of sound."""
    model = loaded()
    for other in (loaded(seed=2), loaded(**OTHER)):
        together = list(model.takes([3, 4], duration=0.25, batch=2, blend={other: 0.4}))
        assert np.allclose(together[0].audio.samples, samples(model, blend={other: 0.4}), atol=1e-6)


@pytest.mark.parametrize("knobs", [{"seed": 2}, OTHER])
def test_a_blend_can_be_placed_like_any_take(loaded: Loaded, knobs: dict[str, object]) -> None:
    """Two channels of a mono leader, whichever way it is blended."""
    model, other = loaded(), loaded(**knobs)
    for mode, channels in (("stereo", 2), ("binaural", 2), ("mono", 1)):
        take = samples(model, blend={other: 0.4}, spatial=mode)
        assert take.shape == (channels, 2000)
        assert np.isfinite(take).all()


@pytest.mark.parametrize(("knobs", "chunks"), [({"seed": 2}, 5), (OTHER, 8)])
def test_a_blend_is_stopped_between_chunks(
    loaded: Loaded, knobs: dict[str, object], chunks: int
) -> None:
    """Also while a partner is being played; and progress never goes back."""
    model, other = loaded(), loaded(**knobs)
    cancel, made = threading.Event(), []

    def progress(count: int) -> None:
        made.append(count)
        if len(made) == chunks:  # of six a model
            cancel.set()

    told = {"blend": {other: 0.4}, "cancel": cancel, "progress": progress}
    with pytest.raises(Interrupted):
        list(model.takes([3], duration=2.6, **told))
    assert len(made) == chunks
    assert made == sorted(made)


def test_a_tag_is_never_too_long_for_its_file(
    loaded: Loaded, plugins: Registry, tmp_path: Path
) -> None:
    """Libsndfile loses longer ones, and a take without its words is nobody's."""
    model = loaded()
    others = [
        load_model(shutil.copy(model.header.path, tmp_path / f"{number}.distill"), "cpu", plugins)
        for number in range(3)
    ]
    blend = dict.fromkeys(others, 0.25)
    take = model.generate(duration=0.1, seed=3, blend=blend, slider={"bright": 0.5})
    with soundfile.SoundFile(take.save(tmp_path / "take.wav")) as file:
        words = file.comment
    assert len(words.encode()) <= 2000
    assert len(json.loads(words)["blend"]) == 4


def test_the_recipe_names_every_partner(loaded: Loaded) -> None:
    """By what they are, and not by where they lay."""
    model, other = loaded(), loaded(seed=2)
    told = model.generate(duration=0.1, seed=3, blend={other: 0.4}).recipe
    assert [each["weight"] for each in told["blend"]] == pytest.approx([0.6, 0.4])
    for each, partner in zip(told["blend"], (model, other), strict=True):
        assert (each["name"], each["id"]) == (partner.name, partner.header.id)
        assert each["parts"] == {"duet": partner.digest(partner.host)}
    assert "blend" not in model.generate(duration=0.1, seed=3).recipe


def test_python_refuses_what_cannot_be_blended(loaded: Loaded, twin: Model) -> None:
    """Before anything is drawn, and in one sentence."""
    model, other = loaded(), loaded("hush")
    again = load_model(model.header.path, "cpu", model.registry)
    for blend, words in (
        ({}, "here is one"),
        ({model: 1.0}, "here is one"),
        ({other: 0.4}, "is a hush model, and duet leads"),
        ({twin: 1.0}, "leaves none"),
        ({twin: -1}, "the weight of"),
        ({again: 0.5}, "is there twice"),
    ):
        with pytest.raises(ConfigError, match=words):
            model.generate(duration=0.1, blend=blend)
    with pytest.raises(ConfigError, match="A hush model cannot be blended"):
        other.generate(duration=0.1, blend={loaded("hush", seed=2): 0.5})


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({"seed": 2}, "Blending latents: duet-1 0.6, duet-2 0.4."),
        (OTHER, "Blending sounds (their networks differ): duet-1 0.6, "),
    ],
)
def test_the_command_blends_without_a_model_and_says_how(
    typed: Callable[..., Result], trained: Trained, tmp_path: Path,
    knobs: dict[str, object], told: str,
) -> None:  # fmt: skip
    """The first partner leads; it gives rate, channels, name and settings."""
    one, other = trained(), trained(**knobs)
    words = ["--blend", f"{one}=0.6", "--blend", f"{other}=0.4", "--slider", "bright=0.5"]
    made = typed("generate", *words, *SHORT, "-o", tmp_path)
    assert made.code == 0, made.err
    assert told in made.err
    assert "Warning" not in made.err
    file = tmp_path / "duet-1-3.wav"
    assert (soundfile.info(file).channels, soundfile.info(file).samplerate) == (1, 8000)
    recipe = json.loads(file.with_suffix(".json").read_text())
    assert [each["name"] for each in recipe["blend"]] == [one.stem, other.stem]
    assert recipe["settings"]["slider"] == {"bright": 0.5}


def test_a_model_that_is_named_leads_and_has_the_rest(
    typed: Callable[..., Result], trained: Trained, tmp_path: Path
) -> None:
    """Or the weight that it is given, wherever it stands."""
    one, other = trained(), trained(seed=2)
    for words in (
        [one, "--blend", f"{other}=0.4"],
        [one, "--blend", f"{other}=0.4", "--blend", f"{one}=0.6"],
    ):
        made = typed("generate", *words, *SHORT, "-o", tmp_path)
        assert made.code == 0, made.err
        assert "Blending latents: duet-1 0.6, duet-2 0.4." in made.err
    assert len(list(tmp_path.glob("duet-1-3*.wav"))) == 2


def test_weights_that_do_not_sum_to_one_are_told(
    typed: Callable[..., Result], trained: Trained, tmp_path: Path
) -> None:
    """And the take is made all the same."""
    words = ["--blend", f"{trained()}=1", "--blend", f"{trained(seed=2)}=0.5"]
    made = typed("generate", *words, *SHORT, "-o", tmp_path)
    assert made.code == 0
    told = "Warning: the weights of --blend sum to 1.5; taken as 0.667 and 0.333."
    assert told in made.err


def test_a_type_that_cannot_blend_generates_from_the_leader(
    typed: Callable[..., Result], trained: Trained, tmp_path: Path
) -> None:
    """A script over many models must not end at one."""
    one, other = trained("hush"), trained("hush", seed=2)
    plain = typed("generate", one, *SHORT, "-o", tmp_path / "a")
    words = ["--blend", f"{one}=0.6", "--blend", f"{other}=0.4"]
    made = typed("generate", *words, *SHORT, "-o", tmp_path / "b")
    assert (plain.code, made.code) == (0, 0)
    assert "Warning: --blend is not supported for hush models. Ignored." in made.err
    (alone,), (blended,) = (sorted((tmp_path / each).glob("*.wav")) for each in "ab")
    assert alone.read_bytes() == blended.read_bytes()


def test_the_command_refuses_what_cannot_be_blended(
    typed: Callable[..., Result], trained: Trained, tmp_path: Path
) -> None:
    """Exit 2, one line, nothing written."""
    one, other, hush = trained(), trained(seed=2), trained("hush")
    copies = [shutil.copy(one, tmp_path / f"{number}.distill") for number in range(4)]
    for words, told in (
        ([f"{one}=1"], "and here is one"),
        ([f"{each}=0.2" for each in (one, *copies)], "and here are 5"),
        ([f"{one}=0.5", f"{one}=0.5"], "is named twice. Add its weights up."),
        ([f"{one}=0.5", f"{hush}=0.5"], "is a hush model, and duet leads"),
        ([f"{hush}=0.5", f"{one}=0.5"], "is a duet model, and hush leads"),
        ([f"{one}=0.5", f"{other}=0"], "is 0.0, not a number above 0"),
        ([f"{one}=0.5", f"{other}=nan"], "is nan, not a number above 0"),
        ([f"{one}=0.5", str(other)], "is not MODEL=WEIGHT"),
        ([f"{one}=0.5", f"{tmp_path}/nowhere=0.5"], "There is no model file"),
    ):
        blend = [part for word in words for part in ("--blend", word)]
        refused = typed("generate", *blend, *SHORT, "-o", tmp_path / "takes")
        assert (refused.code, refused.out) == (2, ""), told
        assert told in refused.err
        assert refused.err.count("\n") == 1, refused.err
    for again in ("0.3", "0.2"):
        words = ["--blend", f"{one}=0.3", "--blend", f"{other}=0.4", "--blend", f"{one}={again}"]
        twice = typed("generate", one, *words, *SHORT, "-o", tmp_path / "takes")
        assert (twice.code, "is named twice" in twice.err) == (2, True)
    none_left = typed("generate", one, "--blend", f"{other}=1", "-o", tmp_path / "takes")
    assert none_left.code == 2
    assert "which leaves none to" in none_left.err
    assert not (tmp_path / "takes").exists()


def test_a_model_is_missed_only_where_nothing_stands_for_it(typed: Callable[..., Result]) -> None:
    """The oldest mistake keeps its sentence."""
    missed = typed("generate", "--seed", "x")
    assert (missed.code, missed.out) == (2, "")
    assert "MODEL is missing" in missed.err


def test_help_is_about_the_leader(typed: Callable[..., Result], trained: Trained) -> None:
    """Its settings are those that can be given."""
    told = typed("generate", "--blend", f"{trained()}=0.5", "--help")
    assert told.code == 0
    assert "--slider" in told.out
    assert "Settings of hush" not in told.out
