"""What is installed, by its metadata, and whether everything has what it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distributions

from attrs import frozen
from distill_core.claims import KINDS, plain_name

from .finding import Finding
from .versions import satisfies

OURS = "distill-"
REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*\(?(?P<wanted>[^;@()]*)\)?"
    r"\s*(?P<marker>;.*)?"
)


@frozen
class Installed:
    """A distribution's word about itself."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    python: str = ""  # which Python it wants


def read_installed() -> dict[str, Installed]:
    """Read every installed distribution's metadata, by its plain name; the first one counts."""
    found: dict[str, Installed] = {}
    for each in distributions():
        told = _read(each)
        if told is not None:
            found.setdefault(plain_name(told.name), told)
    return found


def _read(distribution: Distribution) -> Installed | None:
    """Read one; whose metadata is damaged is not there."""
    try:
        told = distribution.metadata
        name, version = told["Name"], told["Version"]
        if not name or not version:
            return None
        requires = tuple(told.get_all("Requires-Dist") or ())
        return Installed(name, version, requires, told["Requires-Python"] or "")
    except Exception:  # damaged metadata may raise anything
        return None


def of_distill(installed: Mapping[str, Installed], plugins: Sequence[str]) -> list[Installed]:
    """List what belongs to Distill: our distributions, and those that bring plugins."""
    wanted = {plain_name(name) for name in plugins}
    return [
        each for name, each in sorted(installed.items()) if name.startswith(OURS) or name in wanted
    ]


def plugin_distributions() -> list[str]:
    """Name the distributions with entry points of ours, without an import."""
    found = set()
    for each in distributions():
        try:
            if any(point.group in KINDS for point in each.entry_points):
                found.add(str(each.metadata["Name"] or ""))
        except Exception:  # noqa: S112 - see above
            continue
    return sorted(found - {""})


def check_requirements(
    asking: Sequence[Installed], installed: Mapping[str, Installed], python: str
) -> list[Finding]:
    """Hold what distributions ask for against what is there.

    Requirements for some systems or extras only are left out.
    """
    found = []
    for each in asking:
        if each.python and satisfies(python, each.python) is False:
            found.append(
                Finding(
                    f"{each.name} and Python",
                    f"it needs Python {each.python}; this is {python}",
                    f"Install Python {each.python} and Distill in it.",
                )
            )
        for line in each.requires:
            fault = _check_requirement(each, line, installed)
            if fault is not None:
                found.append(fault)
    if found or not asking:
        return found
    names = ", ".join(each.name for each in asking)
    return [Finding("requirements", f"all that {names} ask for is there")]


def requirement(asking: Installed | None, name: str) -> str:
    """Write what a distribution asks of another, as pip reads it: torch>=2.11,<2.12."""
    for line in asking.requires if asking else ():
        parsed = REQUIREMENT.fullmatch(line)
        if parsed and plain_name(parsed["name"]) == name:
            return name + parsed["wanted"].replace(" ", "")
    return name


def _check_requirement(
    asking: Installed, line: str, installed: Mapping[str, Installed]
) -> Finding | None:
    """Judge one requirement; None where nothing is wrong or nobody can tell."""
    parsed = REQUIREMENT.fullmatch(line)
    if parsed is None or parsed["marker"]:
        return None
    name, wanted = parsed["name"], parsed["wanted"].replace(" ", "")
    there = installed.get(plain_name(name))
    check, cure = f"{asking.name} needs {name}", f'pip install "{name}{wanted}"'
    if there is None:
        return Finding(check, f"{name} is not installed", f"Install it: {cure}")
    if satisfies(there.version, wanted) is False:
        told = f"{name} {there.version} is installed, and it needs {wanted}"
        return Finding(check, told, f"Install one that fits: {cure}")
    return None
