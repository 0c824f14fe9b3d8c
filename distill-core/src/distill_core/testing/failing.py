"""How a test of the suite fails: in words for the backend's author, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from ..errors import DistillError


def fail(wrong: str, cure: str) -> NoReturn:
    """Fail with what was wrong and found, and then what to do.

    Args:
        wrong: a sentence without its full stop.
        cure: one or two sentences.
    """
    pytest.fail(f"{wrong}. {cure}", pytrace=False)


def fail_by(error: BaseException, wrong: str, cure: str) -> NoReturn:
    """Fail as `fail` does, and show by which way an error came: through the author's own code."""
    raise pytest.fail.Exception(f"{wrong}: {told(error)}. {cure}") from error


@contextmanager
def excepting(wrong: str, cure: str) -> Iterator[None]:
    """Fail as `fail_by` does where a block raises; arguments as of `fail`."""
    try:
        yield
    except Exception as error:  # an author's own code may raise anything
        fail_by(error, wrong, cure)


def told(error: BaseException) -> str:
    """Give an error's words without the hint, which is for users, and without a full stop."""
    return str(error.message if isinstance(error, DistillError) else error).rstrip(".")


def hold(condition: object, message: str) -> None:
    """Fail with a message, which says what to do, unless something holds."""
    if not condition:
        pytest.fail(message, pytrace=False)


def leave_to(test: str, why: str) -> NoReturn:
    """Skip what cannot be tried, since another test fails for the reason of it."""
    pytest.skip(f"{why}: see {test}")
