"""Ctrl-C and SIGTERM at any moment: what is finished stays, nothing else is left (R3)."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distill_core.audio.sound import Sound
from distill_core.header import read_header
from distill_core.training.folder import RunFolder

from ..conftest import TINY, call
from .interrupting import distill, interrupt, read_until, stops, wait_until_it_answers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
LATEST = 2.0  # seconds after `started`; both stages' first steps lie within
ENDLESS = ["--steps", "1000000"]


@pytest.mark.parametrize("index", range(5))
def test_r3_an_interrupt_at_a_random_moment_leaves_a_usable_model_that_goes_on(
    pack: Path, tmp_path: Path, index: int
) -> None:
    """Stop means saved and usable; everywhere else in the field it means lost."""
    model = tmp_path / "kit.distill"
    # the first stage is short, so that moments fall into both, and between them
    budget = ["--steps", "40"] if index % 2 else ENDLESS
    process = distill("train", pack, "-o", model, "--json", "--seed", index, *budget, *TINY)
    heard = read_until(process, "started")
    moment = random.Random(index).uniform(0, LATEST)  # noqa: S311 - a moment, no secret
    time.sleep(moment / 2 if index % 2 else moment)
    ended = interrupt(process, stops(index), heard)
    events = [json.loads(line)["event"] for line in ended.out.splitlines()]
    if "done" in events:
        pytest.skip("it was done before the signal came")  # a fast machine
    assert (ended.code, "Traceback" in ended.err) == (130, False), ended.err
    assert "Stopping" in ended.err
    assert events[-1] == "saved"
    again = call("reconstruct", model, next(pack.glob("kick*")), "-o", tmp_path / "again")
    assert again.code == 0, again.err
    resumed = call("train", "--resume", RunFolder.beside(model).path, "--steps", 2)
    assert resumed.code == 0, resumed.err
    assert read_header(model).has("prior")


@pytest.mark.parametrize(
    ("moment", "code"),
    [("sys.meta_path.insert(0, Slow())", 130), ("atexit.register(Slow().find_spec)", 0)],
)
def test_r3_the_first_and_the_last_moment_of_a_command_are_quiet_too(
    moment: str, code: int
) -> None:
    """A finger that is quicker than the imports, or slower than the end, is no bug of ours."""
    script = f"""
import atexit, sys, time
from distill_cli.start import run
class Slow:
    def find_spec(self, *asked):
        print("waiting", file=sys.stderr, flush=True)
        time.sleep(3)
        sys.meta_path[:] = [each for each in sys.meta_path if each is not self]
sys.argv[1:] = ["--version"]
{moment}
run()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"waiting\n"
        ended = interrupt(process, signal.SIGINT)
    assert (ended.code, ended.err) == (code, "")


def test_the_end_of_the_interpreter_is_quiet_too() -> None:
    """CPython gives SIGINT its default meaning back, and then still has modules to take down."""
    script = """
import os, signal, sys
from distill_cli.start import run
class Late:
    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT):
        kill(me, number)
sys.kept_to_the_very_end = Late()
sys.argv[1:] = ["--version"]
run()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_what_a_library_makes_of_an_interrupt_is_no_fault_of_the_file(kit: Path) -> None:
    """Torch may answer Ctrl-C with a RecursionError; the model would be called damaged."""
    script = f"""
import os, signal, sys
from distill_core import loading
from distill_core.errors import ModelFileError
def read(path):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass
    except KeyboardInterrupt:
        raise ModelFileError("no model can be built from it")
loading.read_model_file = read
sys.argv[1:] = ["generate", {str(kit)!r}]
from distill_cli.start import run
run()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.strip().splitlines()[-1] == "Error: Interrupted."


def test_an_interrupt_that_was_answered_ends_with_130_as_a_module_too(tmp_path: Path) -> None:
    """CPython may kill itself with SIGINT, for an interrupt that came out of an exec (torch's)."""
    (tmp_path / "ends.py").write_text(
        """
import distill_cli.main as main, sys
from distill_cli.start import run
def interrupted():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        sys.exit(130)
main.run = interrupted
run()
"""
    )
    command = [sys.executable, "-m", "ends"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 130


@pytest.mark.parametrize("moment", [0.0, 0.4, 0.8, 1.2])
def test_r3_before_started_nothing_is_written(pack: Path, tmp_path: Path, moment: float) -> None:
    """Importing torch and reading sounds takes seconds, in which people change their minds."""
    process = distill("train", pack, "-o", tmp_path / "in" / "kit.distill", *ENDLESS, *TINY)
    wait_until_it_answers(process)
    time.sleep(moment)
    ended = interrupt(process, signal.SIGINT)
    if "Training" in ended.err:
        pytest.skip("it had started before the signal came")
    assert (ended.code, ended.out, "Traceback" in ended.err) == (130, "", False), ended.err
    assert list(tmp_path.rglob("*.*")) == []


def test_r3_the_answer_does_not_wait_for_the_running_kernel(tmp_path: Path) -> None:
    """A Python handler alone would speak only after the step."""
    script = """
import sys, torch
from distill_cli.interrupts import answering, stoppable
torch.set_num_threads(1)
square = torch.randn(4096, 4096)
with answering(), stoppable() as cancel:
    print("ready", flush=True)
    square @ square  # one call of a second or more, in which no Python runs
    print("kernel done", file=sys.stderr, flush=True)
    assert cancel.wait(60)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        ended = interrupt(process, signal.SIGINT)
    assert ended.code == 0
    assert ended.err.index("Stopping") < ended.err.index("kernel done")


def test_r3_a_second_signal_leaves_at_once(tmp_path: Path) -> None:
    """Whoever presses twice does not want to wait for a save."""
    script = """
import time
from distill_cli.interrupts import answering, stoppable
with answering(), stoppable():
    print("ready", flush=True)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        time.sleep(1)
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        while b"Stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


def test_generating_keeps_the_takes_that_are_finished(kit: Path, tmp_path: Path) -> None:
    """Each has its recipe, the report is whole, nothing half-made is there."""
    out = tmp_path / "takes"
    process = distill(
        "generate", kit, "-o", out, "--count", 100_000, "--duration", 0.3, "--seed", 1, "--json"
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and len(list(out.glob("*.json"))) < 3:
        time.sleep(0.05)
    ended = interrupt(process, signal.SIGTERM)
    assert (ended.code, "Traceback" in ended.err) == (130, False), ended.err
    takes = json.loads(ended.out)["takes"]
    assert len(takes) >= 3
    written = sorted(path.name for path in out.iterdir())
    told = [Path(each[key]).name for each in takes for key in ("path", "sidecar")]
    assert written == sorted(told)
    for each in takes:
        assert json.loads(Path(each["sidecar"]).read_text())["seed"] == each["seed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_with_nothing_to_save_is_broken_off_in_a_line(
    kit: Path, pack: Path, tmp_path: Path, number: int
) -> None:
    """What was written until then is whole; nothing half-written has a final name."""
    kick = next(pack.glob("kick*"))
    length = Sound.read(kick).seconds
    process = distill("reconstruct", kit, *[kick] * 3000, "-o", tmp_path / "out", "--json")
    until = time.monotonic() + 60
    while time.monotonic() < until and len(list(tmp_path.glob("out/*.wav"))) < 3:
        time.sleep(0.05)
    ended = interrupt(process, number)
    assert (ended.code, ended.out, "Traceback" in ended.err) == (130, "", False), ended.err
    assert len(ended.err.strip().splitlines()) <= 2
    for path in (tmp_path / "out").iterdir():
        assert Sound.read(path).seconds == length, path
