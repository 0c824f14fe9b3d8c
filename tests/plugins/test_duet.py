"""Spatial modes of a whole model, and of one that makes two channels itself."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from distill_core import Model
from distill_core.errors import ConfigError
from distill_core.generating.space import Space

from ..conftest import Result

STEREO = {"channels": 2}


def samples(model: Model, seed: int = 3, **told: object) -> np.ndarray:
    """Make a short take, [C, T]."""
    return model.generate(duration=0.25, seed=seed, **told).audio.samples


def test_a_type_that_widens_is_asked_for_two_related_sounds(loaded: Callable[..., Model]) -> None:
    """The second one is the type's own; core could only bend the first."""
    model = loaded()
    mono = samples(model)
    narrow, wide = (samples(model, spatial="stereo", width=width) for width in (0.0, 1.0))
    assert (mono.shape, wide.shape) == ((1, 2000), (2, 2000))
    assert np.array_equal(narrow[0], narrow[1])
    assert 0.3 < np.corrcoef(wide)[0, 1] < 0.999
    assert not np.allclose(wide.mean(0), mono[0], atol=0.01)


def test_a_type_that_does_not_is_decorrelated(loaded: Callable[..., Model]) -> None:
    """Its users have stereo all the same, and its mono sum is the take as trained."""
    model = loaded("hush")
    pair = samples(model, spatial="stereo", width=1.0)
    assert np.corrcoef(pair)[0, 1] < 0.6
    assert np.allclose(pair.mean(0), samples(model)[0], atol=1e-6)


def test_a_stereo_model_keeps_what_it_learnt(loaded: Callable[..., Model]) -> None:
    """Stereo is what it was trained on; mono is its mean."""
    model = loaded(**STEREO)
    pair = samples(model)
    assert np.array_equal(samples(model, spatial="stereo"), pair)
    assert np.allclose(samples(model, spatial="mono"), pair.mean(0), atol=1e-6)
    assert samples(model, spatial="binaural").shape == pair.shape


@pytest.mark.parametrize("knobs", [{}, STEREO])
def test_the_same_recipe_is_the_same_bytes_in_every_mode(
    loaded: Callable[..., Model], knobs: dict[str, int]
) -> None:
    """A take that cannot be made again is lost with its file."""
    model = loaded(**knobs)
    for mode in ("mono", "stereo", "binaural"):
        told = {"spatial": mode, "width": 0.7, "azimuth": 40.0}
        assert np.array_equal(samples(model, **told), samples(model, **told)), mode


def test_a_take_is_the_same_among_others_in_every_mode(loaded: Callable[..., Model]) -> None:
    """Drawing together is a matter of time, not of sound."""
    model = loaded()
    for mode in ("mono", "stereo", "binaural"):
        together = list(model.takes([3, 4], duration=0.25, batch=2, spatial=mode))
        assert np.allclose(together[0].audio.samples, samples(model, spatial=mode), atol=1e-6)


def test_as_trained_changes_neither_sound_nor_recipe(loaded: Callable[..., Model]) -> None:
    """Takes of before the modes were there come back byte for byte."""
    model = loaded()
    plain = model.generate(duration=0.25, seed=3)
    told = model.generate(duration=0.25, seed=3, spatial="as-trained", width=0.9, azimuth=9)
    assert np.array_equal(plain.audio.samples, told.audio.samples)
    assert plain.recipe == told.recipe
    assert not {"spatial", "width", "azimuth"} & set(plain.recipe)


