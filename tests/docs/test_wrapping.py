"""The guide's three plugins that own no model do what it says of them, whoever owns the model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .guide import Reader

LOUDNESS, PEAK = 0.1, 0.99  # that the guide's wrapper promises
NEAR = 0.03  # of the loudness; core's fades at the ends take a little
PLAY = """
import sys
import numpy
import distill_core
for number, path in enumerate(sys.argv[2:]):
    model = distill_core.load(path, device="cpu")
    together = list(model.takes([7, 8], batch=2))
    again = [model.generate(seed=seed) for seed in (7, 8)]
    for take, same in zip(together, again):
        assert numpy.allclose(take.audio.samples, same.audio.samples, atol=1e-4), take.seed
        file = f"{sys.argv[1]}/{number}-{take.seed}.npy"
        numpy.save(file, same.audio.samples)
"""


@pytest.fixture(scope="module")
def place(reader: Reader) -> Path:
    """Follow the guide to its end; give the folder that its models are in."""
    fault = reader.follow(len(reader.blocks) - 1)
    if fault:
        pytest.skip(f"the guide does not lead there: {fault}")
    return reader.folder.parent


@pytest.fixture(scope="module")
def models(place: Path, kit: Path) -> list[Path]:
    """List models of several owners: strangers', and ours with a companion that plays."""
    return [place / "hush.distill", place / "grain.distill", kit]


def play(reader: Reader, place: Path, name: str, models: list[Path]) -> list[np.ndarray]:
    """Let each model make two takes, to their natural ends; together, and each alone."""
    folder = place / name
    folder.mkdir()
    done = reader.environment.run("python", "-c", PLAY, folder, *models)
    assert done.returncode == 0, done.stderr
    return [np.load(file) for file in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def with_it(reader: Reader, place: Path, models: list[Path]) -> list[np.ndarray]:
    """Play with the wrapper installed."""
    return play(reader, place, "with", models)


@pytest.fixture(scope="module")
def without(reader: Reader, with_it: list[np.ndarray], models: list[Path]) -> list[np.ndarray]:
    """Play once it is gone, with nothing else changed."""
    assert len(with_it) == 2 * len(models)
    reader.environment.pip("uninstall", "-y", "distill-level")
    return play(reader, reader.folder.parent, "without", models)


def loudness(sound: np.ndarray) -> float:
    """Give the root mean square."""
    return float(np.sqrt(np.square(sound).mean()))


def test_the_listener_heard_every_epoch_that_the_journal_has(place: Path) -> None:
    """A listener that missed some would be worse than none."""
    told = (place / "again.run" / "events.jsonl").read_text().splitlines()
    epochs = [each for each in map(json.loads, told) if each["event"] == "epoch"]
    lines = (place / "again.run" / "logbook.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines] == [
        [each["stage"], str(each["step"])] for each in epochs
    ]
    assert epochs


def test_the_command_stands_under_its_distribution_until_it_is_gone(
    reader: Reader, place: Path
) -> None:
    """Whoever wonders where a command is from reads it there."""
    run = reader.environment.run
    below = run("distill", "--help").stdout.partition("From distill-seeds:\n")[2]
    assert below.split("\n\n")[0].split()[0] == "seeds"
    assert "Usage: distill seeds [OPTIONS] FOLDER" in run("distill", "seeds", "--help").stdout
    reader.environment.pip("uninstall", "-y", "distill-seeds")
    assert "seeds" not in run("distill", "--help").stdout
    assert run("distill", "seeds", place).returncode == 2


def test_the_wrapper_makes_takes_as_loud_as_it_says(with_it: list[np.ndarray]) -> None:
    """Those of a stranger, and those of a companion on a codec, each of a batch."""
    for sound in with_it:
        peaks = float(np.abs(sound).max()) > PEAK - NEAR
        assert abs(loudness(sound) / LOUDNESS - 1) < NEAR or (peaks and loudness(sound) < LOUDNESS)


def test_without_the_wrapper_takes_are_as_they_were_made(
    with_it: list[np.ndarray], without: list[np.ndarray]
) -> None:
    """It changes the level and nothing else, and uninstalling it ends that."""
    for loud, plain in zip(with_it, without, strict=True):
        assert loud.shape == plain.shape
        assert not np.array_equal(loud, plain)
        assert np.corrcoef(loud.ravel(), plain.ravel())[0, 1] > 0.999
