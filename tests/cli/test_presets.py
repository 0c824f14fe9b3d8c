"""`--preset` and `distill presets`, on a stranger's type that makes presets of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distill_core as distill_python
import pytest
from distill_core.registry import environment

from ..conftest import Result
from ..plugins import importable

Distill = Callable[..., Result]


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    """Install the stranger's plugin beside the real ones."""
    with importable("good"):
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the stranger's type; read-only for tests."""
    out = tmp_path_factory.mktemp("hush") / "hush.distill"
    return distill_python.train(pack, "hush", out=out, steps=2, seed=1).model


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """Copy the model, to be changed."""
    return Path(shutil.copy(trained, tmp_path / "hush.distill"))


def take(distill: Distill, model: Path, *words: object) -> dict[str, Any]:
    """Make a short take; give its recipe."""
    out = model.parent / "takes"
    done = distill("generate", model, "-o", out, "--duration", "0.1", "--json", *words)
    assert done.code == 0, done.err
    sidecar = Path(json.loads(done.out)["takes"][0]["sidecar"])
    told: dict[str, Any] = json.loads(sidecar.read_text(encoding="utf-8"))
    return told


def test_generate_starts_from_a_preset(distill: Distill, model: Path) -> None:
    """The recipe holds the settings themselves, and where they came from."""
    recipe = take(distill, model, "--preset", "low and high", "--tilt", "low=1")
    assert recipe["preset"] == "low and high"
    assert recipe["settings"]["tilt"] == {"low": 1.0, "high": -0.25}
    assert recipe["settings"]["loudness"] == 0.5
    assert "preset" not in take(distill, model)


def test_an_unknown_preset_ends_with_the_nearest(distill: Distill, model: Path) -> None:
    """Exit 2, before anything is made."""
    done = distill("generate", model, "--preset", "sotf", "-o", model.parent / "takes")
    assert (done.code, done.out) == (2, "")
    assert "There is no preset 'sotf'" in done.err
    assert "Did you mean soft? It has: low and high, soft." in done.err
    assert not (model.parent / "takes").exists()


def test_a_model_without_presets_ignores_the_flag(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """A script that plays many models is not stopped by one of them."""
    words = ("--preset", "soft", "--duration", "0.1", "--json")
    done = distill("generate", kit, "-o", tmp_path / "takes", *words)
    assert done.code == 0, done.err
    assert "Warning: --preset: kit has no presets. Ignored." in done.err
    sidecar = Path(json.loads(done.out)["takes"][0]["sidecar"])
    assert "preset" not in json.loads(sidecar.read_text(encoding="utf-8"))
