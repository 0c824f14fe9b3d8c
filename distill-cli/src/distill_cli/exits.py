"""The door: every failure a user can mend becomes one line and an exit code."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import click
from distill_core.errors import DistillError, Interrupted

from .screen import Screen

STORAGE = 5
INTERRUPTED = 130


def guarded(run: Callable[[], object], screen: Screen) -> int:
    """Run a command and translate what it raises; a bug of ours keeps its traceback."""
    try:
        run()
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except SystemExit:  # Click's own, when the reader of its help has left (| head)
        return 0
    except click.ClickException as error:
        screen.fail(" ".join(error.format_message().split()))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        screen.fail("Interrupted.")
        return INTERRUPTED
    except Interrupted as stopped:
        screen.say(stopped.message)
        return stopped.exit_code
    except DistillError as error:
        screen.fail(str(error))
        if error.__cause__ is not None:
            screen.detail("".join(traceback.format_exception(error.__cause__)).rstrip())
        return error.exit_code
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        screen.fail(f"{place}{error.strerror or error}.")
        return STORAGE
    return 0
