"""Sounds are decoded in another process: whatever the decoder does costs one file, not the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from distill_core.audio import isolation, launching, process
from distill_core.audio.cache import folder
from distill_core.audio.dataset import open_dataset
from distill_core.audio.isolation import IsolatedDecoder
from distill_core.audio.scan import scan
from distill_core.audio.sound import Sound
from distill_core.errors import AudioError, DistillError

from .sounds import RATE, Write, tone

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and process groups are POSIX")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Begin and end with no process, so that no test meets another's."""
    isolation._end_all()
    yield
    isolation._end_all()


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in a process that misbehaves by the file's name."""
    monkeypatch.setattr(launching, "MODULE", "tests.core.odd_worker")
    monkeypatch.setattr(process, "LIMIT_SECONDS", 1.5)


def idle() -> process.DecoderProcess:
    """Give the one process that waits for the next file."""
    (waiting,) = isolation._idle
    assert isolation._all == {waiting}
    return waiting


CRASHED = "the decoder crashed on it"
HUNG = "took too long to decode"
LOSSES = {
    "segfault": CRASHED,
    "abort": CRASHED,
    "exit": CRASHED,
    "loop": HUNG,
    "sleep": HUNG,
    "raise": "the decoder failed on it (KeyError: 'a fault\\nof ours')",
}


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize(
    "deed", ["segfault", "segfault-opening", "abort", "exit", "loop", "sleep-opening", "raise"]
)
def test_what_kills_the_decoder_costs_one_file(tmp_path: Path, write: Write, deed: str) -> None:
    """The others are used, before it and after it, by scanning, training and reading alike."""
    for seed, name in enumerate(("a", deed, "z")):
        write(tmp_path / f"{name}.wav", seed=seed)
    bad, reason = tmp_path / f"{deed}.wav", LOSSES[deed.partition("-")[0]]
    reports = [scan([tmp_path])]
    if reason != HUNG:  # costs more than a second
        reports.append(open_dataset([tmp_path], RATE, 1).report)
        with pytest.raises(AudioError, match=r"\.wav cannot be read: the decoder "):
            Sound.read(bad)
        assert Sound.read(tmp_path / "z.wav").seconds == 0.6
    for report in reports:
        assert (report.found, report.used) == (3, 2)
        assert [(skip.path, skip.reason) for skip in report.skipped] == [(bad.name, reason)]


@pytest.mark.usefixtures("odd")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is bounded on Linux")
def test_a_file_that_wants_all_memory_costs_one_file(tmp_path: Path, write: Write) -> None:
    """A header that asks for gigabytes must not bring the machine to its knees."""
    for seed, name in enumerate(("a", "memory", "z")):
        write(tmp_path / f"{name}.wav", seed=seed)
    (skip,) = scan([tmp_path]).skipped
    assert (skip.path, skip.reason) == ("memory.wav", "takes too much memory to decode")


@pytest.mark.usefixtures("odd")
def test_an_innocent_file_does_not_pay_for_an_earlier_one(tmp_path: Path, write: Write) -> None:
    """A damaged heap may show three files later; only a fresh process says whose fault it is."""
    write(tmp_path / "first.wav")
    write(tmp_path / "poison.wav", seed=1)
    samples = write(tmp_path / "then.wav", 8.0, seed=2)
    assert scan([tmp_path]).used == 3
    isolation._end_all()
    Sound.read(tmp_path / "poison.wav")
    assert Sound.read(samples).seconds == 8.0


