"""`distill morph` and `model.morph`, on a stranger's type that mixes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import distill_core as distill_python
import numpy as np
import pytest
import soundfile
from distill_core import ConfigError, Model, Sound
from distill_core.registry import environment

from ..conftest import Result
from ..plugins import importable

Distill = Callable[..., Result]
RATE = 16_000  # the stranger's


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    """Install the stranger's plugin beside the real ones."""
    with importable("good"):
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.fixture(scope="module")
def path(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the stranger's type; read-only for tests."""
    out = tmp_path_factory.mktemp("hush") / "hush.distill"
    return distill_python.train(pack, "hush", out=out, steps=2, seed=1).model


@pytest.fixture
def model(path: Path) -> Model:
    """Load it."""
    return distill_python.load(path, device="cpu")


@pytest.fixture
def sounds(tmp_path: Path) -> tuple[Path, Path]:
    """Write two sounds: of different lengths, rates and channels."""
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    soundfile.write(one, np.full(RATE // 2, 0.5), RATE)
    soundfile.write(other, np.full((48_000, 2), -0.5), 48_000)
    return one, other


def flat(seconds: float, level: float) -> Sound:
    """Make a sound of one level."""
    return Sound(np.full(round(seconds * RATE), level, np.float32), RATE)


def test_a_morph_goes_evenly_from_one_sound_to_the_other(model: Model) -> None:
    """Both ends are among the steps; level and length change by equal amounts."""
    made = model.morph(flat(0.5, 0.5), flat(1.0, -0.5), 5)
    assert [each.samples.shape for each in made] == [
        (1, round(RATE * seconds)) for seconds in (0.5, 0.625, 0.75, 0.875, 1.0)
    ]
    assert [each.samples[0, 100] for each in made] == pytest.approx([0.5, 0.25, 0, -0.25, -0.5])
    assert {each.sample_rate for each in made} == {RATE}


def test_only_an_end_that_was_cut_is_faded(model: Model) -> None:
    """A sound that rings on would click; one that came to its end is left as it is."""
    first, last = model.morph(flat(0.5, 0.5), flat(1.0, 0.5), 2)
    assert first.samples[0, -1] == pytest.approx(0)
    assert first.samples[0, -400] == pytest.approx(0.5)
    assert np.abs(np.diff(first.samples[0])).max() < 0.01
    assert last.samples[0, -1] == pytest.approx(0.5)


@pytest.mark.parametrize("steps", [0, 1, 1001, 2.0, True])
def test_python_refuses_what_is_no_number_of_steps(model: Model, steps: int) -> None:
    """Before anything is made."""
    with pytest.raises(ConfigError, match="must be a whole number from 2 to 1000"):
        model.morph(flat(0.1, 0.5), flat(0.1, 0.5), steps)


def test_morph_writes_each_step_with_a_synthetic_recipe(
    distill: Distill, path: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """A later scan of the folder does not take them for sounds to learn from."""
    out = tmp_path / "out"
    done = distill("morph", path, *sounds, "--steps", "3", "-o", out, "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)["sounds"]
    assert [Path(row["path"]).name for row in rows] == [
        f"one-to-other-0{number}.wav" for number in (1, 2, 3)
    ]
    assert [row["amount"] for row in rows] == [0.0, 0.5, 1.0]
    for row, seconds in zip(rows, (0.5, 0.75, 1.0), strict=True):
        told = soundfile.info(row["path"])
        assert (told.subtype, told.samplerate, told.channels) == ("PCM_24", RATE, 1)
        assert told.frames == round(seconds * RATE) == round(row["seconds"] * RATE)
        recipe = json.loads(Path(row["sidecar"]).read_text(encoding="utf-8"))
        assert recipe["synthetic"] is True
        assert recipe["model"]["name"] == "hush"
        between = {"start": "one.wav", "end": "other.wav", "steps": 3, "amount": row["amount"]}
        assert recipe["morph"] == between
    scanned = json.loads(distill("scan", out, "--json").out)
    assert (scanned["found"], scanned["ignored"]) == (0, 6)
    again = distill("morph", path, *sounds, "--steps", "2", "-o", out)
    assert again.code == 0, again.err
    assert len(list(out.glob("*.wav"))) == 5  # nothing was written over
    assert (out / "one-to-other-01-1.wav").exists()


def failed(result: Result, code: int, says: str) -> None:
    """Hold a failure against its code and words: one line, nothing on stdout."""
    assert (result.code, result.out) == (code, ""), result.err
    line = result.err.splitlines()[-1]
    assert line.startswith("Error: ")
    assert says in line
    assert "Traceback" not in result.err


def test_a_type_that_cannot_morph_says_what_it_can(
    distill: Distill, kit: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """Exit 2, and nothing is written."""
    result = distill("morph", kit, *sounds, "-o", tmp_path / "out")
    says = "A vqvae model cannot morph. It can generate, reconstruct, encode and decode."
    failed(result, 2, says)
    assert not (tmp_path / "out").exists()


def test_sounds_that_cannot_be_used_have_the_codes_of_reconstruct(
    distill: Distill, path: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """Missing, damaged, a folder, empty: the file is named."""
    good, out = sounds[0], tmp_path / "out"
    bad, empty = tmp_path / "bad.wav", tmp_path / "empty.wav"
    bad.write_bytes(good.read_bytes()[:200])
    soundfile.write(empty, np.zeros(0), RATE)
    for file, code in ((tmp_path / "gone.wav", 2), (bad, 3), (tmp_path, 3), (empty, 3)):
        for pair in ((good, file), (file, good)):
            failed(distill("morph", path, *pair, "-o", out), code, str(file))
    for steps, says in (("1", "--steps: 1 must lie between 2 and 1000"), ("x", "--steps: 'x'")):
        failed(distill("morph", path, good, good, "-o", out, "--steps", steps), 2, says)
    assert not out.exists()


def test_odd_names_of_sounds_give_whole_names(
    distill: Distill, path: Path, sounds: tuple[Path, Path], tmp_path: Path
) -> None:
    """Very long ones leave the number its place."""
    long = [Path(shutil.copy(sounds[0], tmp_path / f"{letter * 200}.wav")) for letter in "ab"]
    done = distill("morph", path, *long, "--steps", "2", "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    names = [Path(row["path"]).name for row in json.loads(done.out)["sounds"]]
    assert names == [f"{'a' * 80}-to-{'b' * 80}-0{number}.wav" for number in (1, 2)]
