"""The settings that come from outside: DISTILL_* variables, numbers of threads, the encoding.

`python -m distill_cli.checkup.variables` lists the variables that something reads: in a process of
its own, since that imports every backend.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import click
from distill_core.claims import NARROW, plain_name
from distill_core.errors import nearest
from distill_core.libraries import attempt

from .finding import Finding

PREFIX = "DISTILL_"
HOME = "DISTILL_HOME"
SINGLE = (HOME, NARROW, "DISTILL_REFERENCE")  # the last one names a folder for benchmarks
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
CROWDED = 4  # times as many threads as cores only slow each other down


def known_variables() -> set[str]:
    """Name every variable that something reads: each option of each command has one.

    Plugins' own commands are left out, since listing their options would run them.
    """
    from ..main import COMMANDS, CONTEXT, main
    from ..options import KnobCommand, KnobOption

    ctx = click.Context(
        main, info_name="distill", auto_envvar_prefix=str(CONTEXT["auto_envvar_prefix"])
    )
    found = set(SINGLE) | _names("", main.params)
    for name in main.list_commands(ctx):
        command = main.get_command(ctx, name) if _is_ours(name, COMMANDS) else None
        if command is None:
            continue
        found |= _names(name, command.params)
        if isinstance(command, KnobCommand):
            knobs = [knob for _, some in command.everyones() for knob in some]
            found |= _names(name, [KnobOption(knob, "") for knob in knobs])
    return found


def check_variables(settings: Mapping[str, str], known: set[str] | None) -> list[Finding]:
    """Tell which variables of Distill's are set, and which of them nothing reads.

    Args:
        settings: the environment.
        known: see `known_variables`; None where they could not be found out.
    """
    mine = sorted(name for name in settings if name.startswith(PREFIX))
    read = [name for name in mine if known is None or name in known]
    shown = ", ".join(f"{name}={settings[name]}" for name in read)
    found = [Finding("variables", shown or "no DISTILL_* variable is set")]
    for name in mine:
        if name not in read:
            near = nearest(name, sorted(known or ()))
            told = f"it is set, and nothing reads it.{near}"
            found.append(Finding(name, told, f"Rename it, or: unset {name}"))
    place = settings.get(HOME, "~")
    if place and not place.startswith("~") and not Path(place).is_absolute():
        told = f"{settings[HOME]} is another folder wherever you stand"
        found.append(Finding(HOME, told, f"Give it whole: {HOME}={Path(place).absolute()}"))
    return found


def check_narrowing(settings: Mapping[str, str], installed: set[str]) -> list[Finding]:
    """Tell of backends that DISTILL_BACKENDS asks for and nobody installed."""
    words = [plain_name(word) for word in settings.get(NARROW, "").split(",") if word.strip()]
    missing = [word for word in words if word not in installed]
    if not missing:
        return []
    told = f"it names {', '.join(missing)}, not installed.{nearest(missing[0], sorted(installed))}"
    return [Finding(NARROW, told, f"Install it, or: unset {NARROW}")]


def check_threads(settings: Mapping[str, str], cores: int) -> list[Finding]:
    """Tell of numbers of threads that no machine wants."""
    found = []
    for name in THREADS:
        text = settings.get(name, "").strip()
        first = text.split(",")[0]  # one number per level of nesting
        if not text or (first.isdecimal() and 0 < int(first) <= CROWDED * cores):
            continue
        why = f"{text}, on {cores} core{'s' * (cores != 1)}" if first.isdecimal() else repr(text)
        cure = f"unset {name}, and choose with --threads; up to {cores} make sense"
        found.append(Finding(name, f"it is {why}", cure))
    return found


def check_encoding(filesystem: str, output: str | None) -> list[Finding]:
    """Tell of an encoding that cannot write every name of a file."""
    wrong = [f"{what} {name}" for what, name in (("file names", filesystem), ("output", output))
             if name and name.lower().replace("_", "-") not in {"utf-8", "utf8"}]  # fmt: skip
    if not wrong:
        return [Finding("encoding", "UTF-8")]
    cure = "Choose a UTF-8 locale (export LANG=C.UTF-8), or: export PYTHONUTF8=1"
    return [Finding("encoding", f"{', '.join(wrong)}: some names will look broken", cure)]


def _is_ours(name: str, commands: Mapping[str, str]) -> bool:
    return name in commands or name.startswith("train-")


def _names(command: str, params: Iterable[click.Parameter]) -> set[str]:
    """Name the variables of options, as they are typed and as Click calls them."""
    words = {
        word
        for param in params
        if isinstance(param, click.Option)
        for word in (max(param.opts, key=len).lstrip("-"), str(param.name))
        if param.allow_from_autoenv or word != param.name
    }
    front = [command] if command else []
    return {PREFIX + "_".join([*front, word]).replace("-", "_").upper() for word in words}


if __name__ == "__main__":
    sys.stdout.write(attempt("variables", lambda: {"known": sorted(known_variables())}))
