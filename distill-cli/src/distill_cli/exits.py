"""The door: every failure a user can mend becomes one line and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

import click
from distill_core.errors import BackendError, DistillError, Interrupted, StorageError

from .interrupts import broken_off
from .screen import Screen
from .start import INTERRUPTED
from .streams import settle

STDOUT = "standard output"
OURS = "distill_"  # how our modules are called: one that lacks a name is a bug


def guarded(run: Callable[[], object], screen: Screen) -> int:
    """Run a command and give its exit code; a bug of ours keeps its traceback.

    Whatever the standard streams are (see `open_all`, which comes before any file is opened), the
    interpreter finds nothing left in them that could fail.
    """
    try:
        code = _translated(lambda: _run(run), screen)
    finally:
        left = settle()
    lost = screen.lost or left
    if lost is None or code:
        return code
    lost.filename = STDOUT
    error = StorageError.of(lost, "Not all that was asked for could be written there.")
    screen.fail(str(error))
    return error.exit_code


def _run(run: Callable[[], object]) -> None:
    """Run; after a signal an error is none: some libraries make another of a KeyboardInterrupt."""
    try:
        run()
    except Exception as error:
        if broken_off():
            raise KeyboardInterrupt from error
        raise


def _translated(run: Callable[[], object], screen: Screen) -> int:
    """Run a command and translate what it raises: one line each, and the class's exit code."""
    stdout = sys.stdout
    try:
        run()
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except SystemExit as end:
        left = sys.stdout is not stdout  # Click exchanges it when the reader of its help has left
        return 0 if left or end.code is None else end.code if isinstance(end.code, int) else 1
    except click.ClickException as error:
        screen.fail(error.format_message())
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        screen.fail("Interrupted.")
        return INTERRUPTED
    except Interrupted as stopped:
        screen.say(stopped.message)
        return stopped.exit_code
    except DistillError as error:
        screen.fail(str(error))
        trace(error, screen)
        return error.exit_code
    except (OSError, ImportError) as error:
        if isinstance(error, ImportError) and (error.name or "").startswith(OURS):
            raise
        told = _told(error)
        screen.fail(str(told))
        return told.exit_code
    return 0


def _told(error: OSError | ImportError) -> DistillError:
    """Tell a refusal of the system from a library that is missing or cannot be loaded."""
    if isinstance(error, OSError) and error.errno is not None:
        return StorageError.of(error)
    return BackendError(f"A library failed: {error}.", "See: distill doctor.")


def trace(error: DistillError, screen: Screen) -> None:
    """Show to those who want to know more (-v) what an error comes from."""
    if error.__cause__ is not None:
        screen.detail("".join(traceback.format_exception(error.__cause__)).rstrip())
