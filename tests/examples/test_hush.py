"""The smallest backend, as someone who installs it meets it, and what the scaffold writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from distill_cli.scaffold.naming import Names
from distill_cli.scaffold.writing import rendered

from ..environment import Environment
from .conftest import EXAMPLES, lines

HUSH = EXAMPLES / "distill-hush"
MOST_LINES = 60  # "in an afternoon" is no promise where the smallest backend is long
LEFT_BY_TOOLS = {"__pycache__", ".pytest_cache"}


@pytest.fixture(scope="module")
def installed(environment: Environment) -> Environment:
    """Install it, with its requirements checked."""
    environment.pip("install", HUSH)
    return environment


@pytest.fixture(scope="module")
def model(installed: Environment, pack: Path) -> Path:
    """Train it for some steps, as its users do."""
    done = installed.run(
        "distill", "train", pack, "--type", "hush", "-o", "hush.distill", "--steps", 4,
        "--seed", 1, "--channels", 2, "--sample-rate", 22050, "--lr", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Next: distill generate hush.distill" in done.stderr
    return installed.path / "hush.distill"


def test_the_example_is_what_the_scaffold_writes() -> None:
    """So what everyone reads, and what everyone starts from, is one thing that is tested."""
    there = {
        path.relative_to(HUSH).as_posix(): path.read_bytes()
        for path in HUSH.rglob("*")
        if path.is_file() and not LEFT_BY_TOOLS & set(path.parts)
    }
    assert there == {path: text.encode() for path, text in rendered(Names.of("hush")).items()}


def test_it_takes_sixty_lines() -> None:
    """It is the measure of how much Distill asks of a stranger."""
    assert 30 < lines(HUSH / "src") <= MOST_LINES
    assert lines(HUSH / "tests") <= 5


def test_its_type_and_its_knobs_are_there_with_no_other_change(installed: Environment) -> None:
    """Done-when 1: installed, it has flags with sentences in --help, and torch stays out."""
    rows = json.loads(installed.run("distill", "types", "--json").stdout)["types"]
    assert ("hush", "distill-hush") in {(row["name"], row["distribution"]) for row in rows}
    told = installed.run("distill", "train", "sounds", "--type", "hush", "--help").stdout
    assert "Settings of hush:" in told
    assert "Crops that it hears in one step." in told
    told = installed.run("distill", "generate", "--help").stdout
    assert "How much louder it plays." in told
    done = installed.python("-c", "import distill_hush, sys; print('torch' in sys.modules)")
    assert done.stdout == "False\n"


def test_it_plays_what_it_learnt(installed: Environment, model: Path) -> None:
    """Done-when 1: train and generate work, at any rate, in stereo, for as long as asked."""
    done = installed.run(
        "distill", "generate", model, "--count", 2, "--seed", 3, "--duration", 1.5, "--gain", 6,
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    takes = json.loads(done.stdout)["takes"]
    told = [(take["seconds"], take["sample_rate"], take["channels"]) for take in takes]
    assert told == [(1.5, 22050, 2)] * 2
    info = json.loads(installed.run("distill", "info", model, "--json").stdout)
    assert (info["model_type"], info["backend"]) == ("hush", "distill-hush 0.1.0")
    assert float(info["training"]["held_out_loss"]) > 0


def test_its_own_test_passes(installed: Environment) -> None:
    """Done-when 2: the suite that it inherits finds nothing wrong with it."""
    done = installed.run("pytest", "-q", "-p", "no:cacheprovider", HUSH)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout
    assert "xfailed" not in done.stdout


def test_removing_it_takes_all_of_it_away(installed: Environment, model: Path) -> None:
    """Done-when 1; and whoever has a model of it is told what to install."""
    installed.pip("uninstall", "-y", "distill-hush")
    try:
        assert "hush" not in installed.run("distill", "types").stdout
        assert "hush" not in installed.run("distill", "train", "--help").stdout
        done = installed.run("distill", "generate", model)
        assert (done.returncode, done.stdout) == (6, "")
        assert "distill-hush" in done.stderr
        assert done.stderr.count("\n") == 1
    finally:
        installed.pip("install", HUSH)
