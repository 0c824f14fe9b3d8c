"""Try in processes of their own what may raise, crash or hang, all at the same time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from distill_core.claims import NARROW
from distill_core.libraries import GROUPS, MARK

from .finding import one_line

VARIABLES = ["distill_cli.checkup.variables"]
LIMIT_SECONDS = 60.0  # for all of them: torch from a cold disk may take half of that


@frozen
class Probe:
    """What came of one attempt.

    Attributes:
        told: what it found out, if it went well.
        error: the class of what it raised, "" if it went well.
        message: its words.
        missing: the module that was not there, if that was it.
    """

    told: Mapping[str, Any] = field(factory=dict)
    error: str = ""
    message: str = ""
    missing: str = ""

    @property
    def fault(self) -> str:
        """Say in one line what went wrong."""
        return one_line(f"{self.error}: {self.message}")


def run_probes() -> dict[str, Probe]:
    """Try each library, the `variables` that something reads, and `plugins` (told as its rows)."""
    commands = {group: ["distill_core.libraries", group] for group in GROUPS}
    commands["plugins"] = ["distill_cli", "plugins", "--json"]
    running = {name: _start(words) for name, words in commands.items()}
    running["variables"] = _start(VARIABLES, without=NARROW)  # what is left out has some, too
    until = time.monotonic() + LIMIT_SECONDS
    try:
        ended = {name: _wait(process, until) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
    probes = {"plugins": read_plugins(*ended["plugins"])}
    for group, names in {**GROUPS, "variables": ("variables",)}.items():
        probes |= read_results(names, *ended[group])
    return probes


def read_results(names: tuple[str, ...], output: str, end: str) -> dict[str, Probe]:
    """Read what a process told of each attempt; of the first that it did not, how it ended."""
    found: dict[str, Probe] = {}
    for line in output.split("\n"):  # splitlines would split at the mark, too
        if line.startswith(MARK):
            result = json.loads(line[1:])
            name = result.pop("name")
            found[name] = Probe(**result)
    silent = [name for name in names if name not in found]
    for name in silent:
        told = end if name == silent[0] else f"not tried, since {silent[0]} failed: {end}"
        found[name] = Probe(error="Python ended", message=told)
    return found


def read_plugins(output: str, end: str) -> Probe:
    """Read the rows of `distill plugins --json`."""
    try:
        rows = json.loads(output)["plugins"]
    except (ValueError, KeyError, TypeError):
        return Probe(error="Python ended", message=end)
    return Probe(told={"rows": rows})


def _start(words: list[str], without: str = "") -> subprocess.Popen[str]:
    # -P: the folder that the user stands in is not where modules come from
    return subprocess.Popen(  # noqa: S603 - this Python, and words of ours
        [sys.executable, "-P", "-m", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        env={name: value for name, value in os.environ.items() if name != without},
    )


def _wait(process: subprocess.Popen[str], until: float) -> tuple[str, str]:
    """Give what a process wrote, and how it ended."""
    try:
        output, _ = process.communicate(timeout=max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], f"no answer within {LIMIT_SECONDS:g} s"
    return output, _how(process.returncode)


def _how(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"it quits with exit code {code}"
    try:
        return f"it crashes ({signal.Signals(-code).name})"
    except ValueError:
        return f"it crashes (signal {-code})"
