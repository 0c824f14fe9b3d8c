"""The whole look: everything gathered, judged and put in order."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from distill_core.claims import NARROW, plain_name

from .computing import Machine, check_computing
from .finding import Finding
from .formats import check_formats
from .imports import Probe, run_probes
from .installed import (
    check_requirements,
    of_distill,
    plugin_distributions,
    read_installed,
    requirement,
)
from .places import check_places
from .runs import check_runs
from .variables import check_encoding, check_narrowing, check_threads, check_variables

DRIVER = Path("/proc/driver/nvidia/version")
LIBRARIES = ("torch", "torchaudio", "numpy", "soundfile")


def look() -> list[Finding]:
    """Look at everything; nothing that is broken may end it."""
    probes = run_probes()
    installed, cores = read_installed(), _cores()
    asking = of_distill(installed, plugin_distributions())
    versions = {name: each.version for name, each in installed.items()}
    wanted = {name: requirement(installed.get("distill-core"), name) for name in LIBRARIES}
    variables = probes["variables"]
    known = None if variables.error else set(variables.told["known"])
    machine = Machine(cores, bool(shutil.which("nvidia-smi")) or DRIVER.exists())
    return [
        Finding("Distill", ", ".join(f"{each.name} {each.version}" for each in asking)),
        Finding("Python", f"{platform.python_version()} in {sys.prefix}"),
        Finding("system", f"{platform.platform()}, {platform.machine()}"),
        *check_requirements(asking, installed, platform.python_version()),
        *check_computing(probes, versions, wanted, machine),
        *check_formats(probes, versions, wanted),
        *check_plugins(probes["plugins"]),
        *check_places(),
        *check_runs(),
        *check_variables(os.environ, known),
        *check_narrowing(os.environ, {plain_name(name) for name in installed}),
        *check_threads(os.environ, cores),
        *check_encoding(sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None)),
    ]


def check_plugins(probe: Probe) -> list[Finding]:
    """Count the plugins that are broken; `distill plugins` says more."""
    if probe.error:
        told = f"they cannot be listed: {probe.fault}"
        return [Finding("plugins", told, "Uninstall the last one that you installed.")]
    rows: list[dict[str, Any]] = probe.told["rows"]
    broken = sorted({f"{row['distribution']} ({row['name']})" for row in rows if not row["ok"]})
    if broken:
        told = f"{len(broken)} of {len(rows)} broken: {', '.join(broken)}"
        return [Finding("plugins", told, "Each has its reason and its cure in: distill plugins")]
    if not rows:
        return [
            Finding(
                "plugins",
                "none, so there is no model type",
                f"Install a backend; {NARROW}, where it is set, must name it.",
            )
        ]
    return [Finding("plugins", f"{len(rows)}, and all of them work")]


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
