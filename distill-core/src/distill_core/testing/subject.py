"""What is tested: the distribution that brings a model type, its module, and its record."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution
from typing import Any, ClassVar

import pytest

from ..claims import Claim, installed_claims
from ..errors import DistillError
from ..importing import undisturbed
from ..model_type import ModelType
from ..registry import Registry
from .failing import leave_to
from .marks import missing

FINDING = "test_one_installed_distribution_brings_it"
ACCEPTING = "test_core_accepts_it"
NEEDING = "test_every_needed_hook_is_there"
NAMING = "test_its_record_bears_the_entry_points_name"


class Subject:
    """The fixtures that every test of the suite starts from; each can be replaced.

    They hold the plugin as it is, and not as core lets it through: so one fault fails the test
    that is about it, and what cannot be tried for it is skipped.

    Attributes:
        model_type: the type that is tested; the entry point's name.
    """

    model_type: ClassVar[str] = ""

    @pytest.fixture(scope="class")
    @classmethod
    def installed(cls) -> tuple[Claim, ...]:
        """List what all installed distributions bring, as core reads it."""
        return installed_claims()

    @pytest.fixture(scope="class")
    @classmethod
    def claims(cls, installed: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """List every claim of the type."""
        return tuple(each for each in installed if each.owns and each.name == cls.model_type)

    @pytest.fixture(scope="class")
    @classmethod
    def claim(cls, claims: tuple[Claim, ...]) -> Claim:
        """Give the entry point that brings the type."""
        if not claims:
            leave_to(FINDING, "no distribution brings it")
        return claims[0]

    @pytest.fixture(scope="class")
    @classmethod
    def distribution(cls, claim: Claim) -> Distribution:
        """Give the distribution that brings the type."""
        found = claim.point.dist if claim.point is not None else None
        if found is None:
            leave_to(FINDING, "its metadata cannot be read")
        return found

    @pytest.fixture(scope="class")
    @classmethod
    def plugin(cls, claim: Claim) -> Any:
        """Import the module that the entry point names, which has the hooks."""
        if claim.point is None:
            leave_to(ACCEPTING, "its entry point cannot be read")
        try:
            with undisturbed():
                claim.point.load()
            return sys.modules[claim.point.module]
        except BaseException as error:  # a plugin may do anything, also quit
            if isinstance(error, KeyboardInterrupt):
                raise
            leave_to(ACCEPTING, f"it cannot be imported ({type(error).__name__})")

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, plugin: Any) -> ModelType:
        """Give the record of the type as the plugin tells it, without core's checks."""
        told = [each for each in told_types(plugin) if isinstance(each, ModelType)]
        named = [each for each in told if each.name == cls.model_type]
        return named[0] if named else leave_to(NAMING, "it brings no such ModelType")

    @pytest.fixture(scope="class")
    @classmethod
    def found(
        cls, distribution: Distribution, plugin: Any, record: ModelType
    ) -> tuple[Distribution, ...]:
        """Give what to make a registry of: the distributions that have to be there."""
        try:
            Registry.installed([distribution]).owner(cls.model_type)
        except DistillError:
            leave_to(ACCEPTING, "core does not accept it")
        lacks = missing(plugin, record)
        if lacks:
            leave_to(NEEDING, f"it has no {lacks[0]}")
        return (distribution,)


def told_types(plugin: Any) -> list[Any]:
    """Ask a plugin's module which types it brings; an answer that is no list is none."""
    try:
        told = plugin.distill_model_types()
    except Exception as error:
        leave_to(ACCEPTING, f"its distill_model_types fails ({type(error).__name__})")
    return list(told) if isinstance(told, list | tuple) else []
