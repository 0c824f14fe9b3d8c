"""`distill doctor`: whole here, and right about what was broken elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from distill_cli.checkup.computing import Machine, check_computing
from distill_cli.checkup.finding import Finding
from distill_cli.checkup.formats import READ, WRITTEN, check_formats
from distill_cli.checkup.imports import Probe, read_plugins, read_results
from distill_cli.checkup.installed import Installed, check_requirements, requirement
from distill_cli.checkup.places import LEAST_FREE, Place, check_place, check_places
from distill_cli.checkup.report import check_plugins
from distill_cli.checkup.runs import check_runs
from distill_cli.checkup.variables import (
    check_encoding,
    check_narrowing,
    check_threads,
    check_variables,
)
from distill_cli.checkup.versions import satisfies
from distill_core.claims import NARROW
from distill_core.libraries import attempt

from ..plugins import environment

Doctor = Callable[..., dict[str, dict[str, object]]]

TORCH = Probe(
    told={
        "version": "2.11.0+cu130", "build": "13.0", "threads": 2, "cuda": [], "complaint": "",
        "mps": False, "bridge": "",
    }
)  # fmt: skip
TORCHAUDIO = Probe(told={"version": "2.11.0+cu130"})
CPU_TORCH = Probe(told=dict(TORCH.told) | {"version": "2.11.0+cpu", "build": None})
NO_CUDA = Probe(error="OSError", message="libcudart.so.13: cannot open shared object file")
NO_SYMBOL = Probe(error="OSError", message="undefined symbol: _ZNK5torch8autograd4Node4nameEv")
WANTED = {"torch": "torch>=2.11,<2.12", "torchaudio": "torchaudio>=2.11,<2.12",
          "numpy": "numpy>=1.26", "soundfile": "soundfile>=0.13"}  # fmt: skip
PAIR = {"torch": "2.11.0", "torchaudio": "2.11.0"}
BOTH = '"torch>=2.11,<2.12" "torchaudio>=2.11,<2.12"'


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """Run the real command: `doctor("raises", DISTILL_HOME=…)` gives its rows by check."""

    def run(*plugins: str | Path, **settings: str) -> dict[str, dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "distill_cli", "doctor", "--json"],
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
            env=environment(tmp_path / "home", *plugins) | settings, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)["checks"]
        assert all(set(row) == {"check", "ok", "found", "cure"} for row in rows)
        assert all(row["ok"] is (row["cure"] is None) for row in rows)
        return {row["check"]: row for row in rows}

    return run


def computing(
    torch: Probe = TORCH, torchaudio: Probe = TORCHAUDIO, nvidia: bool = False, /, **versions: str
) -> dict[str, Finding]:
    """Judge some attempts, by check."""
    probes = {"torch": torch, "torchaudio": torchaudio}
    found = check_computing(probes, versions or PAIR, WANTED, Machine(2, nvidia))
    return {each.check: each for each in found}


def test_a_sound_environment_is_found_so(doctor: Doctor) -> None:
    """This one runs the tests; the rows name what people are asked for when they need help."""
    rows = doctor()
    wrong = {name: row["found"] for name, row in rows.items() if not row["ok"]}
    machines = {"library", "cache", "CUDA", "encoding"}  # a full disk is not the project's fault
    assert wrong.keys() <= machines, wrong
    assert set(rows) >= {
        "Distill", "Python", "system", "requirements", "torch", "torchaudio",
        "torch and torchaudio", "CPU", "CUDA", "MPS", "numpy", "soundfile", "reading sounds",
        "writing sounds", "plugins", "library", "cache", "variables", "encoding",
    }  # fmt: skip
    assert "distill-core" in str(rows["Distill"]["found"])
    assert "libsndfile" in str(rows["soundfile"]["found"])
    assert "mp3" in str(rows["reading sounds"]["found"])


def test_people_read_lines(tmp_path: Path) -> None:
    """A fault stands with its cure below it, and how many there are stands at the end."""
    done = subprocess.run(
        [sys.executable, "-m", "distill_cli", "doctor"],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, cwd=tmp_path,
        env=environment(tmp_path / "home") | {"DISTILL_HOEM": "x"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (number,) = [number for number, line in enumerate(lines) if "WRONG  DISTILL_HOEM" in line]
    assert "Did you mean DISTILL_HOME?" in lines[number]
    assert lines[number + 1].strip() == "-> Rename it, or: unset DISTILL_HOEM"
    assert "checks found something wrong." in done.stderr


def test_it_works_without_what_it_looks_for(doctor: Doctor, tmp_path: Path) -> None:
    """A torch that ends Python, a soundfile that quits, plugins that do the same, no home."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "torch.py").write_text("import os; print('hello'); os.kill(os.getpid(), 9)\n")
    (broken / "soundfile.py").write_text("raise SystemExit('not today')\n")
    (tmp_path / "file").write_text("not a folder")
    rows = doctor(broken, "quits", "raises", DISTILL_HOME=str(tmp_path / "file" / "home"))
    wrong = {name: str(row["found"]) for name, row in rows.items() if not row["ok"]}
    assert set(wrong) == {"torch", "soundfile", "plugins", "library", "cache"}
    assert "crashes (SIGKILL)" in wrong["torch"]
    assert "SystemExit: not today" in wrong["soundfile"]
    assert "distill-quits-fixture (vanish)" in wrong["plugins"]
    assert "cannot be written" in wrong["library"]
    assert rows["numpy"]["ok"]


