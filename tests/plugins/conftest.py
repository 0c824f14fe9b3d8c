"""Models of a backend that widens and blends, and of one that does neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import distill_core as distill
import pytest
from distill_core import Model, Registry

from ..conftest import Result
from . import found, importable


@pytest.fixture(scope="module")
def plugins() -> Iterator[Registry]:
    """Bring the backend that widens, and one that does not."""
    with importable("duet", "good"):
        yield Registry.installed(found("duet", "good"))


@pytest.fixture(scope="module")
def trained(
    plugins: Registry, pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Train a model of some type into a file, once for each set of settings."""
    folder, made = tmp_path_factory.mktemp("models"), {}

    def train(kind: str = "duet", seed: int = 1, **knobs: object) -> Path:
        name = f"{kind}-{seed}" + "".join(f"-{key}-{value}" for key, value in knobs.items())
        if name not in made:
            told = {"steps": 2, "seed": seed, "registry": plugins, **knobs}
            made[name] = distill.train(pack, kind, out=folder / f"{name}.distill", **told).model
        return made[name]

    return train


@pytest.fixture(scope="module")
def loaded(trained: Callable[..., Path], plugins: Registry) -> Callable[..., Model]:
    """Load such a model."""
    return lambda *told, **knobs: distill.load(trained(*told, **knobs), "cpu", plugins)


@pytest.fixture
def typed(
    distill: Callable[..., Result], plugins: Registry, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run the command with these plugins installed."""
    for module in (
        "cli.commands.generate",
        "cli.options",
        "cli.main",
        "core.loading",
        "cli.partners",
    ):
        monkeypatch.setattr(f"distill_{module}.environment", lambda: plugins)
    return distill
