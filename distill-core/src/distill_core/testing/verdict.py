"""How a conformance test says no: what was wrong, what was found, what to do."""

from __future__ import annotations

from typing import NoReturn

import pytest


def wrong(message: str) -> NoReturn:
    """Fail with a message instead of a traceback into a suite that the author did not write."""
    pytest.fail(message, pytrace=False)


def hold(condition: object, message: str) -> None:
    """Fail with a message unless something holds."""
    if not condition:
        wrong(message)
