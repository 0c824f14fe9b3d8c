"""Fifty times: Ctrl-C or SIGTERM at a random moment after `started`; is anything ever lost?

    python benchmarks/interrupts.py [--count 50] [--seed 0] [--data FOLDER]

Each time a small model of both stages is trained; the signal comes within the first seconds after
`started`. Counted are exit code 130, a model file that loads and reconstructs, a run that goes on,
and how long the message took.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests send signals in the same way

from distill_core.audio.packs import write_pack

from tests.cli.interrupting import distill, read_until, stops
from tests.conftest import TINY

LATEST = 4.0  # seconds after `started`
SHORT = ["--steps", "60"]  # the signal also meets the end of the first stage, and the second
LONG = ["--steps", "1000000"]


def main() -> None:
    """Interrupt, look, go on; print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, help="sounds; by default a synthetic pack")
    told = parser.parse_args()
    rng = random.Random(told.seed)  # noqa: S311 - moments, no secrets
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data = told.data or Path(folder) / "sounds"
        if told.data is None:
            write_pack(data, seed=0)
        for index in range(told.count):
            rows.append(once(data, Path(folder) / str(index), index, rng.uniform(0, LATEST)))
            print(json.dumps(rows[-1]), flush=True)
    late = [row for row in rows if row["done"]]
    counted = [row for row in rows if not row["done"]]
    keys = ("exit_130", "no_traceback", "reconstructs", "goes_on")
    print(f"{len(counted)} interrupted ({len(late)} were done before the signal came)")
    for key in keys:
        print(f"{key}: {sum(bool(row[key]) for row in counted)} of {len(counted)}")
    waits = [row["message_seconds"] for row in counted]
    print(f"message: median {statistics.median(waits):.3f} s, longest {max(waits):.3f} s")


def once(data: Path, folder: Path, index: int, moment: float) -> dict[str, object]:
    """Interrupt one training; say what it left."""
    folder.mkdir()
    model = folder / "kit.distill"
    budget = SHORT if index % 2 else LONG
    process = distill("train", data, "-o", model, "--json", "--seed", index, *budget, *TINY)
    read_until(process, "started")
    time.sleep(moment)
    assert process.stderr is not None
    sent = time.perf_counter()
    process.send_signal(stops(index))
    said = []
    for line in process.stderr:
        said.append(line.decode())
        if "Stopping" in said[-1]:
            break
    waited = time.perf_counter() - sent
    out, rest = process.communicate()
    sound = sorted(data.glob("*.wav"))[0]
    return {
        "moment": round(moment, 3),
        "message_seconds": waited,
        "done": any(json.loads(line)["event"] == "done" for line in out.splitlines()),
        "exit_130": process.returncode == 130,
        "no_traceback": "Traceback" not in "".join(said) + rest.decode(),
        "reconstructs": succeeds("reconstruct", model, sound, "-o", folder / "again"),
        "goes_on": succeeds("train", "--resume", folder / "kit.run", "--steps", 2),
    }


def succeeds(*words: object) -> bool:
    """Run a command to its end."""
    process = distill(*words)
    process.communicate()
    return process.returncode == 0


if __name__ == "__main__":
    main()
