"""Sort the knobs a user gave to the stages and config classes they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import fields, frozen

from ..configs import Caller, Configs, by_flag, structure
from ..controls import control
from ..errors import ConfigError, aside, near
from ..model_type import ModelType
from ..reserved import KEYWORDS, TRAINING


@frozen
class Setting:
    """One knob of a stage: how it is called in this job, and where it belongs."""

    called: str
    model_type: ModelType
    config_class: type
    name: str


def settings(types: Sequence[ModelType]) -> dict[str, Setting]:
    """List the knobs of a training job by the name they have in it.

    The first stage's knobs have their own names; a companion's carry its name in front.
    """
    found: dict[str, Setting] = {}
    for index, each in enumerate(types):
        for cls in (each.model, each.training):
            for name in (one.name for one in fields(cls)):
                called = name if index == 0 else f"{each.name}_{name}"
                found[called] = Setting(called, each, cls, name)
    return found


def sort(
    types: Sequence[ModelType], given: Mapping[str, Any], flags: bool = False
) -> dict[str, Configs]:
    """Make the configs of every stage from what the user gave, all faults at once.

    Args:
        types: the stages' types, in their order.
        given: values by keyword, as `settings` lists them.
        flags: complain in the command line's words rather than in Python's.

    Raises:
        ConfigError: unknown names and wrong values, together.
    """
    known = settings(types)
    faults = [
        f"{name}: no such setting{aside(_meant(name, types, known))}"
        for name in sorted(given)
        if name not in known
    ]
    configs = {}
    for index, each in enumerate(types):
        front = f"{each.name}_" if index else ""
        made: list[Any] = []
        for cls in (each.model, each.training):
            mine = {
                one.name: given[keyword]
                for keyword, one in known.items()
                if one.model_type is each and one.config_class is cls and keyword in given
            }
            try:
                called = by_flag(cls, front) if flags else _in_python(front)
                made.append(structure(cls, mine, called))
            except ConfigError as error:
                faults.append(error.message.rstrip("."))
        if len(made) == 2:
            configs[each.name] = Configs(*made)
    if faults:
        raise ConfigError("; ".join(faults) + ".")
    return configs


def _meant(name: str, types: Sequence[ModelType], known: Mapping[str, Setting]) -> str | None:
    """Find the setting that was meant: the option's name for it, a type's name in front or none."""
    meant = {_typed(each): keyword for keyword, each in known.items()} | {k: k for k in known}
    fronted = [f"{each.name}_{name}" for each in types]
    bare = [name.removeprefix(f"{each.name}_") for each in types]
    exact = next((meant[each] for each in [name, *fronted, *bare] if each in meant), None)
    return exact or near(name, [*known, *KEYWORDS[TRAINING]])


def _typed(setting: Setting) -> str:
    """Spell a setting as its option is typed, with _ for -."""
    bare = control(setting.config_class, setting.name).flag.removeprefix("--").replace("-", "_")
    return setting.called.removesuffix(setting.name) + bare


def _in_python(front: str) -> Caller:
    return lambda name: front + name
