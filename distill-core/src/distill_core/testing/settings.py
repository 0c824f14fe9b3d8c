"""Whether each knob can be shown, typed, checked and kept in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import pytest

from ..claims import Claim
from ..configs import structure, unstructure
from ..controls import Control, controls
from ..errors import ConfigError
from ..reserved import CALLS, COMPANION, GENERATING, KEYWORDS, TRAINING, spellings, taken
from ..strict import dump, parse
from ..vetting import FLAG, SHORT
from .declaring import KNOBS, ROLES, DeclaringTests
from .failing import fail, leave_to
from .wording import is_sentence

SCALES = ("linear", "log")
UNKNOWN = "no_such_setting"


class SettingsTests(DeclaringTests):
    """What `knob` was told."""

    @pytest.fixture(scope="class")
    @classmethod
    def knobs(cls, configs: dict[str, type]) -> dict[str, dict[str, Control]]:
        """Give the knobs by role, and in it by "Class.field"."""
        try:
            return {
                role: {
                    f"{configs[role].__name__}.{each.name}": each
                    for each in controls(configs[role])
                }
                for role in ROLES
            }
        except Exception:
            leave_to(KNOBS, "a config class has more than knobs")

    def test_every_knob_has_a_sentence(self, knobs: dict[str, dict[str, Control]]) -> None:
        """It is all that --help, the browser and the tables say of it."""
        for where, knob in _every(knobs):
            if not is_sentence(knob.told.help):
                fail(
                    f"The help of {where} is {knob.told.help!r}",
                    "Write a full sentence: a capital letter, more than one word, a full stop.",
                )

    def test_bounds_are_numbers_in_order(self, knobs: dict[str, dict[str, Control]]) -> None:
        """A slider goes from the smaller to the larger, on a scale that has both."""
        for where, knob in _every(knobs):
            low, high, scale = knob.told.min, knob.told.max, knob.told.scale
            for bound in (low, high):
                if bound is not None and type(bound) not in {int, float}:
                    fail(f"{where} has the bound {bound!r}", "Give min and max as numbers.")
            if low is not None and high is not None and not low < high:
                fail(
                    f"{where} has min={low:g} and max={high:g}",
                    "Let min be less than max; a value that cannot be set is no knob.",
                )
            if scale not in SCALES:
                fail(f"{where} has scale={scale!r}", f"Choose one of {', '.join(SCALES)}.")
            if scale == "log" and (low is None or low <= 0 or high is None):
                fail(
                    f'{where} has scale="log" from {low} to {high}',
                    "Give it a min above 0 and a max, or leave the scale linear.",
                )

    def test_bounds_contain_the_default(self, knobs: dict[str, dict[str, Control]]) -> None:
        """A default that may not be typed would end in an error that nobody caused."""
        for where, knob in _every(knobs):
            fault = None if knob.default is None else knob.fault(knob.default)
            if fault:
                fail(
                    f"The default of {where} is wrong: {fault}",
                    "Change the default, or the type, the choices or the bounds.",
                )

    def test_only_optional_knobs_are_automatic(self, knobs: dict[str, dict[str, Control]]) -> None:
        """None stands for "follow the data", which the type has to say."""
        for where, knob in _every(knobs):
            if knob.default is attrs.NOTHING:
                fail(f"{where} has no default", "Give it one: knob(DEFAULT, help=…).")
            if knob.default is None and not knob.optional:
                fail(
                    f"The default of {where} is None, which its type does not have",
                    f"Write {knob.name}: … | None and fill it in distill_adapt, or give a default.",
                )

    def test_flags_can_be_typed(self, knobs: dict[str, dict[str, Control]]) -> None:
        """A flag is small letters, digits and -, a short one a letter."""
        for where, knob in _every(knobs):
            short = knob.told.short
            if not FLAG.fullmatch(knob.flag) or (short is not None and not SHORT.fullmatch(short)):
                fail(
                    f"{where} has the flag {' or '.join(spellings(knob))!r}",
                    'Name the field, or give flag="…", in small letters, digits and -; short="…"'
                    " is one letter.",
                )

    def test_flags_are_unique(self, knobs: dict[str, dict[str, Control]]) -> None:
        """Model and training settings stand in one command, generating ones in another."""
        for job in (("model", "training"), ("generating",)):
            first: dict[str, str] = {}
            for where, knob in _every({role: knobs[role] for role in job}):
                for flag in spellings(knob):
                    if flag in first:
                        fail(
                            f"{where} has the flag {flag}, which {first[flag]} has",
                            'Rename one of the fields, or give one of them flag="…".',
                        )
                    first[flag] = where

    def test_flags_are_unreserved(self, knobs: dict[str, dict[str, Control]], claim: Claim) -> None:
        """A flag that a command owns would leave the knob without an option."""
        for job, where, knob in _jobs(knobs, claim):
            own = taken(knob, job)
            if own:
                fail(
                    f"{where} has the flag {' and '.join(own)}, which `{job}` has itself",
                    'Rename the field, or give flag="…" or short="…".',
                )

    def test_names_are_unreserved(self, knobs: dict[str, dict[str, Control]], claim: Claim) -> None:
        """In Python settings are keywords, beside those of the function that takes them."""
        for job, where, knob in _jobs(knobs, claim):
            if knob.name in KEYWORDS[job]:
                fail(
                    f"{where} has the name of an argument of {CALLS[job]}, which takes it away",
                    "Rename the field.",
                )

    def test_settings_survive_the_file(
        self, configs: dict[str, type], knobs: dict[str, dict[str, Control]]
    ) -> None:
        """What the model file and the recipe hold builds the same network and take again."""
        for role, cls in configs.items():
            for given in _samples(knobs[role].values()):
                try:
                    made = cls(**given)
                except ConfigError:
                    continue  # refused beside the other defaults, in words for the user
                again: Any = structure(cls, parse(dump(unstructure(made))))
                if again != made:
                    fail(
                        f"{made} comes back from JSON as {again} ({role})",
                        "Let the class be an attrs class of knobs that compares by their values,"
                        " and change none of them while it is made.",
                    )

    def test_wrong_settings_are_refused_together(
        self, configs: dict[str, type], knobs: dict[str, dict[str, Control]]
    ) -> None:
        """Whoever has two mistakes in a command mends both at once."""
        for role, cls in configs.items():
            first = [each.name for each in knobs[role].values()][:1]
            wrong: dict[str, Any] = {UNKNOWN: 1} | {name: [] for name in first}
            try:
                structure(cls, wrong)
                told = "nothing"
            except ConfigError as error:
                told = str(error)
            missing = [name for name in wrong if name not in told]
            if missing:
                fail(
                    f"{cls.__name__} given {wrong} says {told}, without {' and '.join(missing)}",
                    "Let attrs write its __init__, with the checks that knob(...) brings.",
                )


def _every(knobs: dict[str, dict[str, Control]]) -> Iterator[tuple[str, Control]]:
    """Go through the knobs of some roles, each with "Class.field"."""
    for some in knobs.values():
        yield from some.items()


def _jobs(knobs: dict[str, dict[str, Control]], claim: Claim) -> Iterator[tuple[str, str, Control]]:
    """Go through all knobs, each with the command that has it, and with "Class.field"."""
    training = COMPANION if claim.kind == "companion" else TRAINING
    for role, some in knobs.items():
        for where, knob in some.items():
            yield GENERATING if role == "generating" else training, where, knob


def _samples(knobs: Iterable[Control]) -> Iterator[dict[str, Any]]:
    """Give the defaults, and beside them each knob at each bound or choice."""
    yield {}
    for knob in knobs:
        ends = [each for each in (knob.told.min, knob.told.max) if each is not None]
        found: list[Any] = list(knob.choices)
        if knob.kind == "bool":
            found = [False, True]
        elif knob.kind == "table":
            found = [{"some name": float(each)} for each in ends]
        elif knob.kind in {"int", "float"}:
            found = [int(each) if knob.kind == "int" else float(each) for each in ends]
        for value in found:
            yield {knob.name: value}
