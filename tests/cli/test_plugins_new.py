"""`distill plugins new`: names, places, and what is left when it fails."""

from __future__ import annotations

import ast
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from distill_cli.scaffold import writing
from distill_cli.scaffold.naming import Names
from distill_cli.scaffold.writing import TEMPLATES, rendered

from ..conftest import Result

Run = Callable[..., Result]
WRITTEN = {
    "README.md", "pyproject.toml", "src/distill_mine/__init__.py", "src/distill_mine/network.py",
    "tests/test_mine.py",
}  # fmt: skip
PEEK = """
import sys
from distill_cli.main import run
try:
    run()
except SystemExit as end:
    found = [name for name in ("torch", "numpy", "rich", "pytest") if name in sys.modules]
    print("imported:", *found, file=sys.stderr)
    raise
"""


def left(folder: Path) -> set[str]:
    """List the files in a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "distribution", "package", "prefix"),
    [
        ("mine", "distill-mine", "distill_mine", "Mine"),
        ("My-tone_2", "distill-my-tone-2", "distill_my_tone_2", "MyTone2"),
        ("a--b", "distill-a-b", "distill_a_b", "AB"),
        ("class", "distill-class", "distill_class", "Class"),
        ("None", "distill-none", "distill_none", "None"),
        ("tensor", "distill-tensor", "distill_tensor", "Tensor"),
    ],
)
def test_what_is_named_after_a_type_is_a_name_too(
    name: str, distribution: str, package: str, prefix: str
) -> None:
    """Distributions, modules and classes have rules of their own, and keywords are no names."""
    names = Names.of(name)
    assert (names.distribution, names.package, names.prefix) == (distribution, package, prefix)
    for path, text in rendered(names).items():
        if path.endswith(".py"):
            defined = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.ClassDef)]
            imported = [
                each.name for each in ast.walk(ast.parse(text)) if isinstance(each, ast.alias)
            ]
            assert not {each.name for each in defined} & set(imported)


@pytest.mark.parametrize(
    "name", ["", "9x", "-x", "_x", "x-", "x_", "ä", "a b", "a/b", "../x", "a.b", "a\n", "a" * 41]
)
def test_what_is_no_name_for_a_type_is_refused(distill: Run, tmp_path: Path, name: str) -> None:
    """It could not be typed, or would be no name for a folder or a distribution."""
    done = distill("plugins", "new", "--", name, tmp_path / "mine")
    assert (done.code, done.out) == (2, "")
    assert "is no name for a model type. Begin with a letter" in done.err
    assert not left(tmp_path)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("vqvae", "distill-vqvae brings the model type vqvae."),
        ("VQVAE", "distill-vqvae brings the model type vqvae."),
        ("prior", "distill-prior brings the model type prior."),
        ("core", "distill-core"),
        ("Cli", "distill-cli"),
    ],
)
def test_a_name_that_something_installed_has_is_refused(
    distill: Run, tmp_path: Path, name: str, owner: str
) -> None:
    """Once installed, one of the two could never be used; pip would even replace core."""
    done = distill("plugins", "new", name, tmp_path / "mine")
    assert (done.code, done.out) == (2, "")
    assert owner in done.err
    assert "Choose another name." in done.err
    assert not (tmp_path / "mine").exists()


def test_the_name_of_a_package_that_can_be_imported_is_refused(
    distill: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that no distribution brought."""
    (tmp_path / "path" / "distill_taken").mkdir(parents=True)
    (tmp_path / "path" / "distill_taken" / "__init__.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path / "path")
    done = distill("plugins", "new", "taken", tmp_path / "mine")
    assert done.code == 2
    assert "There is a Python package distill_taken here." in done.err


def test_it_writes_into_a_new_folder_and_says_what_to_type(distill: Run, tmp_path: Path) -> None:
    """The folders above it are made as well."""
    place = tmp_path / "some where" / "mine"
    done = distill("plugins", "new", "mine", place)
    assert done.code == 0, done.err
    assert left(place) == WRITTEN
    assert done.out == f"Wrote distill-mine into {place}: 5 files\n"
    assert done.err == f"Next: pip install -e '{place}[test]' && pytest '{place}'\n"


def test_it_writes_into_an_empty_folder_and_tells_scripts_its_files(
    distill: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was made for it; pip takes a folder for one by its ./."""
    monkeypatch.chdir(tmp_path)
    done = distill("plugins", "new", "mine", ".", "--json")
    assert done.code == 0, done.err
    assert left(tmp_path) == WRITTEN == set(json.loads(done.out)["files"])
    assert done.err == "Next: pip install -e './.[test]' && pytest ./.\n"


@pytest.mark.parametrize("kind", ["file", "filled", "dangling"])
def test_what_is_there_already_is_kept(distill: Run, tmp_path: Path, kind: str) -> None:
    """Whoever types the name of their work loses nothing."""
    place, held = tmp_path / "mine", tmp_path / "mine" / ".git" / "config"
    if kind == "filled":
        held.parent.mkdir(parents=True)
        held.write_text("held")
    elif kind == "file":
        place.write_text("held")
    else:
        place.symlink_to(tmp_path / "nowhere")
    before = left(tmp_path)
    done = distill("plugins", "new", "mine", place)
    assert (done.code, done.out) == (2, "")
    assert f"{place} is " in done.err
    assert left(tmp_path) == before


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(errno.ENOSPC, "No space left on device"), 5), (KeyboardInterrupt, 130)],
)
def test_nothing_is_left_of_one_that_fails_half_way(
    distill: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: bool,
    error: BaseException,
    code: int,
) -> None:
    """Half a distribution would be in the way of the next try; a folder of the user's stays."""
    write, written = writing.write_atomic, []

    def failing(path: Path, content: bytes) -> None:
        if len(written) == 3:
            raise error
        written.append(path)
        write(path, content)

    monkeypatch.setattr(writing, "write_atomic", failing)
    place = tmp_path / "above" / "mine"
    if made:
        place.mkdir(parents=True)
    done = distill("plugins", "new", "mine", place)
    assert (done.code, done.out, len(written)) == (code, "", 3)
    assert sorted(tmp_path.rglob("*")) == ([place.parent, place] if made else [])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(distill: Run, tmp_path: Path) -> None:
    """It is no matter of spelling: exit 5."""
    tmp_path.chmod(0o500)
    try:
        done = distill("plugins", "new", "mine", tmp_path / "mine")
    finally:
        tmp_path.chmod(0o700)
    assert (done.code, done.out) == (5, "")
    assert "Change its permissions, or name another place." in done.err


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    """It writes five files: nobody should wait for torch."""
    command = [sys.executable, "-c", PEEK, "plugins", "new", "mine", str(tmp_path / "mine"), "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "imported:\n")


def test_every_template_is_written_somewhere() -> None:
    """One that was forgotten would be missing in everybody's distribution."""
    there = {each.name for each in (files("distill_cli.scaffold") / "templates").iterdir()}
    assert there == {f"{name}.template" for name in TEMPLATES.values()}


def test_an_option_that_stands_in_the_wrong_place_is_refused(distill: Run, tmp_path: Path) -> None:
    """It would be dropped without a word."""
    done = distill("plugins", "--json", "new", "mine", tmp_path / "mine")
    assert (done.code, done.out) == (2, "")
    assert "--json before new means nothing." in done.err
    assert not left(tmp_path)


def test_the_nearest_command_is_suggested(distill: Run) -> None:
    """As for the commands of `distill` itself."""
    done = distill("plugins", "nwe", "mine", "mine")
    assert done.code == 2
    assert "There is no command 'nwe'. Did you mean new? See: distill plugins --help." in done.err
