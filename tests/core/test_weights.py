"""How much of each model is in a blend."""

from __future__ import annotations

import math

import pytest
from distill_core.errors import ConfigError
from distill_core.generating.weights import Weights


def test_weights_that_sum_to_one_are_taken_as_they_are() -> None:
    """Also where floats cannot say it exactly."""
    for told in ([0.6, 0.4], [0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3]):
        made = Weights.of("abcd"[: len(told)], told)
        assert made.shares == pytest.approx(told)
        assert not made.warning


def test_others_are_normalised_and_told() -> None:
    """A slip of the hand must not be a surprise, nor an end."""
    made = Weights.of("ab", [1, 0.5])
    assert made.shares == pytest.approx((2 / 3, 1 / 3))
    assert made.warning == "the weights of --blend sum to 1.5; taken as 0.667 and 0.333."
    assert Weights.of("abc", [1, 1, 2]).warning.endswith("taken as 0.25, 0.25 and 0.5.")


def test_a_leader_without_a_weight_has_what_is_left() -> None:
    """`distill generate MODEL --blend OTHER=0.4` is what one types first."""
    assert Weights.of("abc", [None, 0.4, 0.1]).shares == pytest.approx((0.5, 0.4, 0.1))


@pytest.mark.parametrize("told", [[None, 1.0], [None, 0.6, 0.4], [None, 3]])
def test_a_leader_without_anything_left_is_an_error(told: list[float | None]) -> None:
    """Silence from the model that was named first would be taken for a fault."""
    with pytest.raises(ConfigError, match="leaves none to a"):
        Weights.of("abc"[: len(told)], told)


@pytest.mark.parametrize("weight", [0, -0.1, math.inf, math.nan, True, "0.5"])
def test_a_weight_is_a_number_above_nothing(weight: object) -> None:
    """And is named with its model."""
    with pytest.raises(ConfigError, match="the weight of b is"):
        Weights.of("ab", [0.5, weight])


@pytest.mark.parametrize(("count", "told"), [(1, "here is one"), (5, "here are 5")])
def test_a_blend_is_of_two_to_four(count: int, told: str) -> None:
    """One is no blend, and of five nobody hears each."""
    with pytest.raises(ConfigError, match=told):
        Weights.of("abcde"[:count], [1 / count] * count)


@pytest.mark.parametrize("told", [[1e308, 1e308], [1e-320, 1e-320]])
def test_numbers_at_the_edge_have_shares_all_the_same(told: list[float]) -> None:
    """What is finite is a weight."""
    assert Weights.of("ab", told).shares == pytest.approx((0.5, 0.5))
