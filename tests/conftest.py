"""What tests of every kind share: a home of their own, a pack of sounds, a small trained kit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

TINY = [
    "--hidden-size", "32", "--layers", "1", "--slow-layers", "1", "--encoder-layers", "1",
    "--batch", "4", "--prior-encodings", "2", "--prior-hidden-size", "32", "--prior-layers", "1",
]  # fmt: skip


class Result(NamedTuple):
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep caches and the library apart from the user's; sounds are decoded once a session."""
    home = tmp_path_factory.mktemp("home")
    old = os.environ.get("DISTILL_HOME")
    os.environ["DISTILL_HOME"] = str(home)
    yield home
    if old is None:
        del os.environ["DISTILL_HOME"]
    else:
        os.environ["DISTILL_HOME"] = old


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small synthetic pack."""
    from distill_core.audio.packs import write_pack

    folder = tmp_path_factory.mktemp("sounds")
    write_pack(folder, seed=0, count=18)
    return folder


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> Path:
    """Train both stages for a few steps, through the command; read-only for tests."""
    path = tmp_path_factory.mktemp("kit") / "kit.distill"
    result = call("train", pack, "-o", path, "--steps", "12", "--seed", "1", *TINY)
    assert result.code == 0, result.err
    return path


@pytest.fixture
def distill() -> Callable[..., Result]:
    """Run the `distill` command in this process."""
    return call


def call(*words: object) -> Result:
    """Run the `distill` command in this process, through its own door."""
    import contextlib
    import io

    from distill_cli.exits import guarded
    from distill_cli.main import main
    from distill_cli.screen import Screen

    out, err = io.StringIO(), io.StringIO()
    args = [str(word) for word in words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        screen = Screen(color=False)
        code = guarded(
            lambda: main.main(args, "distill", obj=screen, standalone_mode=False), screen
        )
    return Result(code, out.getvalue(), err.getvalue())
