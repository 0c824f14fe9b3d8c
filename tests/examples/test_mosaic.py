"""A codec that is no neural network: what sits on codecs works on it as on ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ..environment import Environment
from .conftest import EXAMPLES

MOSAIC = EXAMPLES / "distill-mosaic"
MOST_LINES = 100  # with blank ones, comments and docstrings
TINY = [
    "--steps", 4, "--seed", 1, "--entries", 16, "--sample-rate", 22050, "--prior-encodings", 2,
    "--prior-hidden-size", 32, "--prior-layers", 1,
]  # fmt: skip


@pytest.fixture(scope="module")
def installed(environment: Environment) -> Environment:
    """Install it, with its requirements checked."""
    environment.pip("install", MOSAIC)
    return environment


@pytest.fixture(scope="module")
def model(installed: Environment, pack: Path) -> Path:
    """Train it, and what plays it, as its users do."""
    done = installed.run("distill", "train", pack, "--type", "mosaic", "-o", "m.distill", *TINY)
    assert done.returncode == 0, done.stderr
    assert "Next: distill generate m.distill" in done.stderr
    return installed.path / "m.distill"


def asked(installed: Environment, *words: object) -> dict[str, Any]:
    """Run a command that must succeed; give what it printed."""
    done = installed.run("distill", *words, "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_it_takes_a_hundred_lines() -> None:
    """A codec of one's own is an afternoon's work."""
    texts = [file.read_text(encoding="utf-8") for file in (MOSAIC / "src").rglob("*.py")]
    assert len(texts) > 1
    assert sum(len(text.splitlines()) for text in texts) <= MOST_LINES


def test_its_own_test_passes(installed: Environment) -> None:
    """Done-when 2: the suite that it inherits finds nothing wrong with it."""
    done = installed.run("pytest", "-q", "-p", "no:cacheprovider", MOSAIC)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout
    assert "xfailed" not in done.stdout


def test_it_costs_no_torch_until_it_is_used(installed: Environment) -> None:
    """Its flags are shown in --help, which has to be quick."""
    code = "import distill_mosaic, sys; print('torch' in sys.modules)"
    assert installed.python("-c", code).stdout == "False\n"


def test_what_invents_on_codecs_invents_on_it(installed: Environment, model: Path) -> None:
    """Done-when 4: takes of the length asked for, with sound in them, from codes it drew."""
    words = ("generate", model, "--count", 2, "--seed", 3, "--duration", 2)
    takes = asked(installed, *words)["takes"]
    told = [(take["seconds"], take["sample_rate"], take["channels"]) for take in takes]
    assert told == [(2.0, 22050, 1)] * 2
    one, other = (soundfile.read(installed.path / take["path"])[0] for take in takes)
    assert min(np.abs(one).max(), np.abs(other).max()) > 0.01
    assert not np.array_equal(one, other)
    (attached,) = asked(installed, *words[:2], "--seed", 3, "--duration", 2, "-o", "n")["takes"]
    again = soundfile.read(installed.path / attached["path"])[0]
    assert np.array_equal(one, again)


def test_its_file_says_who_plays_it(installed: Environment, model: Path) -> None:
    """Both parts are in one file, each with the distribution that reads it."""
    told = asked(installed, "info", model)
    assert (told["model_type"], told["backend"]) == ("mosaic", "distill-mosaic 0.1.0")
    assert told["has_prior"] is True
    assert float(told["training"]["held_out_loss"]) > 0


def test_core_sends_sounds_through_it_and_measures_them(
    installed: Environment, model: Path, pack: Path
) -> None:
    """Reconstructing follows from coding, so do bits a second and the health of the codes."""
    told = asked(installed, "evaluate", model, pack)
    assert told["bitrate"] == pytest.approx(3 * 4 * 22050 / 441)
    assert [each["level"] for each in told["codebooks"]] == [0, 1, 2]
    assert told["mel_distance"] < 6
    sound = sorted(pack.rglob("*.wav"))[0]
    done = installed.run("distill", "reconstruct", model, sound, "-o", "again")
    assert done.returncode == 0, done.stderr
    (made,) = (installed.path / "again").glob("*.wav")
    assert soundfile.info(made).frames == soundfile.info(sound).frames
    assert np.abs(soundfile.read(made)[0]).max() > 0.01
