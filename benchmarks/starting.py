"""How long commands take to answer, warm, beside what Python itself takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9
DISTILL = str(Path(sys.executable).with_name("distill"))


def answer_times(model: Path) -> dict[str, float]:
    """Give the median milliseconds of some commands."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "distill --help": [DISTILL, "--help"],
        "distill generate --help": [DISTILL, "generate", "--help"],
        "distill types": [DISTILL, "types"],
        "distill info": [DISTILL, "info", str(model)],
    }
    return {name: _median(words) for name, words in commands.items()}


def _median(words: list[str]) -> float:
    took = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[1:])  # the first one warms the disk's cache
