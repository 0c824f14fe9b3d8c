"""What `distill plugins new` writes, installed and tried under a name that nobody chose for us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..environment import Environment

NAME = "My-tone2"


@pytest.fixture(scope="module")
def mine(environment: Environment) -> Path:
    """Do what a stranger is told to type first."""
    done = environment.run("distill", "plugins", "new", NAME, "./mine")
    assert (done.returncode, done.stdout) == (0, "Wrote distill-my-tone2 into mine: 5 files\n")
    assert done.stderr == "Next: pip install -e './mine[test]' && pytest ./mine\n"
    environment.pip("install", "./mine")
    return environment.path / "mine"


def test_it_passes_its_own_tests_at_once(environment: Environment, mine: Path) -> None:
    """Done-when 3: whoever begins with what is right notices at once what they break."""
    done = environment.run("pytest", "-q", "./mine")
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def test_it_is_found_and_works(environment: Environment, mine: Path) -> None:
    """By the name that was given it, with capital letters and all."""
    told = {"DISTILL_BACKENDS": "distill-my-tone2"}
    done = environment.run("distill", "plugins", "--check", "--json", variables=told)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(done.stdout)["plugins"]
    assert (row["name"], row["distribution"], row["ok"]) == (NAME, "distill-my-tone2", True)


def test_its_name_is_taken_from_then_on(environment: Environment, mine: Path) -> None:
    """A second of that name would make both useless."""
    done = environment.run("distill", "plugins", "new", NAME.lower(), "./other")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"distill-my-tone2 brings the model type {NAME}. Choose another name." in done.stderr
    assert not (environment.path / "other").exists()