def test_what_lies_where_one_stands_is_not_imported(doctor: Doctor, tmp_path: Path) -> None:
    """A folder of sounds with a file called torch.py must not be run."""
    (tmp_path / "torch.py").write_text("raise RuntimeError('a stranger')\n")
    assert doctor()["torch"]["ok"]


def test_a_pair_is_a_pair() -> None:
    """The ordinary case, with and without a GPU; no device is no fault."""
    found = computing()
    assert all(each.ok for each in found.values())
    assert found["CUDA"].found == found["MPS"].found == "none"
    there = Probe(told=dict(TORCH.told) | {"cuda": ["Some GPU", "Another"], "mps": True})
    assert computing(there)["CUDA"].found == "Some GPU, Another"


def test_cpu_torch_beside_cuda_torchaudio_is_recognised() -> None:
    """The commonest broken set-up: pip takes torchaudio from elsewhere than torch."""
    found = computing(CPU_TORCH, NO_CUDA, torch="2.11.0+cpu", torchaudio="2.11.0")
    pair = found["torch and torchaudio"]
    assert "this torch is built for CPUs only, and this torchaudio for CUDA" in pair.found
    assert f"--force-reinstall {BOTH}" in str(pair.cure)
    assert found["torch"].ok
    assert "libcudart.so.13" in found["torchaudio"].found


@pytest.mark.parametrize("torchaudio", [TORCHAUDIO, NO_SYMBOL])
def test_versions_that_are_no_pair_are_recognised(torchaudio: Probe) -> None:
    """Also while both can be imported: they break later."""
    found = computing(TORCH, torchaudio, torch="2.11.0", torchaudio="2.10.0")
    assert "no pair" in found["torch and torchaudio"].found
    assert BOTH in str(found["torch and torchaudio"].cure)


def test_a_foreign_torchaudio_of_the_right_number_is_recognised() -> None:
    """Built against another torch, it lacks symbols."""
    found = computing(TORCH, NO_SYMBOL)["torch and torchaudio"]
    assert "built for another torch" in found.found


def test_torch_that_is_not_there_is_one_fault() -> None:
    """What follows from it is not told as more faults; what is missing beside it is."""
    missing = Probe(error="ModuleNotFoundError", message="No module named 'torch'", missing="torch")
    alone = computing(missing, missing, torchaudio="2.11.0")
    assert [each.check for each in alone.values() if not each.ok] == ["torch"]
    assert alone["torch"].found == "not installed"
    assert alone["torch"].cure == f"pip install {BOTH}"
    probe = Probe(error="ModuleNotFoundError", message="…", missing="torchaudio")
    assert computing(missing, probe, other="1")["torchaudio"].found == "not installed"


def test_a_gpu_that_torch_cannot_use_is_told() -> None:
    """People wonder why it is slow."""
    cpu = computing(CPU_TORCH, TORCHAUDIO, True)["CUDA"]
    assert "built for CPUs only" in cpu.found
    complaint = "The NVIDIA driver on your system is too old (found version 11040)."
    torch = Probe(told=dict(TORCH.told) | {"complaint": complaint})
    old = computing(torch, TORCHAUDIO, True)["CUDA"]
    assert "too old" in old.found
    assert "driver" in str(old.cure)


def test_torch_and_numpy_that_do_not_work_together_are_told() -> None:
    """A numpy 2 beside a torch made for 1 imports, and fails with the first sound."""
    found = computing(Probe(told=dict(TORCH.told) | {"bridge": "Numpy is not available"}))
    assert not found["torch and numpy"].ok


