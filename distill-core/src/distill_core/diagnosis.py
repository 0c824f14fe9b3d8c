"""Why a plugin cannot be used, and the cure, in one line each."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import pluggy
from attrs import frozen

from .claims import NARROW, Claim, one_line, plain_name, told_by
from .errors import BackendError
from .skew import CORE, skew

LOWER_BOUNDS = {">=", ">", "==", "~=", "==="}


@frozen
class Broken:
    """Why a plugin cannot be used, and what to do about it."""

    reason: str
    cure: str

    @property
    def left_out(self) -> str:
        """Say to someone whose work goes on without it what is missing."""
        return f"A plugin was left out: {self.reason}. {self.cure}"


def unfit(claim: Claim) -> Broken | None:
    """Say what is wrong with a plugin that shows without an import, or None."""
    if claim.fault:
        return Broken(claim.fault, f"{_whole(claim)}, or delete {one_line(claim.value)}.")
    if not claim.nameable:
        named = "model type" if claim.owns else claim.kind
        return Broken(
            f"{claim.name!r} is no name for a {named}: letters, digits, - and _ can stand in it",
            cure(claim),
        )
    if claim.point is None or not claim.point.pattern.match(claim.value):
        return Broken(f"its entry point {claim.value!r} names no module", cure(claim))
    return _other_core(claim)


def diagnose(claim: Claim, error: BaseException) -> Broken:
    """Say in one line why a plugin failed, and the cure."""
    skewed = skew(error)
    if skewed:
        return Broken(skewed, cure(claim, CORE))
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.split(".")[0]
        whole = _whole(claim)
        install = whole if claim.package == top else f"Install {top}, or r{whole[1:]}"
        return Broken(f"it needs the module {error.name}, which is not there", install + ".")
    if isinstance(error, pluggy.PluginValidationError) and "not a generator" in told_by(error):
        hook = re.search(r"hook '(\w+)'", told_by(error))
        named = hook[1] if hook else "hook"
        return Broken(f"its {named} is marked as a wrapper and has no yield", cure(claim))
    if isinstance(error, SystemExit):
        return Broken("it quits when it is imported", cure(claim))
    return Broken(what_happened(error), cure(claim))


def refuse_rivals(rivals: Sequence[Claim], claims: Sequence[Claim]) -> None:
    """Refuse one name that is claimed more than once.

    Args:
        rivals: the claims of that name.
        claims: all there are, to say what to keep beside the one that is chosen.

    Raises:
        BackendError: two distributions claim it (both are named), or one does twice.
    """
    what = f"the {'model type' if rivals[0].owns else rivals[0].kind} {rivals[0].name}"
    names = sorted({plain_name(each.distribution) for each in rivals})
    if len(names) > 1:
        kept = {plain_name(each.distribution) for each in claims if each.owns} - set(names[1:])
        choose = f", or choose: {NARROW}={','.join(sorted(kept))}" * rivals[0].owns
        raise BackendError(
            f"{' and '.join(names)} claim {what}.",
            f"Uninstall one of them (pip uninstall {names[-1]}){choose or '.'}",
        )
    if len({(each.kind, each.value) for each in rivals}) > 1:
        raise BackendError(f"{names[0]} claims {what} twice.", f"Upgrade {names[0]}.")


def no_backend(installed: Sequence[Claim], failures: Mapping[str, BackendError]) -> BackendError:
    """Say why there is no backend to train with; of several that fail, only their names."""
    if len(failures) == 1:
        return next(iter(failures.values()))
    if installed:
        names = ", ".join(sorted({claim.distribution for claim in installed}))
        return BackendError(
            f"None of the installed backends works: {names}.", "See why: distill plugins."
        )
    if NARROW in os.environ:
        told = os.environ[NARROW]
        return BackendError(f"{NARROW} is {told!r}, which leaves no backend.", "Unset it.")
    return BackendError(
        "No backend is installed, so that nothing here can learn.", "Install one: see the README."
    )


def what_happened(error: BaseException) -> str:
    """Name an error and what it says, in one line without a full stop."""
    told = told_by(error)
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def cure(claim: Claim, core: str = "") -> str:
    """Say what helps with most that is wrong with a plugin.

    Args:
        claim: the plugin.
        core: the name of core's distribution, where a newer one may be what is missing.
    """
    owner = claim.distribution
    if core:
        return (
            f"Upgrade {core} (pip install --upgrade {core}) or the plugin"
            f" (pip install --upgrade {owner}), or remove it (pip uninstall {owner})."
        )
    return f"Upgrade it (pip install --upgrade {owner}) or remove it (pip uninstall {owner})."


def _whole(claim: Claim) -> str:
    return f"Reinstall it whole: pip install --force-reinstall {claim.distribution}"


def _other_core(claim: Claim) -> Broken | None:
    """Say which core a plugin asks for, when that is another than the one that is installed."""
    wanted = [text for text in claim.requires if plain_name(text).startswith(CORE)]
    if not wanted:
        return None
    from packaging.requirements import Requirement  # 20 ms that no --help should pay
    from packaging.version import Version

    try:
        installed = Version(version(CORE))
        for need in map(Requirement, wanted):
            applies = need.marker is None or need.marker.evaluate({"extra": ""})
            is_core = plain_name(need.name) == CORE and applies
            if not is_core or need.specifier.contains(installed, prereleases=True):
                continue
            asked = ", ".join(f"{each.operator} {each.version}" for each in need.specifier)
            newer = any(
                each.operator in LOWER_BOUNDS
                and Version(each.version.removesuffix(".*")) > installed
                for each in need.specifier
            )
            fitting = f"or install the core it asks for: pip install '{CORE}{need.specifier}'"
            upgrade = f"Upgrade it (pip install --upgrade {claim.distribution}), {fitting}."
            return Broken(
                f"it needs {CORE} {asked}, installed is {installed}",
                f"Upgrade {CORE}: pip install --upgrade {CORE}." if newer else upgrade,
            )
    except (ValueError, PackageNotFoundError):
        return None  # nothing to compare: its import will tell
    return None
