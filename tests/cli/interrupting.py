"""Send signals to the real command; shared by the tests and the benchmark of interrupts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

READY_SECONDS = 60.0  # until a process answers signals; generous, machines are shared


class Ended(NamedTuple):
    """How an interrupted command ended."""

    code: int
    out: str
    err: str


def distill(*words: object) -> subprocess.Popen[bytes]:
    """Start the `distill` command in a process of its own."""
    command = [sys.executable, "-m", "distill_cli", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until_it_answers(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has its own handler for SIGTERM (which Python itself has not)."""
    mask = 1 << (signal.SIGTERM - 1)
    status = Path(f"/proc/{process.pid}/status")
    until = time.monotonic() + READY_SECONDS
    while status.exists() and time.monotonic() < until:
        caught = [line for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        if caught and int(caught[0].split()[1], 16) & mask:
            return
        time.sleep(0.005)
    if not status.exists():  # no Linux
        time.sleep(1.0)


def read_until(process: subprocess.Popen[bytes], *events: str) -> list[bytes]:
    """Read a training's JSON lines until one of these events."""
    assert process.stdout is not None
    lines: list[bytes] = []
    for line in process.stdout:
        lines.append(line)
        if json.loads(line)["event"] in events:
            break
    return lines


def interrupt(process: subprocess.Popen[bytes], number: int, heard: Sequence[bytes] = ()) -> Ended:
    """Send a signal and wait; `heard` is what was read of its stdout before."""
    process.send_signal(number)
    out, err = process.communicate()
    return Ended(process.returncode, (b"".join(heard) + out).decode(), err.decode())


def stops(index: int) -> int:
    """Take turns between Ctrl-C and what `kill` and a shutdown send."""
    return (signal.SIGINT, signal.SIGTERM)[index % 2]
