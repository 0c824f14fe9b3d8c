"""Why a plugin cannot be used, and the cure, in one line each."""

from __future__ import annotations

import pluggy
from attrs import frozen

from .claims import Claim


@frozen
class Broken:
    """Why a plugin cannot be used, and what to do about it."""

    reason: str
    cure: str


def diagnose(claim: Claim, error: BaseException) -> Broken:
    """Say in one line why a plugin failed, and the cure."""
    owner = claim.distribution
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.split(".")[0]
        again = f"einstall it whole: pip install --force-reinstall {owner}."
        own = claim.point.value.split(":")[0].split(".")[0] == top
        cure = "R" + again if own else f"Install {top}, or r" + again
        return Broken(f"it needs the module {error.name}, which is not there", cure)
    cure = f"Upgrade it (pip install --upgrade {owner}) or remove it (pip uninstall {owner})."
    if isinstance(error, SystemExit):
        return Broken("it quits when it is imported", cure)
    if isinstance(error, pluggy.PluginValidationError):
        return Broken("it has a hook that core does not know: " + _line(error), cure)
    return Broken(f"{type(error).__name__}: {_line(error)}", cure)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