@pytest.mark.usefixtures("odd")
def test_a_loss_is_not_remembered(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a quicker day, or with another libsndfile, the file may be read."""
    write(tmp_path / "segfault.wav")
    for _ in range(2):
        with pytest.raises(DistillError, match=CRASHED):
            open_dataset([tmp_path], RATE, 1)
    assert not list(folder().iterdir())
    monkeypatch.setattr(launching, "MODULE", "distill_core.audio.worker")
    isolation._end_all()
    assert scan([tmp_path]).used == 1


@pytest.mark.usefixtures("odd")
def test_what_a_library_prints_disturbs_nobody(
    tmp_path: Path, write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    """libmpg123 writes notes to stderr, and --json is read from stdout."""
    path = write(tmp_path / "print.wav", 8.0)
    assert Sound.read(path).seconds == 8.0
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("odd")
def test_a_slow_file_is_no_hanging_one(tmp_path: Path, write: Write) -> None:
    """The limit is on standing still: hours of audio may take minutes."""
    path = write(tmp_path / "slow.wav", 24.0)  # nine blocks, 1.8 s in all, limit 1.5 s
    assert scan([path]).used == 1


@pytest.mark.usefixtures("odd")
def test_progress_is_told_again_while_one_file_is_decoded(tmp_path: Path, write: Write) -> None:
    """A screen that stands still for a minute looks dead, and Ctrl-C must be answered."""
    write(tmp_path / "slow.wav", 20.0)
    told: list[tuple[int, int, str]] = []
    scan([tmp_path], progress=lambda *step: told.append(step))
    assert len(told) >= 3
    assert set(told) == {(1, 1, "slow.wav")}


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("a full pipe"), ValueError("bad")])
@pytest.mark.parametrize(
    "work", [scan, lambda data, progress: open_dataset(data, RATE, 1, (), 1, progress)]
)
def test_work_that_is_stopped_leaves_nothing(
    tmp_path: Path, write: Write, work: Callable[..., object], error: BaseException
) -> None:
    """Neither a half-written sound in the cache nor a process that goes on decoding."""
    write(tmp_path / "slow.wav", 20.0)
    calls: list[int] = []

    def stop(*_: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise error

    with pytest.raises(type(error)) as caught:
        work([tmp_path], progress=stop)
    assert caught.value is error
    assert not list(folder().iterdir())
    assert not isolation._all


def test_one_process_reads_file_after_file(tmp_path: Path, write: Write) -> None:
    """Starting one takes longer than reading a kick."""
    paths = [write(tmp_path / f"{number}.wav", seed=number) for number in range(5)]
    scan([tmp_path])
    only = idle()
    for path in paths:
        Sound.read(path)
    assert idle() is only
    assert only.files == 10


def test_the_process_needs_neither_torch_nor_anything_of_the_users(tmp_path: Path) -> None:
    """It would take seconds to start, and hundreds of megabytes."""
    code = """
        import sys
        import distill_core.audio.worker
        print(sorted({"torch", "torchaudio", "rich", "click"} & set(sys.modules)))
    """
    assert run(code, cwd=tmp_path).stdout == "[]\n"


def test_a_process_that_read_many_files_is_replaced(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What libsndfile leaks with bad files must not add up to the limit."""
    monkeypatch.setattr(isolation, "MOST_FILES", 3)
    for number in range(7):
        write(tmp_path / f"{number}.wav", seed=number)
    assert scan([tmp_path]).used == 7
    assert idle().files == 1


@POSIX
def test_an_idle_process_that_was_killed_is_replaced(tmp_path: Path, write: Write) -> None:
    """A machine short of memory kills what sleeps; no file is to blame."""
    path = write(tmp_path / "a.wav")
    Sound.read(path)
    os.kill(idle()._process.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert Sound.read(path).seconds == 0.6


def test_leaving_early_ends_the_process(tmp_path: Path, write: Write) -> None:
    """It would block for ever on samples that nobody takes."""
    path = write(tmp_path / "long.wav", 60.0)
    with IsolatedDecoder(path) as decoder:
        next(iter(decoder))
    assert not isolation._all


def test_two_files_can_be_read_side_by_side(tmp_path: Path, write: Write) -> None:
    """Each reader has a process of its own."""
    one = write(tmp_path / "a.wav", samples=tone(9.0), subtype="FLOAT")
    two = write(tmp_path / "b.wav", samples=tone(9.0, seed=1), subtype="FLOAT")
    with IsolatedDecoder(one) as first, IsolatedDecoder(two) as second:
        pairs = list(zip(first, second, strict=True))
    for number, expected in enumerate((tone(9.0), tone(9.0, seed=1))):
        assert np.array_equal(np.concatenate([pair[number] for pair in pairs], 1), expected.T)


def test_threads_read_at_once(tmp_path: Path, write: Write) -> None:
    """A browser's tabs do."""
    paths = [write(tmp_path / f"{number}.wav", 3.0, seed=number) for number in range(8)]
    expected = {path: Sound.read(path).samples for path in paths}
    wrong: list[Path] = []

    def read() -> None:
        for path in paths:
            if not np.array_equal(Sound.read(path).samples, expected[path]):
                wrong.append(path)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(isolation._all) == len(isolation._idle) <= isolation.MOST_IDLE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_reads_with_a_process_of_its_own(tmp_path: Path, write: Write) -> None:
    """Two that share one pipe would get each other's sounds."""
    path = write(tmp_path / "a.wav", 3.0)
    with IsolatedDecoder(path) as decoder:
        blocks = iter(decoder)
        came = next(blocks).shape[1]
        child = os.fork()
        if not child:
            status = 1
            try:
                status = 0 if Sound.read(path).seconds == 3.0 else 2
                isolation._end_all()
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        came += sum(block.shape[1] for block in blocks)
    assert came == 3 * RATE
    assert Sound.read(path).seconds == 3.0


def test_no_interpreter_is_a_plain_error(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is to blame, so it must not look like a folder of bad files."""
    write(tmp_path / "a.wav")
    for executable in ("", str(tmp_path / "nowhere" / "python")):
        monkeypatch.setattr(sys, "executable", executable)
        with pytest.raises(DistillError, match="could not be started") as caught:
            scan([tmp_path])
        assert not isinstance(caught.value, AudioError)


def test_a_process_that_cannot_come_up_is_a_plain_error(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation is the same for every file."""
    monkeypatch.setattr(launching, "MODULE", "no_such_module")
    write(tmp_path / "a.wav")
    with pytest.raises(DistillError, match="could not be started: it") as caught:
        scan([tmp_path])
    assert not isinstance(caught.value, AudioError)
    assert not isolation._all


@POSIX
def test_ctrl_c_is_not_for_the_decoder(tmp_path: Path, write: Write) -> None:
    """Terminals send it to a group, service managers to all; it would look like a crash."""
    path = write(tmp_path / "a.wav")
    Sound.read(path)
    only = idle()
    pid = only._process.pid
    assert os.getpgid(pid) != os.getpgid(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    time.sleep(0.1)
    assert Sound.read(path).seconds == 0.6
    assert idle() is only


def run(code: str, *words: object, cwd: Path, **options: object) -> subprocess.CompletedProcess:
    """Run a script of a user's, in their folder."""
    script = cwd / "script.py"
    script.write_text(textwrap.dedent(code))
    command = [sys.executable, "-X", "dev", "-W", "error", str(script), *map(str, words)]
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command, check=False, cwd=cwd, capture_output=True, text=True, timeout=120, **options
    )


def test_a_script_without_a_main_guard_reads_once_and_ends_in_silence(
    tmp_path: Path, write: Write
) -> None:
    """It is how a first script looks; multiprocessing would run it again and again."""
    path = write(tmp_path / "a.wav")
    code = """
        import sys
        from distill_core.audio.isolation import measure
        from pathlib import Path
        print(measure(Path(sys.argv[1])).seconds)
    """
    done = run(code, path, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.6\n", "")


def test_modules_in_the_users_folder_are_not_the_decoders(tmp_path: Path, write: Write) -> None:
    """Somebody's soundfile.py beside their sounds must neither break nor be run."""
    path = write(tmp_path / "a.wav")
    code = """
        import sys
        kept = sys.path.pop(0)
        from distill_core.audio.isolation import measure
        from pathlib import Path
        sys.path.insert(0, kept)
        print(measure(Path(sys.argv[1])).seconds)
    """
    for name in ("numpy", "soundfile", "json", "attrs", "distill_core"):
        (tmp_path / f"{name}.py").write_text("open('run', 'w').close(); raise SystemExit(3)")
    done = run(code, path, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("0.6\n", "")
    assert not (tmp_path / "run").exists()


def test_what_start_up_files_print_is_no_sound(tmp_path: Path, write: Write) -> None:
    """Some machines greet from sitecustomize, and PYTHONWARNINGS may say error."""
    path = write(tmp_path / "a.wav")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("print('welcome ' * 100)")
    code = """
        import sys
        from distill_core.audio.isolation import measure
        from pathlib import Path
        print(measure(Path(sys.argv[1])).seconds)
    """
    told = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "PYTHONWARNINGS": "error"}
    done = run(code, path, cwd=tmp_path, env=told)
    assert done.stdout.endswith("\n0.6\n")
    assert done.returncode == 0


@POSIX
@pytest.mark.parametrize("deed", ["loop", "sleep", "idle", "ending"])
def test_the_process_ends_with_its_parent(tmp_path: Path, write: Write, deed: str) -> None:
    """Killed or not, in the middle of a file or between two: nothing may go on in secret."""
    path = write(tmp_path / f"{deed}.wav")
    code = """
        import sys, time
        sys.path.append(sys.argv[2])
        from distill_core.audio import isolation, launching, process
        from pathlib import Path
        launching.MODULE = "tests.core.odd_worker"
        path = Path(sys.argv[1])
        decoder = isolation.IsolatedDecoder(path)
        print(decoder._process._process.pid, flush=True)
        if path.stem in ("idle", "ending"):
            list(decoder)
        if path.stem != "ending":
            time.sleep(3600)
    """
    (tmp_path / "script.py").write_text(textwrap.dedent(code))
    command = [
        sys.executable,
        str(tmp_path / "script.py"),
        str(path),
        str(Path(__file__).parents[2]),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if deed != "ending":
            time.sleep(0.3)
            parent.kill()
    assert soon(lambda: not running(child))


def running(pid: int) -> bool:
    """Tell whether a process of ours is there and no zombie (nobody may be there to reap it)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def soon(is_true: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait for something that takes a moment."""
    until = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
