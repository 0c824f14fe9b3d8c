"""Two distributions that claim one type: who needs it is told what to do, all others work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import distill_core as distill
import pytest
from distill_core import claims
from distill_core.registry import environment

from ..conftest import TINY, Result, call
from . import bring, found, importable

Run = Callable[..., Result]
HOST = ["--steps", "2", *TINY[: TINY.index("--prior-encodings")]]
THIRD = "distill-vae"  # would be trained in place of one that is claimed twice
COPIES = {"vqvae": "distill.backends", "prior": "distill.companions"}


@pytest.fixture
def copies(tmp_path: Path) -> dict[str, Path]:
    """Make a second distribution for each built-in type; importing one would be taking sides."""
    return {
        name: bring(
            tmp_path / "path", f"distill-{name}-copy", "raise AssertionError('it was imported')",
            f"[{group}]\n{name} = distill_{name}_copy\n",
        )
        for name, group in COPIES.items()
    }  # fmt: skip


@pytest.fixture
def distill_beside(
    tmp_path: Path, copies: dict[str, Path], kit: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Run `distill` where a copy of one type is installed; MODEL, DATA and FILE are at hand."""
    model = tmp_path / "model.distill"
    model.write_bytes(kit.read_bytes())
    known = {"MODEL": model, "DATA": pack, "FILE": next(pack.glob("*.wav")), "NEW": tmp_path / "n"}
    ours = [
        each
        for each in distributions()
        if str(each.name).startswith("distill-") and each.name != THIRD
    ]

    def run(rival: str, *words: str, choice: str | None = None, beside: str = "") -> Result:
        folders = [copies[rival], *filter(None, [beside])]
        with monkeypatch.context() as patch, importable(*folders):
            patch.setattr(claims, "distributions", lambda: [*ours, *found(*folders)])
            if choice is not None:
                patch.setenv(claims.NARROW, choice)
            environment.cache_clear()
            return call(*(known.get(word, word) for word in words))

    yield run
    environment.cache_clear()


def told_of(rival: str) -> str:
    """Say what every command that needs the type has to say, but for what to keep."""
    return (
        f"distill-{rival} and distill-{rival}-copy claim the model type {rival}. Uninstall one of"
        f" them (pip uninstall distill-{rival}-copy), or choose: DISTILL_BACKENDS="
    )


NEEDING = [
    ("vqvae", "train DATA -o NEW --steps 1"),
    ("vqvae", "train DATA -o NEW --steps 1 --hidden-size 32"),
    ("vqvae", "train DATA -o NEW --steps 1 --type vqvae --only --code-width 4"),
    ("vqvae", "train-prior MODEL DATA --steps 1 --layers 1"),
    ("vqvae", "generate MODEL -o NEW"),
    ("vqvae", "generate MODEL -o NEW --temperature 0.9"),
    ("vqvae", "reconstruct MODEL FILE -o NEW"),
    ("vqvae", "evaluate MODEL DATA"),
    ("prior", "train DATA -o NEW --steps 1 --prior-layers 1"),
    ("prior", "train-prior MODEL DATA --steps 1"),
    ("prior", "train-prior MODEL DATA --steps 1 --layers 1"),
    ("prior", "generate MODEL -o NEW"),
    ("prior", "generate MODEL -o NEW --temperature 0.9"),
]
FREE = [
    *[(rival, f"{words} --help") for rival in COPIES for words in (
        "scan", "train", "train --type vqvae", "train-prior", "generate", "generate MODEL",
        "reconstruct", "evaluate", "info", "types", "plugins", "doctor", "demo",
    )],
    *[(rival, words) for rival in COPIES for words in (
        "--help", "--version", "types", "plugins", "info MODEL", "scan DATA",
    )],
    ("vqvae", "doctor"),
    ("vqvae", "demo NEW"),
    ("prior", "reconstruct MODEL FILE -o NEW"),
    ("prior", "evaluate MODEL DATA"),
]  # fmt: skip


@pytest.mark.parametrize(("rival", "words"), NEEDING)
def test_what_needs_the_type_names_both_and_how_to_choose(
    distill_beside: Run, tmp_path: Path, rival: str, words: str
) -> None:
    """Also where an option of the type is typed, which nobody else knows."""
    done = distill_beside(rival, *words.split())
    assert (done.code, done.out) == (6, "")
    assert done.err.startswith(f"Error: {told_of(rival)}")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(("rival", "words"), FREE)
def test_what_does_not_need_the_type_works(distill_beside: Run, rival: str, words: str) -> None:
    """A second copy of one backend must not take scanning, listing or help away."""
    done = distill_beside(rival, *words.split())
    assert done.code == 0, done.err
    assert done.out
    assert "Traceback" not in done.err


def test_a_run_of_the_type_goes_on_once_it_is_settled(distill_beside: Run, tmp_path: Path) -> None:
    """What `--resume` needs stands in the run; the run is not harmed by being refused."""
    model, run = str(tmp_path / "r.distill"), str(tmp_path / "r.run")
    done = distill_beside("vqvae", "train", "DATA", "-o", model, *HOST, choice="distill-vqvae")
    assert done.code == 0, done.err
    refused = distill_beside("vqvae", "train", "--resume", run, "--steps", "1")
    assert refused.code == 6
    assert told_of("vqvae") in refused.err
    done = distill_beside("vqvae", "train", "--resume", run, "--steps", "1", choice="distill-vqvae")
    assert done.code == 0, done.err


def test_a_host_is_trained_without_the_companion_that_two_claim(
    distill_beside: Run, tmp_path: Path
) -> None:
    """The host does not need it; whoever expected it is told why it is not there."""
    path = tmp_path / "host.distill"
    done = distill_beside("prior", "train", "DATA", "-o", str(path), *HOST)
    assert done.code == 0, done.err
    assert f"Warning: prior is not trained, since {told_of('prior')}" in done.err
    assert list(distill.header(str(path)).parts) == ["vqvae"]
    only = distill_beside("prior", "train", "DATA", "-o", str(path), "--only", "--force", *HOST)
    assert only.code == 0
    assert "claim" not in only.err


def test_help_for_the_type_says_why_its_settings_are_missing(distill_beside: Run) -> None:
    """It lists what it can, and is no place to look for what is broken."""
    done = distill_beside("vqvae", "train", "--type", "vqvae", "--help")
    assert told_of("vqvae") in done.err
    assert "claim" not in distill_beside("vqvae", "train", "--help").err


@pytest.mark.parametrize(("rival", "words"), NEEDING)
def test_the_choice_that_is_named_works(distill_beside: Run, rival: str, words: str) -> None:
    """A cure that did not would be worse than none."""
    told = distill_beside(rival, "plugins", "--json").out
    rows = [row for row in json.loads(told)["plugins"] if not row["ok"]]
    assert {row["name"] for row in rows} == {rival}
    (choice,) = {row["cure"].partition("DISTILL_BACKENDS=")[2] for row in rows}
    done = distill_beside(rival, *words.split(), choice=choice)
    assert done.code == 0, done.err


def test_another_type_is_trained_by_default_and_the_choice_is_told(
    distill_beside: Run, tmp_path: Path
) -> None:
    """What ranks highest of the rest takes its place, and nobody may wonder why."""
    path = tmp_path / "other.distill"
    words = ["train", "DATA", "-o", str(path), "--steps", "1"]
    done = distill_beside("vqvae", *words, beside="good")
    assert done.code == 0, done.err
    assert distill.header(str(path)).model_type == "hush"
    assert f"Warning: vqvae was left out of the choice, since {told_of('vqvae')}" in done.err