def test_missing_formats_are_told() -> None:
    """An old libsndfile reads no MP3."""
    sound = Probe(told={"version": "0.10", "library": "1.0.28", "read": list(READ[:4]),
                        "written": [name for name in WRITTEN if name != "mp3"]})  # fmt: skip
    numpy = Probe(error="ModuleNotFoundError", message="No module named 'numpy'", missing="numpy")
    probes = {"numpy": numpy, "soundfile": sound}
    found = {each.check: each for each in check_formats(probes, {"soundfile": "0.10"}, WANTED)}
    assert found["numpy"].cure == 'pip install "numpy>=1.26"'
    assert "not mp3 aiff" in found["reading sounds"].found
    assert "not mp3" in found["writing sounds"].found
    assert "--upgrade soundfile" in str(found["writing sounds"].cure)


@pytest.mark.parametrize(
    ("version", "specifier", "fits"),
    [
        ("2.11.0", ">=2.11,<2.12", True),
        ("2.11.0+cpu", ">=2.11,<2.12", True),
        ("2.12.0", ">=2.11,<2.12", False),
        ("2.12.0rc1", ">=2.11,<2.12", False),
        ("2.10.1", ">=2.11,<2.12", False),
        ("2.11.0.dev20260101", ">=2.11", False),
        ("2.11.0.post1", ">=2.11", True),
        ("2.9", ">=2.11", False),
        ("0.1.0", "==0.1.0", True),
        ("0.1", "==0.1.0", True),
        ("0.2.0", "==0.1.0", False),
        ("0.2.0", "!=0.1.0", True),
        ("3.11.7", ">=3.11", True),
        ("3.10.9", ">=3.11", False),
        ("1.4.5", "==1.4.*", True),
        ("1.5", "==1.4.*", False),
        ("2", "==2.0.*", True),
        ("1.4.5", "~=1.4.2", True),
        ("1.5.0", "~=1.4.2", False),
        ("1!1.0", "<2", False),
        ("1.0", "", True),
        ("who knows", ">=1", None),
        ("1.0", "about 1", None),
    ],
)
def test_versions_are_ordered_as_pip_orders_them(
    version: str, specifier: str, fits: bool | None
) -> None:
    """A wrong verdict would send people to install what they have."""
    assert satisfies(version, specifier) is fits


def test_requirements_are_held_against_what_is_installed() -> None:
    """Missing, too old, for a newer Python; what is for an extra or a system is left alone."""
    asking = Installed(
        "distill-odd", "1.0", python=">=3.20",
        requires=("torch<2.12,>=2.11", "Cattrs >= 24", "Nothing_There[x]>=1",
                  'ruff==9; extra == "dev"', 'winreg>=7; sys_platform == "win32"'),
    )  # fmt: skip
    installed = {
        "torch": Installed("torch", "2.9.1"),
        "cattrs": Installed("cattrs", "26.2.1"),
        "ruff": Installed("ruff", "1"),
    }
    found = {each.check: each for each in check_requirements([asking], installed, "3.11.7")}
    assert set(found) == {
        "distill-odd and Python", "distill-odd needs torch", "distill-odd needs Nothing_There",
    }  # fmt: skip
    assert "torch 2.9.1 is installed" in found["distill-odd needs torch"].found
    assert 'pip install "torch<2.12,>=2.11"' in str(found["distill-odd needs torch"].cure)
    assert requirement(asking, "torch") == "torch<2.12,>=2.11"
    assert requirement(None, "torch") == "torch"


def test_every_way_of_ending_is_told() -> None:
    """An attempt that said nothing is the one that ended the process; the rest was not tried."""
    said = attempt("torch", lambda: {"version": "1"})
    found = read_results(("torch", "torchaudio"), f"noise\n{said}", "it crashes (SIGSEGV)")
    assert found["torch"].told == {"version": "1"}
    assert found["torchaudio"].fault == "Python ended: it crashes (SIGSEGV)"
    found = read_results(("numpy", "soundfile"), "", "no answer within 60 s")
    assert "no answer" in found["numpy"].fault
    assert "not tried" in found["soundfile"].fault

    def quits() -> dict[str, object]:
        raise SystemExit(3)

    assert read_results(("numpy",), attempt("numpy", quits), "").get("numpy") == Probe(
        error="SystemExit", message="3"
    )
    assert read_plugins("[]", "it quits with exit code 1").fault.endswith("exit code 1")
    assert not check_plugins(read_plugins("", "it crashes (SIGABRT)"))[0].ok
    assert not check_plugins(Probe(told={"rows": []}))[0].ok


def place(**told: object) -> Place:
    """Make a place that has nothing against it."""
    usual = {"name": "cache", "path": Path("there"), "files": 2, "bytes": 3_000_000,
             "free": 50 * LEAST_FREE, "fault": None}  # fmt: skip
    return Place(**(usual | told))


