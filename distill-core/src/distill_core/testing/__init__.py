"""What tells an author that a backend is right: inherit `BackendTests`, and run pytest.

from distill_core.testing import BackendTests


class TestHush(BackendTests):
    model_type = "hush"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backend import BackendTests

__all__ = ["BackendTests"]


def __getattr__(name: str) -> Any:
    """Import the suite when it is asked for: it needs pytest, which the smoke test does not."""
    if name != "BackendTests":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .backend import BackendTests

    return BackendTests
