"""The table of exit codes, a row each; every error is one line, and stdout is empty or whole."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from distill_core.errors import AudioError
from distill_core.modelfile import read_model_file, write_model_file

from ..conftest import TINY, Result, call

CODEC = TINY[:10]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_error(result: Result, code: int) -> str:
    """Hold what every failure keeps to, and give its line."""
    assert (result.code, result.out) == (code, ""), result.err
    return the_line(result)


def the_line(result: Result) -> str:
    """Give the one line that tells the failure; it is the last."""
    lines = result.err.splitlines()
    assert [each for each in lines if each.startswith("Error:")] == lines[-1:], result.err
    assert "Traceback" not in result.err
    assert not CONTROL.search(lines[-1])
    return lines[-1]


def run(*words: object, script: str = "") -> Result:
    """Run the real command in a process of its own, after some lines of Python."""
    code = f"{script}\nfrom distill_cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def test_0_is_done() -> None:
    """Also for help, and for the version."""
    for words in (["--help"], ["--version"], ["types", "--json"]):
        result = run(*words)
        assert result.code == 0
        assert result.out


@pytest.mark.parametrize("name", ["scan", "train", "info"])
def test_2_is_a_home_of_nobody(pack: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A variable that was copied from another machine's start-up file."""
    monkeypatch.setenv("DISTILL_HOME", "~nobody-of-that-name/distill")
    words = {"scan": [pack], "train": [pack, "--steps", 1], "info": ["kit"]}[name]
    assert "DISTILL_HOME" in one_error(call(name, *words), 2)
    doctor = call("doctor")
    assert (doctor.code, "DISTILL_HOME" in doctor.out) == (0, True), doctor.err


