"""The smoke test behind `distill plugins --check`: does a model type work at all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from distill_core.testing.smoke import smoke

from . import registry


def test_a_backend_that_works_has_nothing_to_tell() -> None:
    """It is trained, saved, loaded and played, without a word of the user's."""
    with registry("good") as found:
        assert smoke(found.claim("hush")) is None


@pytest.mark.parametrize("name", ["vqvae", "prior"])
def test_the_built_in_types_pass_it(name: str) -> None:
    """A companion is tried on a toy codec, so that no other backend need be there."""
    from distill_core.registry import environment

    assert smoke(environment().claim(name)) is None


@pytest.mark.parametrize(
    "hook", ["distill_build", "distill_train", "distill_load", "distill_generate"]
)
def test_what_fails_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, hook: str) -> None:
    """Each hook is really asked."""
    monkeypatch.setenv("FICKLE", f"{hook} raises")
    with registry("good", "fickle") as found:
        told = smoke(found.claim("fickle"))
    assert told is not None
    assert f"failed in {hook}: ValueError: a fickle mood." in told
    assert "\n" not in told


def test_it_needs_no_pytest() -> None:
    """Who only makes music has none."""
    code = "import sys; sys.modules['pytest'] = None; import distill_core.testing.smoke"
    subprocess.run([sys.executable, "-c", code], check=True)
