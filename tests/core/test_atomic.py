"""A file is written whole or not at all (reliability R1).

Every operation by which the atomic writer touches the disk (opening, writing, closing, syncing,
changing the mode, moving) is counted in a dry run; then each in turn fails, or ends the process.
"""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distill_core import atomic
from distill_core.atomic import FILE_MODE, is_temporary, replacing, write_atomic
from distill_core.audio.sound import Sound
from distill_core.audio.writing import encoded
from distill_core.generating.export import Encoding, reserved, write_take
from distill_core.generating.take import Take

from .faulty_disk import Counter, fail, operations, outcome

OLD, NEW = b"old" * 1000, b"new" * 20_000  # the new one does not fit one write
ERRNOS = (errno.ENOSPC, errno.EIO, errno.EACCES)
KILLED = 9


def by_bytes(target: Path) -> None:
    """Write as models, checkpoints, recipes and runs are written."""
    write_atomic(target, NEW)


def by_callable(target: Path) -> None:
    """Write as the cache is written: piece by piece."""

    def write(file: Any) -> None:
        for start in range(0, len(NEW), 7000):
            file.write(NEW[start : start + 7000])

    write_atomic(target, write)


def by_path(target: Path) -> None:
    """Write as what wants a path is written."""
    with replacing(target) as beside:
        beside.write_bytes(NEW)


def take() -> Take:
    """Make a take without any model."""
    sound = Sound(np.linspace(-0.5, 0.5, 9600, dtype=np.float32), 48_000)
    return Take(sound, 1, 0, {"synthetic": True, "seed": 1}, Path("kit.distill"))


def by_take(target: Path) -> None:
    """Write as `generate` does: a sound with its recipe."""
    write_take(take(), target, Encoding.of("wav"))


WRITERS = (by_bytes, by_callable, by_path)


def count(writer: Callable[[Path], None], target: Path) -> list[str]:
    """List the operations of one undisturbed write."""
    counter = Counter()
    with operations(counter):
        writer(target)
    return counter.met


@pytest.mark.parametrize("writer", WRITERS)
def test_r1_a_fault_at_any_operation_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, writer: Callable[[Path], None]
) -> None:
    """A full or failing disk must not cost the model that was there, nor leave rubbish beside."""
    target = tmp_path / "kit.distill"
    met = count(writer, target)
    assert {"open", "write", "close", "fsync", "chmod", "replace"} <= set(met)
    moved = met.index("replace") + 1  # counted from 1
    for number in range(1, len(met) + 1):
        for code in ERRNOS:
            target.write_bytes(OLD)
            fault = partial(fail, code)
            error = outcome(writer, target, Counter(number, fault))
            if error is None:  # the folder may be written, but not read
                assert (code, number > moved) == (errno.EACCES, True)
            else:
                assert (error.errno, error.filename) == (code, str(target))
            late = number > moved
            assert target.read_bytes() == (NEW if late else OLD)
            assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("writer", [*WRITERS, by_take])
