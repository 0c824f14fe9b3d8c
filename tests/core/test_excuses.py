"""What a backend is excused from shows as an expected failure, in its own class alone."""

from __future__ import annotations

import pytest
from distill_core.testing import BackendTests

SILENT = "test_a_take_is_finite_and_not_silent"
LENGTH = "test_a_take_has_its_length_to_the_sample"  # which has parameters


def marks(cls: type, test: str) -> list[str]:
    """Name the marks of a test."""
    return [mark.name for mark in getattr(getattr(cls, test), "pytestmark", [])]


def test_an_excused_test_is_expected_to_fail_with_its_reason() -> None:
    """Who reads the report sees what the backend does not keep, and why."""

    class Quiet(BackendTests):
        model_type = "quiet"
        excused = {SILENT: "It plays silence."}

    (mark,) = (mark for mark in getattr(Quiet, SILENT).pytestmark if mark.name == "xfail")
    assert mark.kwargs == {"reason": "It plays silence."}
    assert "xfail" not in marks(BackendTests, SILENT)  # all other backends share that function


def test_an_excused_test_keeps_its_parameters() -> None:
    """They are marks of the function, too."""

    class Long(BackendTests):
        model_type = "long"
        excused = {LENGTH: "It makes what it likes."}

    assert sorted(marks(Long, LENGTH)) == ["parametrize", "xfail"]
    assert marks(BackendTests, LENGTH) == ["parametrize"]


@pytest.mark.parametrize(
    ("excused", "told"),
    [
        ({"test_a_take_is_finite": "Why not."}, f"there is no .* Did you mean {SILENT}"),
        ({SILENT: " "}, "needs a reason"),
    ],
)
def test_an_excuse_for_nothing_is_refused(excused: dict[str, str], told: str) -> None:
    """A typo would leave the test on, or hide that it was renamed."""
    with pytest.raises(TypeError, match=told):
        type("Wrong", (BackendTests,), {"model_type": "wrong", "excused": excused})
