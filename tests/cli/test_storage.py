"""Full disks and places that may not be written: exit 5, the place and a cure, nothing halved."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..conftest import TINY, Result, call
from .test_exit_codes import one_error, the_line

CODEC = TINY[:10]
COMPANION = ["--steps", "1", "--encodings", "1", "--hidden-size", "16", "--layers", "1"]
ROOM = 20_000  # bytes that a file may have: recipes and configs fit, sounds and weights do not
CURES = ("Free some space", "larg", "another place", "permissions", "--resume", "DISTILL_HOME")

# what every command writes, to the place that it is told
WRITERS = {
    "train": ["train", "PACK", "-o", "PLACE/new.distill", "--steps", "1", "--only", *CODEC],
    "generate": ["generate", "KIT", "-o", "PLACE", "--seed", "1", "--duration", "1"],
    "reconstruct": ["reconstruct", "KIT", "PACK/pad_01.wav", "-o", "PLACE"],
    "demo": ["demo", "PLACE"],
}


def written(name: str, pack: Path, kit: Path, place: Path) -> list[str]:
    """Give the words of a command that writes."""
    meant = {"PACK": str(pack), "KIT": str(kit), "PLACE": str(place)}
    return [re.sub("PACK|KIT|PLACE", lambda found: meant[found[0]], w) for w in WRITERS[name]]


@contextmanager
def little_room(size: int = ROOM) -> Iterator[None]:
    """Let the system refuse to make any file larger than this, as a full disk does."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def told(line: str, place: Path) -> None:
    """Hold that an error names a place and what helps."""
    assert str(place) in line
    assert any(cure in line for cure in CURES), line


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_nothing_half_written(
    pack: Path, kit: Path, tmp_path: Path, name: str
) -> None:
    """Under no final name, and nothing hidden either."""
    place = tmp_path / "place"
    with little_room():
        result = call(*written(name, pack, kit, place))
    told(one_error(result, 5), place)
    left = [path.name for path in place.glob("*") if not path.name.endswith(".run")]
    assert not left
    assert not list(place.rglob(".*"))


@pytest.mark.parametrize("name", WRITERS)
def test_a_place_below_a_file_is_no_place(pack: Path, kit: Path, tmp_path: Path, name: str) -> None:
    """A path that cannot be is told as such, not as a bug."""
    file = tmp_path / "file"
    file.write_text("in the way")
    told(one_error(call(*written(name, pack, kit, file / "place")), 5), file)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "in the way"


def test_a_library_that_cannot_be_written_is_named(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gave no -o does not know where that is."""
    home = tmp_path / "home"
    home.write_text("in the way")
    monkeypatch.setenv("DISTILL_HOME", str(home))
    told(one_error(call("train", pack, "--steps", "1", "--only", *CODEC), 5), home)


def test_a_full_disk_costs_no_model_that_was_there(pack: Path, kit: Path, tmp_path: Path) -> None:
    """Neither by --force nor by a companion that is trained anew."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    before = model.read_bytes()
    again = ["train", pack, "-o", model, "--force", "--steps", "1", "--only", *CODEC]
    for words in (again, ["train-prior", model, pack, *COMPANION]):
        with little_room():
            result = call(*words)
        assert (result.code, result.out) == (5, "")
        the_line(result)
        assert model.read_bytes() == before
    assert call("info", model).code == 0


def test_a_disk_that_fills_up_while_takes_are_made_keeps_those_that_are_there(
    kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 7 with the list; in the first one it is exit 5."""
    words = ["generate", kit, "--count", "3", "--seed", "1", "--duration", "0.1", "-o", tmp_path]
    for room, code in ((0, 5), (1, 5), (2, 7), (3, 7)):  # moves: a recipe and a sound each
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", full_after(room))
            result = call(*words)
        assert result.code == code, result.err
        assert "No space left on device" in the_line(result)
        sounds = sorted(path.name for path in tmp_path.iterdir())
        assert sounds == (["kit-1.json", "kit-1.wav"] if code == 7 else [])
        assert len(result.out.splitlines()) == room // 2
        for path in tmp_path.iterdir():
            path.unlink()


def full_after(moves: int) -> Callable[..., None]:
    """Give an `os.replace` that works so many times."""
    real, made = os.replace, []

    def replace(source: Any, target: Any) -> None:
        if len(made) == moves:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source, None, target)
        made.append(target)
        real(source, target)

    return replace


def test_a_disk_that_fills_up_while_sounds_are_sent_through_keeps_those_that_are_there(
    pack: Path, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest would fail as well, and is not tried."""
    waves = sorted(pack.glob("kick*"))[:3]
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_after(1))
        result = call("reconstruct", kit, *waves, "-o", tmp_path)
    assert result.code == 7
    assert "1 of 3 files were made, then: " in the_line(result)
    assert [path.name for path in tmp_path.iterdir()] == [waves[0].name]


LAUNCH = """
import ctypes, os, sys
if os.geteuid() == 0:  # root may write anywhere: give that up
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def powerless(*words: object) -> Result:
    """Run Python as someone who may write only where permissions say so."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """Make a folder that may not be written, also not by root."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    probe = powerless("-c", f"open({str(folder / 'probe')!r}, 'w')")
    if "PermissionError" not in probe.err:
        pytest.skip("permissions hold nobody back here")
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("name", ["generate", "demo"])
def test_a_folder_that_may_not_be_written(pack: Path, kit: Path, locked: Path, name: str) -> None:
    """The commonest of all: another user's folder, a read-only disk."""
    result = powerless("-m", "distill_cli", *written(name, pack, kit, locked))
    told(one_error(result, 5), locked)
    assert "Permission denied" in result.err
    assert not list(locked.iterdir())


def test_a_model_that_may_not_be_read_or_replaced(
    pack: Path, kit: Path, tmp_path: Path, locked: Path
) -> None:
    """Permissions are no matter of spelling: 5, not 2."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    model.chmod(0o444)
    result = powerless("-m", "distill_cli", "train-prior", model, pack, *COMPANION)
    told(one_error(result, 5), model)
    assert model.read_bytes() == kit.read_bytes()
    model.chmod(0)
    told(one_error(powerless("-m", "distill_cli", "info", model), 5), model)


@pytest.mark.parametrize(("place", "code"), [("file/kit.distill", 5), ("device", 2)])
def test_what_may_not_be_written_is_told_before_the_sounds_are_read(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, code: int
) -> None:
    """After hours of training it would be told to someone who left."""

    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("the sounds were read")

    monkeypatch.setattr("distill_core.training.job.open_dataset", read)
    (tmp_path / "file").write_bytes(b"")
    target = Path(os.devnull) if place == "device" else tmp_path / place
    line = one_error(call("train", pack, "-o", target, "--force", *CODEC, "--only"), code)
    assert str(target if place == "device" else tmp_path / "file") in line
