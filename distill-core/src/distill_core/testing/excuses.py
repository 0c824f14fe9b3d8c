"""Tests that a backend is excused from, each with its reason, show as expected failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import pytest

from ..errors import nearest


def excuse(cls: type, excused: Mapping[str, str]) -> None:
    """Mark a suite's tests as expected to fail, in this class alone.

    Raises:
        TypeError: there is no test of that name, or no reason is given.
    """
    tests = [name for name in dir(cls) if name.startswith("test_")]
    for name, reason in excused.items():
        if name not in tests:
            raise TypeError(f"{cls.__name__}.excused: there is no {name}.{nearest(name, tests)}")
        if not isinstance(reason, str) or not reason.strip():
            raise TypeError(f"{cls.__name__}.excused: {name} needs a reason.")
        setattr(cls, name, pytest.mark.xfail(reason=reason)(_copy(getattr(cls, name))))


def _copy(test: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a test, since a mark stays on the function, which other classes share."""

    @wraps(test)
    def same(*args: Any, **told: Any) -> Any:
        return test(*args, **told)

    same.pytestmark = list(getattr(test, "pytestmark", []))  # type: ignore[attr-defined]
    return same