def test_r1_a_kill_at_any_operation_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, writer: Callable[[Path], None]
) -> None:
    """Whatever else it leaves is hidden, and nobody takes it for a sound or a model."""
    total = len(count(writer, tmp_path / "take.wav"))
    new = (tmp_path / "take.wav").read_bytes()
    script = (
        "import sys; from pathlib import Path; from tests.core import test_atomic as t;"
        f"t.kill_at_each(t.{writer.__name__}, Path(sys.argv[1]), {total})"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True, text=True, cwd=root, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == total
    for number, left in results.items():
        content = bytes.fromhex(left.pop("take.wav"))
        assert content in (OLD, new), number
        left.pop("take.json", None)  # first of the two; whole, as the next test holds
        assert all(is_temporary(name) for name in left), left


def kill_at_each(writer: Callable[[Path], None], folder: Path, total: int) -> None:
    """Write in a child that ends at its n-th operation, for every n; print what each left."""
    results = {}
    for number in range(1, total + 1):
        for path in folder.iterdir():
            path.unlink()
        (folder / "take.wav").write_bytes(OLD)
        child = os.fork()
        if not child:
            with operations(Counter(number, lambda: os._exit(KILLED))):
                writer(folder / "take.wav")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
        results[number] = {path.name: path.read_bytes().hex() for path in folder.iterdir()}
    print(json.dumps(results))


def test_r1_a_take_is_never_without_its_recipe(tmp_path: Path) -> None:
    """It would be taken for one of the musician's own sounds."""
    met = count(by_take, tmp_path / "take.wav")
    whole = (tmp_path / "take.wav").read_bytes()
    for number in range(1, len(met) + 1):
        for path in tmp_path.iterdir():
            path.unlink()
        fault = partial(fail, errno.ENOSPC)
        assert outcome(by_take, tmp_path / "take.wav", Counter(number, fault)) is not None
        assert {path.name for path in tmp_path.iterdir()} in (set(), {"take.wav", "take.json"})
        if (tmp_path / "take.wav").exists():
            assert (tmp_path / "take.wav").read_bytes() == whole
            assert json.loads((tmp_path / "take.json").read_bytes())["synthetic"] is True


def test_r1_file_and_folder_are_synced_and_in_that_order(tmp_path: Path) -> None:
    """A power cut after the move must find the bytes, and after the return the name."""
    met = count(by_bytes, tmp_path / "kit.distill")
    moved = met.index("replace")
    assert "fsync" in met[:moved]
    assert "fsync" in met[moved:]
    assert max(i for i, each in enumerate(met) if each == "write") < met.index("fsync")


def test_a_name_is_kept_without_anything_under_it(tmp_path: Path) -> None:
    """An empty sound under a final name would be all that a kill leaves of a take."""
    with reserved(tmp_path, "kit-5", "wav") as path:
        assert not path.exists()
        with reserved(tmp_path, "kit-5", "wav") as other:
            assert other.name == "kit-5-1.wav"
        assert all(is_temporary(each.name) for each in tmp_path.iterdir())
        by_take(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kit-5.json", "kit-5.wav"]


def test_what_kills_left_goes_a_day_later(tmp_path: Path) -> None:
    """Hidden megabytes would pile up where nobody looks; what is being written stays."""
    old, fresh = tmp_path / ".a.distill.abcdefgh.part.distill", tmp_path / ".b.wav.reserved.part"
    mine = tmp_path / ".part"
    for path in (old, fresh, mine):
        path.write_bytes(b"x")
    long_ago = time.time() - 2 * atomic.LEFT_SECONDS
    for path in (old, mine):
        os.utime(path, (long_ago, long_ago))
    write_atomic(tmp_path / "kit.distill", NEW)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".b.wav.reserved.part", ".part", "kit.distill"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_file_has_the_mode_of_any_new_file(tmp_path: Path, mask: int) -> None:
    """Temporary files are private; a model in a shared folder is not, unless the user wants so."""
    script = (
        f"import os, sys; os.umask({mask}); from pathlib import Path;"
        "from distill_core.atomic import write_atomic; write_atomic(Path(sys.argv[1]), b'new')"
    )
    target = tmp_path / "kit.distill"
    subprocess.run([sys.executable, "-c", script, str(target)], check=True, timeout=60)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask
    assert FILE_MODE == 0o666 & FILE_MODE


@pytest.mark.parametrize(
    "name",
    ["a" * 247 + ".distill", "ö" * 120 + ".distill", "🥁" * 61 + ".distill", "a." + "b" * 253, "…"],
)
def test_any_name_that_the_file_system_takes_can_be_written(tmp_path: Path, name: str) -> None:
    """The temporary name must not be the longer one."""
    assert len(os.fsencode(name)) <= 255
    write_atomic(tmp_path / name, NEW)
    assert (tmp_path / name).read_bytes() == NEW
    assert len(list(tmp_path.iterdir())) == 1


def test_the_temporary_file_has_the_suffix_of_its_target(tmp_path: Path) -> None:
    """Writers that want a path choose by it."""
    with replacing(tmp_path / "a.flac") as beside:
        assert beside.suffix == ".flac"
        assert beside.parent == tmp_path
        assert is_temporary(beside.name)


def test_a_symbolic_link_stays_one_and_its_target_is_replaced(tmp_path: Path) -> None:
    """Who keeps the library on another disk has linked it for a reason."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "kit.distill").write_bytes(OLD)
    for name, target in (("kit", "shelf/kit.distill"), ("new", "shelf/new.distill")):
        link = tmp_path / name
        link.symlink_to(target)
        write_atomic(link, NEW)
        assert link.is_symlink()
        assert (tmp_path / target).read_bytes() == NEW
    assert len(list(tmp_path.iterdir())) == 3


def test_what_is_marked_read_only_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder could be written, but somebody has locked this file."""
    target = tmp_path / "kit.distill"
    target.write_bytes(OLD)
    target.chmod(0o444)
    real = os.access
    told = lambda path, mode: real(path, mode) and bool(Path(path).stat().st_mode & 0o200)  # noqa: E731
    monkeypatch.setattr(os, "access", told)  # root may do anything
    with pytest.raises(PermissionError) as caught:
        write_atomic(target, NEW)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == OLD


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    """`-o /dev/null --force` as root would take the device away from everyone."""
    places = [tmp_path / name for name in ("pipe", "folder", "circle")]
    os.mkfifo(places[0])
    places[1].mkdir()
    places[2].symlink_to("circle")
    for place in places:
        with pytest.raises(OSError, match=re.escape(str(place))):
            write_atomic(place, NEW)
    assert sorted(tmp_path.iterdir()) == sorted(places)
    assert not places[0].is_file()


def test_a_folder_that_has_vanished_is_named_by_the_file_that_was_asked_for(tmp_path: Path) -> None:
    """A temporary name in a message means nothing to anyone."""
    target = tmp_path / "gone" / "kit.distill"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomic(target, NEW)
    assert str(caught.value) == f"[Errno 2] No such file or directory: '{target}'"
    (tmp_path / "gone").write_bytes(b"")
    with pytest.raises(NotADirectoryError) as other:
        write_atomic(target, NEW)
    assert other.value.filename == str(target)


def test_a_fault_of_another_file_keeps_its_name(tmp_path: Path) -> None:
    """What reads a source while it writes may fail at the source."""
    missing = tmp_path / "source.wav"
    with pytest.raises(FileNotFoundError) as caught:
        write_atomic(tmp_path / "kit.distill", lambda _: missing.read_bytes())
    assert str(caught.value.filename) == str(missing)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="limits of file sizes are POSIX")
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_a_disk_that_fills_up_costs_the_sound_but_never_cuts_it(tmp_path: Path, kind: str) -> None:
    """FLAC, OGG and MP3 are finished when they are closed, and libsndfile tells no fault then."""
    sound = Sound(np.random.default_rng(0).normal(0, 0.1, 24_000).astype("f4"), 48_000)
    subtypes = {"wav": "PCM_24", "flac": "PCM_24", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
    size = len(encoded(sound.samples, 48_000, kind.upper(), subtypes[kind], {}))
    script = (
        "import resource, sys; from pathlib import Path; import numpy as np;"
        "from distill_core.audio.writing import write_sound;"
        "x = np.random.default_rng(0).normal(0, 0.1, 24_000).astype('f4')[None];"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size - 1}, {size - 1}));"
        f"write_sound(Path(sys.argv[1]), x, 48_000, {kind.upper()!r}, {subtypes[kind]!r})"
    )
    target = tmp_path / f"a.{kind}"
    done = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_temporary_names_are_those_of_the_writer(tmp_path: Path) -> None:
    """What is swept must be ours beyond doubt."""
    handle, name = tempfile.mkstemp(dir=tmp_path, prefix=".kit.distill.", suffix=".part.distill")
    os.close(handle)
    assert is_temporary(Path(name).name)
    for other in (
        "kit.distill",
        ".hidden.wav",
        ".kit.part",
        "kit.abcdefgh.part",
        ".x.ABCDEFGH.part",
    ):
        assert not is_temporary(other)
