"""Whether the record of a model type, and its config classes, are as the contract says."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from ..claims import Claim
from ..controls import controls
from ..knobs import KEY
from ..model_type import ModelType
from ..vetting import SOUND, is_protocol
from .failing import fail, leave_to
from .subject import Subject, told_types
from .wording import is_sentence

ROLES = ("model", "training", "generating")
CLASSES = "test_its_configs_are_attrs_classes"
KNOBS = "test_its_configs_hold_knobs_only"
DECLARED = "@attrs.frozen(kw_only=True)"


class DeclaringTests(Subject):
    """What `distill_model_types` gives."""

    @pytest.fixture(scope="class")
    @classmethod
    def configs(cls, record: ModelType) -> dict[str, type]:
        """Give the config classes by role: model, training, generating."""
        found = {role: getattr(record, role) for role in ROLES}
        odd = [role for role, each in found.items() if not _is_config(each)]
        if odd:
            leave_to(CLASSES, f"its {odd[0]} config is no attrs class")
        return found

    def test_its_record_bears_the_entry_points_name(self, plugin: Any, claim: Claim) -> None:
        """Files, flags and commands know the type by that name alone."""
        told = told_types(plugin)
        names = [each.name for each in told if isinstance(each, ModelType)]
        if len(names) < len(told) or names.count(claim.name) != 1:
            fail(
                f"distill_model_types gives {_shown(told)}, not one ModelType named {claim.name!r}",
                "Return a list of ModelType records, one a type, each with the name of its entry"
                " point.",
            )

    def test_its_versions_are_whole_numbers(self, record: ModelType) -> None:
        """A file's version is looked up in them, and the last is written."""
        told: Any = record.versions
        whole = isinstance(told, tuple) and told and all(type(each) is int for each in told)
        if not whole or min(told) < 1 or sorted(set(told)) != list(told):
            fail(
                f"ModelType.versions is {told!r}",
                "Write a tuple of whole numbers from 1 up, as (1,): those of the files that it"
                " reads, the one that it writes last.",
            )

    def test_its_summary_is_a_sentence(self, record: ModelType) -> None:
        """People read it where they choose a type."""
        if not is_sentence(record.summary):
            fail(
                f"ModelType.summary is {record.summary!r}",
                "Write a full sentence: a capital letter, more than one word, a full stop.",
            )

    def test_its_protocols_are_cores(self, record: ModelType) -> None:
        """Companions and hosts are matched by them."""
        for name in ("provides", "needs"):
            told = getattr(record, name)
            if not isinstance(told, frozenset) or not all(map(is_protocol, told)):
                fail(
                    f"ModelType.{name} is {told!r}",
                    f"Write a frozenset of distill_core's protocols, as {name}=frozenset({{"
                    "Tokenizer}), or leave it out.",
                )

    def test_its_configs_are_attrs_classes(self, record: ModelType) -> None:
        """Options, widgets and checks derive from their fields."""
        for role in ROLES:
            told = getattr(record, role)
            if not _is_config(told):
                fail(f"ModelType.{role} is {told!r}", f"Make it a class below {DECLARED}.")

    def test_its_configs_are_frozen(self, configs: dict[str, type]) -> None:
        """A setting that changed on the way would not be the one in the file."""
        for cls in configs.values():
            if not _is_frozen(cls):
                fail(f"{cls.__name__} is not frozen", f"Declare it below {DECLARED}.")

    def test_its_configs_are_keyword_only(self, configs: dict[str, type]) -> None:
        """A setting may come between two others in the next version; places would shift."""
        for cls in configs.values():
            loose = [field.name for field in attrs.fields(cls) if field.init and not field.kw_only]
            if loose:
                fail(
                    f"{cls.__name__} takes {', '.join(loose)} by place",
                    f"Declare it below {DECLARED}.",
                )

    def test_its_configs_hold_knobs_only(self, configs: dict[str, type]) -> None:
        """What is no knob has no option, no check and no place in the model file."""
        for cls in configs.values():
            for field in attrs.fields(cls):
                if KEY not in field.metadata or not field.init:
                    fail(
                        f"{cls.__name__}.{field.name} is not declared with knob(...)",
                        f"Write {field.name}: … = knob(DEFAULT, help=…), or make it a constant"
                        " or a property where nobody is to set it.",
                    )
            try:
                controls(cls)
            except Exception as error:  # a type that no setting has, or that cannot be resolved
                fail(
                    f"The types of {cls.__name__} cannot be read: {error}",
                    "A setting is a bool, int, float, str, Path, Literal[…] or dict[str, float],"
                    " each with | None where it may be automatic; import them for real, and not"
                    " below TYPE_CHECKING.",
                )

    def test_a_host_knows_its_rate_and_channels(
        self, claim: Claim, configs: dict[str, type]
    ) -> None:
        """Core brings every sound to them; a companion has its host's."""
        if claim.kind == "companion":
            pytest.skip("a companion has its host's")
        cls = configs["model"]
        kinds = {field.name: field.type for field in attrs.fields(cls)}
        missing = [name for name in SOUND if kinds.get(name) not in {int, "int"}]
        if missing:
            fail(
                f"{cls.__name__} has no whole number {' and '.join(missing)}",
                "Declare both as knobs of type int: sample_rate in Hz, and channels.",
            )


def _is_config(told: Any) -> bool:
    return isinstance(told, type) and attrs.has(told)


def _is_frozen(cls: type) -> bool:
    """Try to change an object that was made without its defaults, which may be wrong."""
    blank: Any = object.__new__(cls)
    fields = attrs.fields(cls)
    try:
        setattr(blank, fields[0].name if fields else "nothing", None)
    except attrs.exceptions.FrozenInstanceError:
        return True
    except Exception:  # a check of the value: so it would have been set
        return False
    return False


def _shown(told: list[Any]) -> str:
    named = [each.name if isinstance(each, ModelType) else type(each).__name__ for each in told]
    return f"[{', '.join(map(repr, named))}]"