def test_full_and_forbidden_places_are_told() -> None:
    """A run that ends after an hour for want of space is the worst time to learn it."""
    assert check_place(place()).ok
    assert "2 files, 3.0 MB" in check_place(place()).found
    full = check_place(place(free=LEAST_FREE - 1))
    assert "nearly full" in full.found
    assert "DISTILL_HOME" in str(full.cure)
    assert "Permission denied" in check_place(place(fault="Permission denied")).found
    assert check_place(place(free=None)).ok


def test_what_lies_about_in_the_library_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut-off writing, a file that is no model, a killed run; not what is being written now."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    library = tmp_path / "models"
    (library / "kit.run").mkdir(parents=True)
    assert all(each.ok for each in [*check_places(), *check_runs()])
    old, new = (library / f".kit.distill.{name}.part.distill" for name in ("old", "new"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, times=(time.time() - 9000,) * 2)
    (library / "notes.distill").write_text("no model")
    (library / "kit.run" / "state.json").write_text('{"status": "running", "finished": []}')
    (library / "kit.run" / "lock").touch()
    found = {each.check: each for each in [*check_places(), *check_runs()] if not each.ok}
    assert set(found) == {"unfinished files", "models", "unfinished run"}
    assert str(old) in found["unfinished files"].found
    assert str(new) not in found["unfinished files"].found
    assert "notes.distill" in found["models"].found
    assert "distill train --resume" in str(found["unfinished run"].cure)


def test_looking_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither folders that were not there, nor files that tried whether one can write."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    assert all(each.ok for each in check_places())
    assert list(tmp_path.iterdir()) == []


def test_variables_are_known_as_options_are_typed() -> None:
    """And by the names that Click gives them, which are not always the same."""
    from distill_cli.checkup.variables import known_variables

    known = known_variables()
    for name in ("TRAIN_TYPE", "TRAIN_MODEL_TYPE", "TRAIN_PRIOR_LAYERS", "GENERATE_TEMPERATURE"):
        assert f"DISTILL_{name}" in known
    assert not [name for name in known if "KNOB" in name]


def test_variables_that_nothing_reads_are_told(doctor: Doctor) -> None:
    """Every option of every command has one, settings of backends and companions as well."""
    rows = doctor(
        DISTILL_TRAIN_MINUTES="3", DISTILL_TRAIN_LR="0.1", DISTILL_TRAIN_PRIOR_LR="0.1",
        DISTILL_GENERATE_TOP_K="3", DISTILL_QUIET="", DISTILL_TRAIN_MINUTS="3",
        DISTILL_BACKENDS="distill-vqvea",
    )  # fmt: skip
    wrong = {name for name, row in rows.items() if not row["ok"]}
    assert wrong >= {"DISTILL_TRAIN_MINUTS", "DISTILL_BACKENDS", "plugins"}
    assert not any(name.startswith("DISTILL_") for name in wrong - {"DISTILL_TRAIN_MINUTS", NARROW})
    assert "DISTILL_TRAIN_MINUTES?" in str(rows["DISTILL_TRAIN_MINUTS"]["found"])
    assert "distill-vqvae?" in str(rows["DISTILL_BACKENDS"]["found"])
    assert "DISTILL_TRAIN_LR=0.1" in str(rows["variables"]["found"])


def test_settings_that_make_no_sense_are_told() -> None:
    """Each comes from somebody's bug report."""
    assert check_threads({"OMP_NUM_THREADS": "2"}, 2) == []
    assert check_threads({"OMP_NUM_THREADS": "2,1"}, 2) == []
    for text in ("absurd", "0", "-1", "4096", "1.5"):
        (found,) = check_threads({"OMP_NUM_THREADS": text}, 2)
        assert "unset OMP_NUM_THREADS" in str(found.cure)
    assert check_encoding("utf-8", "UTF-8")[0].ok
    assert check_encoding("utf-8", None)[0].ok
    assert "PYTHONUTF8" in str(check_encoding("ascii", "utf-8")[0].cure)
    assert "output cp1252" in check_encoding("utf-8", "cp1252")[0].found
    relative = check_variables({"DISTILL_HOME": "here"}, {"DISTILL_HOME"})
    assert [each.check for each in relative if not each.ok] == ["DISTILL_HOME"]
    for fine in ("", "~/distill", str(Path.cwd())):
        assert all(each.ok for each in check_variables({"DISTILL_HOME": fine}, {"DISTILL_HOME"}))
    assert all(each.ok for each in check_variables({"DISTILL_ANY": "1"}, None))
    assert check_narrowing({"DISTILL_BACKENDS": ""}, set()) == []
    assert check_narrowing({"DISTILL_BACKENDS": "Distill_One"}, {"distill-one"}) == []
