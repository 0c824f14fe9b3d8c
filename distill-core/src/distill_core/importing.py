"""Import a stranger's module so that what it does besides changes nothing for the command."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let what an import prints go to stderr, keep its warnings quiet, and stay in this folder.

    A print would spoil what --json writes, and in another folder the user's paths would name other
    files. Warnings are for the plugin's author, who sees them with `python -W default`.
    """
    here = _here()
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        try:
            yield
        finally:
            if here is not None and _here() != here:
                with suppress(OSError):  # it may be gone by now
                    os.chdir(here)


def _here() -> str | None:
    """Name the working folder; None where it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109 - Path.cwd adds nothing, and costs the import
    except OSError:
        return None
