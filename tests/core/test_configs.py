"""One declaration, every door: what a knob says holds wherever a value comes from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import attrs
import numpy as np
import pytest
import torch
from distill_core.configs import automatic, by_flag, structure, unstructure
from distill_core.controls import controls
from distill_core.device import set_threads
from distill_core.errors import ConfigError
from distill_core.knobs import knob


@attrs.frozen(kw_only=True)
class Every:
    """A setting of each kind."""

    on: bool = knob(True, help="A switch.")
    levels: int = knob(3, help="A count.", min=1, max=8, flag="depth")
    lr: float = knob(3e-4, help="Learning rate.", min=1e-6, max=1, scale="log")
    mode: Literal["ema", "learned"] = knob("ema", help="A choice.")
    label: str = knob("x", help="Words.")
    prompt: Path | None = knob(None, help="A file.")
    slider: dict[str, float] = knob({}, help="Positions.", min=-1, max=1)
    size: int | None = knob(None, help="Automatic.", min=2)
    gain: float = knob(0.0, help="A level.", unit="dB")


def test_a_config_comes_back_from_its_plain_table_unchanged() -> None:
    """The model file holds the table, and a network is rebuilt from it."""
    config = Every(on=False, levels=8, prompt=Path("a.wav"), slider={"bright": 0.5})
    assert structure(Every, unstructure(config)) == config


def test_all_wrong_fields_are_told_at_once_in_the_words_of_the_command_line() -> None:
    """Mending one fault only to meet the next is what users hate."""
    with pytest.raises(ConfigError) as caught:
        structure(Every, {"lr": 30, "levels": 3.9, "on": "false", "mod": 1}, by_flag(Every))
    text = str(caught.value)
    assert "--lr: 30 must lie between 1e-06 and 1" in text
    assert "--depth: 3.9 is not a whole number" in text
    assert "--on: 'false' is not true or false" in text
    assert "--mod: no such setting (did you mean --mode?)" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", 1), ("on", "true"), ("levels", True), ("levels", 2.0), ("levels", 0),
        ("lr", "3"), ("lr", float("nan")), ("lr", float("inf")), ("lr", True), ("mode", "EMA"),
        ("label", 3), ("prompt", 3), ("slider", {"a": 2.0}), ("slider", {"a": "b"}),
        ("slider", [1]), ("size", 1), ("levels", None),
    ],
)  # fmt: skip
def test_nothing_is_coerced_and_bounds_hold(field: str, value: object) -> None:
    """bool("false") is True and int(3.9) is 3: neither may happen, by table or by keyword."""
    with pytest.raises(ConfigError, match=field):
        structure(Every, {field: value})
    with pytest.raises(ConfigError, match=field):
        Every(**{field: value})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "nan must lie between 1e-06 and 1"),
        (float("inf"), "inf must lie between 1e-06 and 1"),
        (1.0000001, "1.0000001 must lie between 1e-06 and 1"),
        (10**400, "a number that large must lie between 1e-06 and 1"),
        (10**5000, "a number that large must lie"),
        (Fraction(3, 2), "1.5 must lie"),
        (np.float64(30), "30 must lie"),
        ("x" * 10_000, "… is not a number"),
        ("a\nb", r"'a\nb' is not a number"),
        (np.zeros((3, 3)), "0.]]) is not a number"),
    ],
    ids=lambda each: "" if isinstance(each, str) else type(each).__name__,
)
def test_a_wrong_value_is_shown_as_it_was_typed_and_short(value: object, words: str) -> None:
    """What is rounded for the message looks as if it were right; what is long hides the rest."""
    with pytest.raises(ConfigError) as caught:
        structure(Every, {"lr": value})
    text = str(caught.value)
    assert words in text
    assert "\n" not in text
    assert len(text) < 120


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), torch.tensor(0.5)])
def test_one_number_of_numpy_or_torch_is_a_number(value: object) -> None:
    """People compute what they pass; the config holds a plain number all the same."""
    config = structure(Every, {"lr": value, "levels": np.int64(2), "on": np.True_})
    assert (type(config.lr), type(config.levels), config.on) == (float, int, True)


def test_minus_nothing_is_nothing() -> None:
    """-0.0 and 0 are the same setting, so recipes say the same."""
    assert str(structure(Every, {"slider": {}, "gain": -0.0}).gain) == "0.0"


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [("mode", "EMA", "ema"), ("mode", "lerned", "learned"), ("levls", 1, "levels")],
)
def test_what_was_meant_is_suggested(field: str, value: object, meant: str) -> None:
    """Names and choices alike."""
    with pytest.raises(ConfigError, match=rf"\(did you mean {meant}\?\)"):
        structure(Every, {field: value})


def test_whole_numbers_are_numbers() -> None:
    """`--lr 1` and JSON's 1 mean 1.0."""
    assert structure(Every, {"lr": 1}).lr == 1.0


def test_a_control_says_all_that_a_form_needs() -> None:
    """Widgets and options are made from these records alone."""
    made = {each.name: each for each in controls(Every)}
    assert made["levels"].flag == "--depth"
    assert made["mode"].choices == ("ema", "learned")
    assert made["size"].optional
    assert made["size"].default is None
    assert [each.kind for each in made.values()] == [
        "bool", "int", "float", "choice", "text", "path", "table", "int", "float",
    ]  # fmt: skip


def test_automatic_lists_only_what_was_filled() -> None:
    """It is what is shown as (auto); what the user chose is not."""
    assert automatic(Every(), Every(size=64, levels=2)) == {"size": 64}


def test_a_field_that_is_no_knob_is_its_authors_error() -> None:
    """Such a setting would have no flag, no slider and no check."""

    @attrs.frozen(kw_only=True)
    class Odd:
        count: int = 3

    with pytest.raises(TypeError, match=r"Odd\.count"):
        controls(Odd)


@pytest.mark.parametrize("threads", [0, -1, 10**9, 1.5, "2", True])
def test_an_impossible_number_of_threads_is_refused(threads: Any) -> None:
    """OpenMP ends the whole process where it cannot allocate so many; a notebook goes with it."""
    before = torch.get_num_threads()
    with pytest.raises(ConfigError, match="must be a whole number from 1 to 256"):
        set_threads(threads)
    assert torch.get_num_threads() == before
