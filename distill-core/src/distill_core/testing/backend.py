"""The conformance suite: a class whose inheritance is the whole test file of a backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ..claims import Claim
from ..registry import Registry
from .blends import BlendTests
from .building import BuildingTests
from .bundled import TOY, registry_of
from .circumstances import CircumstanceTests
from .codes import CodesTests
from .contract import ContractTests
from .excuses import excuse
from .files import FileTests
from .morphs import MorphTests
from .playing import PlayingTests
from .training import TrainingTests
from .trial import Trial, write_sounds
from .widening import WideningTests


# pytest runs the tests of the last base first: causes before what follows from them
class BackendTests(
    CircumstanceTests,
    MorphTests,
    CodesTests,
    BlendTests,
    WideningTests,
    PlayingTests,
    FileTests,
    BuildingTests,
    TrainingTests,
    ContractTests,
):
    """All that a model type has to keep, tried as its users will try it.

        class TestHush(BackendTests):
            model_type = "hush"

    The distribution has to be installed (`pip install -e .`). Every fixture can be replaced by
    one of the same name in the inheriting class.

    Attributes:
        model_type: that is tried.
        small: knobs of model and training, by the field's name, that keep trainings quick.
        playing: knobs of generating that the takes are made with.
        host: for a companion, the model type that it is tried on; a toy codec by default.
        host_small: knobs that keep the host's training quick.
        excused: why a test need not pass, by its name; it shows as an expected failure.
    """

    model_type: ClassVar[str]
    small: ClassVar[Mapping[str, Any]] = {}
    playing: ClassVar[Mapping[str, Any]] = {}
    host: ClassVar[str] = TOY
    host_small: ClassVar[Mapping[str, Any]] = {}
    excused: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **told: Any) -> None:
        """Mark what is excused."""
        super().__init_subclass__(**told)
        excuse(cls, vars(cls).get("excused", {}))

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def own_home(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
        """Keep caches and models apart from the user's own."""
        home = tmp_path_factory.mktemp("home")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DISTILL_HOME", str(home))
            yield home

    @pytest.fixture(scope="class")
    @classmethod
    def sounds(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Synthesise a folder of sounds to learn from."""
        return write_sounds(tmp_path_factory.mktemp("sounds"))

    @pytest.fixture(scope="class")
    @classmethod
    def registry(cls, found: tuple[Distribution, ...], installed: tuple[Claim, ...]) -> Registry:
        """Give the plugins: of the type's own distribution, its host's, and the suite's toy."""
        hosts = [each.point for each in installed if each.kind == "backend"]
        named = [each.dist for each in hosts if each is not None and each.name == cls.host]
        return registry_of([*found, *filter(None, named)])

    @pytest.fixture(scope="class")
    @classmethod
    def trial(
        cls, registry: Registry, sounds: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> Trial:
        """Give the type with all that it takes to train it."""
        folder = tmp_path_factory.mktemp("models")
        return Trial(registry, cls.model_type, cls.small, sounds, folder, cls.host, cls.host_small)
