"""How a test of the suite fails: in words for the backend's author, without a traceback."""

from __future__ import annotations

from typing import NoReturn

import pytest


def fail(wrong: str, cure: str) -> NoReturn:
    """Fail with what was wrong and found, and then what to do.

    Args:
        wrong: a sentence without its full stop.
        cure: one or two sentences.
    """
    pytest.fail(f"{wrong}. {cure}", pytrace=False)


def hold(condition: object, message: str) -> None:
    """Fail with a message, which says what to do, unless something holds."""
    if not condition:
        pytest.fail(message, pytrace=False)


def leave_to(test: str, why: str) -> NoReturn:
    """Skip what cannot be tried, since another test fails for the reason of it."""
    pytest.skip(f"{why}: see {test}")
