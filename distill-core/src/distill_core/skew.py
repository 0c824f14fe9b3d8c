"""What a plugin wants of core that the installed one does not have.

It may be a typing error, or what a newer core has: nobody can tell which from here.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from inspect import signature

import pluggy

from . import hookspecs
from .claims import told_by
from .errors import near

CORE, PACKAGE = "distill-core", "distill_core"
FRONT = f"{hookspecs.PROJECT}_"  # of a hook's name
CALLED = {"knob", "ModelType"}  # by plugins, while they are imported and asked for their types
UNEXPECTED = re.compile(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")


def core_version() -> str:
    """Give the version of Distill."""
    try:
        return version(CORE)
    except PackageNotFoundError:
        return "unknown"


def skew(error: BaseException) -> str:
    """Say what a plugin that failed wants of core, and is not there; "" where it is not that."""
    lacks = f"which {CORE} {core_version()} does not"
    told = told_by(error)
    if isinstance(error, pluggy.PluginValidationError):
        return _misfit(told, lacks)
    if isinstance(error, ImportError) and str(error.name).partition(".")[0] == PACKAGE:
        name = re.search(r"cannot import name '(\w+)'", told)
        return f"it imports {f'{error.name}.{name[1]}' if name else error.name}, {lacks} have"
    wanted = UNEXPECTED.search(told)
    if isinstance(error, TypeError) and wanted and wanted[1] in CALLED:
        return f"it gives {wanted[1]} the argument '{wanted[2]}', {lacks} know"
    return ""


def _misfit(told: str, lacks: str) -> str:
    """Say which hook of a plugin is not as the contract says; pluggy tells it in passing."""
    unknown = re.search(r"unknown hook '(\w+)'", told)
    if unknown:
        meant = meant_hook(unknown[1])
        return f"it has a hook '{unknown[1]}', {lacks} know" + (
            f"; {meant} may be meant" if meant else ""
        )
    hook = re.search(r"hook '(\w+)'", told)
    arguments = re.search(r"Argument\(s\) \{(.*?)\}", told)
    if arguments and hook:
        return f"its {hook[1]} asks for {arguments[1]}, {lacks} give"
    return ""


def meant_hook(name: str) -> str | None:
    """Find the hook that was most likely meant; that all begin alike tells nothing."""
    found = near(name.removeprefix(FRONT), [each.removeprefix(FRONT) for each in known_hooks()])
    return None if found is None else FRONT + found


def known_hooks() -> dict[str, tuple[str, ...]]:
    """List the hooks of the installed contract, each with the arguments that core gives."""
    found = {name: each for name, each in vars(hookspecs).items() if name.startswith(FRONT)}
    return {name: tuple(signature(each).parameters) for name, each in found.items()}