NO_LIBRARY = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise {error}
sys.meta_path.insert(0, Broken())
"""


@pytest.mark.parametrize(
    "error",
    [
        "ImportError('libcudnn.so.9: cannot open shared object file')",
        "ModuleNotFoundError('No module named torch', name='torch')",
        "OSError('undefined symbol: x')",
    ],
)
@pytest.mark.parametrize("name", ["scan", "train", "generate", "evaluate"])
def test_6_is_also_a_library_that_is_missing_or_broken(
    pack: Path, kit: Path, tmp_path: Path, name: str, error: str
) -> None:
    """Half of all environments, for an hour of their lives; the doctor knows the cure."""
    words = {
        "scan": ["scan", pack], "train": ["train", pack, "-o", tmp_path / "new.distill"],
        "generate": ["generate", kit, "-o", tmp_path], "evaluate": ["evaluate", kit, pack],
    }[name]  # fmt: skip
    line = one_error(run(*words, script=NO_LIBRARY.format(error=error)), 6)
    assert "distill doctor" in line


def test_1_is_a_bug_of_ours_and_keeps_its_traceback() -> None:
    """Whoever reports it needs the traceback; a script must not take the half for the whole."""
    broken = "import distill_cli.commands.types as c\nc.environment = lambda: 1 / 0"
    result = run("types", "--json", script=broken)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Traceback")
    assert result.err.rstrip().endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trian"], "There is no command 'trian'. Did you mean train?"),
        (["scan"], "DATA is missing."),
        (["info"], "MODEL is missing."),
        (["scan", "PACK", "--jsn"], "There is no option --jsn. Did you mean --json?"),
        (["scan", "nowhere"], "nowhere does not exist."),
        (["scan", ""], "DATA: it is empty."),
        (["train", "nowhere", "-o", "a.distill"], "nowhere does not exist."),
        (["train", "PACK", "--steps", "x"], "--steps: 'x' is not a whole number."),
        (["train", "PACK", "--steps", "1", "--minutes", "1"], "contradict each other."),
        (["train", "PACK", "--type", "vqvea"], "No model type vqvea. Did you mean vqvae?"),
        (["train", "PACK", "--type", ""], "No model type ''."),
        (["train", "PACK", "--name", ""], "is no name for a file"),
        (["train", "PACK", "-o", "."], "-o . is a folder;"),
        (["info", "nomodel"], "There is no model file nomodel"),
        (["generate", "KIT", "--top-k", "-1"], "--top-k: -1 must lie between 0 and 1024."),
        (["generate", "KIT", "--lots"], "There is no option --lots."),
        (["reconstruct", "KIT", "no.wav", "-o", "r"], "None of these files is there."),
        (["demo", "d", "--seed", "-1"], "--seed: -1 must be at least 0."),
        (["train-prior", "nomodel", "PACK"], "There is no model file nomodel"),
    ],
)
def test_2_is_usage(
    pack: Path, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str],
    told: str,
) -> None:  # fmt: skip
    """What was typed cannot be meant; nothing is written."""
    monkeypatch.chdir(tmp_path)
    places = {"PACK": str(pack), "KIT": str(kit)}
    line = one_error(call(*(places.get(word, word) for word in words)), 2)
    assert told in line
    assert not list(tmp_path.iterdir())


def test_2_is_also_a_model_that_cannot_play_yet(pack: Path, tmp_path: Path) -> None:
    """And says what to train."""
    model = tmp_path / "codec.distill"
    assert call("train", pack, "-o", model, "--steps", "1", "--only", *CODEC).code == 0
    line = one_error(call("generate", model, "-o", tmp_path / "t"), 2)
    assert f"Train a prior first: distill train-prior {model}" in line


def test_2_is_also_a_run_folder_that_is_locked_or_foreign(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs must not mix, and what is not ours is not touched."""
    words = ["train", pack, "-o", tmp_path / "kit.distill", "--steps", "1", "--only", *CODEC]
    foreign = tmp_path / "kit.run"
    foreign.mkdir()
    (foreign / "diary.txt").write_text("dear me")
    assert "is no run's folder" in one_error(call(*words), 2)
    assert (foreign / "diary.txt").read_text() == "dear me"
    shutil.rmtree(foreign)
    assert call(*words).code == 0
    fcntl = pytest.importorskip("fcntl")
    with (foreign / "lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert "locked" in one_error(call(*words, "--force"), 2)


@pytest.mark.parametrize("name", [None, "notes.txt", "broken.wav"])
def test_3_is_no_usable_audio(tmp_path: Path, name: str | None) -> None:
    """An empty folder, one of texts, one of damaged files; scan reports all the same."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    if name:
        (folder / name).write_text("not a sound")
    one_error(call("train", folder, "-o", tmp_path / "a.distill"), 3)
    result = call("scan", folder, "--json")
    assert (result.code, json.loads(result.out)["used"]) == (3, 0)
    the_line(result)
    assert [path.name for path in tmp_path.iterdir()] == ["sounds"]


@pytest.mark.parametrize("fault", ["cut", "flipped", "foreign", "pickle", "newer"])
def test_4_is_a_bad_model_file(pack: Path, kit: Path, tmp_path: Path, fault: str) -> None:
    """Nothing in it is believed before all of it is checked."""
    content = kit.read_bytes()
    model = tmp_path / "m.distill"
    if fault == "newer":
        file = read_model_file(kit)
        write_model_file(model, file.header.told | {"version": "99"}, file.parts())
    else:
        changed = {
            "cut": content[:-1], "flipped": content[:-1] + bytes([content[-1] ^ 1]),
            "foreign": b"RIFF" * 100, "pickle": b"PK\x03\x04" + b"\x80\x02" * 50,
        }  # fmt: skip
        model.write_bytes(changed[fault])
    words = ("reconstruct", model, next(pack.glob("kick*")), "-o", tmp_path / "r")
    line = one_error(call(*words), 4)
    assert ("pip install --upgrade distill-vqvae" in line) == (fault == "newer")
    assert ("Please retrain" in line) == (fault == "pickle")
    assert not (tmp_path / "r").exists()


def test_5_is_the_disk(kit: Path, tmp_path: Path) -> None:
    """The place is named, and a cure (test_storage.py has the rest)."""
    (tmp_path / "file").write_text("in the way")
    line = one_error(call("generate", kit, "--seed", "1", "-o", tmp_path / "file" / "takes"), 5)
    assert str(tmp_path / "file" / "takes") in line
    assert "name another place" in line


def test_6_is_a_backend_that_is_missing(kit: Path, tmp_path: Path) -> None:
    """The message names what to install (tests/plugins has broken and rival ones)."""
    file, model = read_model_file(kit), tmp_path / "m.distill"
    told = {"model_type": "unheard", "backend": "distill-unheard 1.0"}
    write_model_file(model, file.header.told | told, file.parts())
    line = one_error(call("generate", model, "-o", tmp_path / "t"), 6)
    assert "distill-unheard" in line


def test_7_is_done_in_part_with_a_list_of_what_is_there(
    pack: Path, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is finished stays, and a script learns which."""
    wave, missing = next(pack.glob("kick*")), tmp_path / "no.wav"
    result = call("reconstruct", kit, wave, missing, "-o", tmp_path / "r", "--json")
    told = json.loads(result.out)
    assert (result.code, [each["path"] for each in told["failed"]]) == (7, [str(missing)])
    the_line(result)

    fail_after(monkeypatch, takes=2)
    words = ["--count", "4", "--seed", "1", "--duration", "0.1", "-o", tmp_path / "t", "--json"]
    result = call("generate", kit, *words)
    monkeypatch.undo()
    paths = [each["path"] for each in json.loads(result.out)["takes"]]
    assert (result.code, len(paths)) == (7, 2)
    assert "2 of 4 takes were made" in the_line(result)
    there = {str(path) for path in (tmp_path / "t").glob("*.wav")}
    assert there == set(paths)


def fail_after(monkeypatch: pytest.MonkeyPatch, takes: int) -> None:
    """Let a model make something that is no sound after some takes."""
    from distill_core.generating import take

    real, made = take.finish, []

    def finish(*told: Any) -> Any:
        if len(made) == takes:
            raise AudioError("The model made NaN or infinity.")
        made.append(1)
        return real(*told)

    monkeypatch.setattr(take, "finish", finish)


def test_8_is_training_that_diverged(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the step, the files of the batch, and the last good state."""
    from distill_vqvae.training import VQVAEObjective

    real = VQVAEObjective.loss

    def loss(self: Any, batch: Any, progress: float) -> Any:
        losses = real(self, batch, progress)
        return losses | {"loss": losses["loss"] * float("nan")}

    monkeypatch.setattr(VQVAEObjective, "loss", loss)
    model = tmp_path / "kit.distill"
    line = one_error(call("train", pack, "-o", model, "--steps", "3", "--only", *CODEC), 8)
    for words in ("step 0", ".wav", "kit.run", "--lr"):
        assert words in line
    assert not model.exists()


def test_130_is_an_interrupt() -> None:
    """What it leaves is in test_interrupts.py."""
    broken = (
        "import distill_cli.commands.types as c\n"
        "def stop(): raise KeyboardInterrupt\n"
        "c.environment = stop"
    )
    result = run("types", script=broken)
    assert (result.code, result.out, result.err.strip()) == (130, "", "Error: Interrupted.")