def test_a_recipe_tells_what_matters_to_its_mode(loaded: Callable[..., Model]) -> None:
    """And nothing else: equal sounds have equal recipes."""
    given = {"duration": 0.1, "seed": 3, "width": 0.7, "azimuth": 40}

    def recipe(model: Model, mode: str) -> dict[str, object]:
        told = model.generate(spatial=mode, **given).recipe
        return {key: told[key] for key in ("spatial", "width", "azimuth") if key in told}

    assert recipe(loaded(), "mono") == {"spatial": "mono"}
    assert recipe(loaded(), "stereo") == {"spatial": "stereo", "width": 0.7}
    assert recipe(loaded(**STEREO), "stereo") == {"spatial": "stereo"}
    for model in (loaded(), loaded(**STEREO)):
        told = {"spatial": "binaural", "width": 0.7, "azimuth": 40.0}
        assert recipe(model, "binaural") == told


@pytest.mark.parametrize(
    ("words", "channels", "told"),
    [
        (["--spatial", "stereo"], 2, "Stereo: two related sounds, width 0.5."),
        (["--spatial", "mono"], 1, "Mono: as trained."),
        (
            ["--spatial", "binaural", "--width", "0.2", "--azimuth", "-90"], 2,
            "Binaural: two related sounds, width 0.2, azimuth -90.",
        ),
        (["--width", "0.2"], 1, "Warning: --width means nothing to --spatial as-trained"),
        (
            ["--spatial", "stereo", "--azimuth", "10"], 2,
            "Warning: --azimuth means nothing to --spatial stereo",
        ),
    ],
)  # fmt: skip
def test_the_command_makes_each_mode_and_says_how(
    typed: Callable[..., Result], trained: Callable[..., Path], tmp_path: Path,
    words: list[str], channels: int, told: str,
) -> None:  # fmt: skip
    """Whoever wonders why it sounds as it does reads it on stderr."""
    made = typed("generate", trained(), "--seed", "3", "--duration", "0.2", "-o", tmp_path, *words)
    assert made.code == 0, made.err
    assert told in made.err
    (file,) = tmp_path.glob("*.wav")
    assert soundfile.info(file).channels == channels


def test_the_command_says_where_core_decorrelates(
    typed: Callable[..., Result], trained: Callable[..., Path], tmp_path: Path
) -> None:
    """The one sentence by which the two ways are told apart."""
    words = ["--spatial", "stereo", "--seed", "3", "--duration", "0.2", "-o", tmp_path]
    assert "Stereo: decorrelated, width 0.5." in typed("generate", trained("hush"), *words).err
    assert "Stereo: as trained." in typed("generate", trained(**STEREO), *words).err


def test_as_trained_is_written_as_if_nothing_had_been_asked(
    typed: Callable[..., Result], trained: Callable[..., Path], tmp_path: Path
) -> None:
    """Byte for byte, the tag in the file included."""
    digests = set()
    for folder, words in (("a", []), ("b", ["--spatial", "as-trained"])):
        out = tmp_path / folder
        made = typed("generate", trained(), "--seed", "3", "--duration", "0.2", "-o", out, *words)
        assert made.code == 0, made.err
        (file,) = out.glob("*.wav")
        digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--spatial", "surround"], "--spatial: 'surround' is not one of"),
        (["--width", "2"], "--width: 2 must lie between 0 and 1"),
        (["--azimuth", "181"], "--azimuth: 181 must lie between -180 and 180"),
    ],
)
def test_what_no_mode_takes_is_refused(
    typed: Callable[..., Result], trained: Callable[..., Path], words: list[str], told: str
) -> None:
    """In the words of every other setting."""
    refused = typed("generate", trained(), *words)
    assert (refused.code, refused.out) == (2, "")
    assert told in refused.err


def test_python_refuses_it_too(loaded: Callable[..., Model]) -> None:
    """Before anything is drawn."""
    with pytest.raises(ConfigError, match="Did you mean binaural"):
        loaded().generate(spatial="biaural")


def test_python_and_the_command_have_the_same_defaults() -> None:
    """They are written out in the signature, where people read them."""
    for function in (Model.generate, Model.takes):
        told = inspect.signature(function).parameters
        given = {name: told[name].default for name in ("width", "azimuth") if name in told}
        assert Space.of(told["spatial"].default, **given) == Space()
