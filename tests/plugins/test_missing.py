"""What still works when a distribution is not there, and how the rest says what is missing."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from distill_core import claims
from distill_core.claims import NARROW
from distill_core.header import read_header
from distill_core.modelfile import ModelFile, read_model_file, write_model_file
from distill_core.registry import environment
from distill_core.strict import dump

from ..conftest import TINY, Result
from . import bring, found, importable

Distill = Callable[..., Result]
OURS = ("distill-vae", "distill-vqvae", "distill-prior")
Without = Callable[..., None]


@pytest.fixture(params=["narrowed", "removed"])
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Without]:
    """Leave distributions of ours out, as DISTILL_BACKENDS does, or as if they were not there."""

    def leave_out(*names: str) -> None:
        if request.param == "narrowed":
            monkeypatch.setenv(NARROW, ",".join(each for each in OURS if each not in names))
        else:
            monkeypatch.delenv(NARROW, raising=False)
            left = [
                each
                for each in importlib.metadata.distributions()
                if claims.plain_name(each.name or "") not in names
            ]
            monkeypatch.setattr(claims, "distributions", lambda: left)
        environment.cache_clear()

    yield leave_out
    monkeypatch.undo()
    environment.cache_clear()


def one_line(result: Result, code: int) -> str:
    """Expect a failure of one line, and nothing on stdout; give the line."""
    assert (result.code, result.out) == (code, ""), result.err
    line = result.err.splitlines()[-1]
    assert line.startswith("Error: ")
    assert "Traceback" not in result.err
    return line


def test_without_the_prior_a_model_reconstructs_and_says_what_would_play_it(
    distill: Distill, without: Without, kit: Path, pack: Path, tmp_path: Path
) -> None:
    """A companion is an addition: whoever lacks it loses what it adds, and nothing else."""
    without("distill-prior")
    sound = next(pack.glob("*.wav"))
    done = distill("reconstruct", kit, sound, "-o", tmp_path / "again")
    assert done.code == 0, done.err
    assert len(list((tmp_path / "again").iterdir())) == 1
    line = one_line(distill("generate", kit, "-o", tmp_path / "takes"), 6)
    assert "needs the model type prior, which is not installed" in line
    assert "Install it: pip install distill-prior" in line
    assert not (tmp_path / "takes").exists()


def test_without_its_codec_nothing_in_a_file_can_be_used(
    distill: Distill, without: Without, kit: Path, pack: Path, tmp_path: Path
) -> None:
    """Its companion sits on it; each command names the distribution that is missing."""
    without("distill-vqvae")
    before = kit.read_bytes()
    sound = next(pack.glob("*.wav"))
    for words in (
        ("generate", kit, "-o", tmp_path),
        ("reconstruct", kit, sound, "-o", tmp_path),
        ("train-prior", kit, pack, "--steps", "1"),
        ("evaluate", kit, pack),
    ):
        line = one_line(distill(*words), 6)
        assert "needs the model type vqvae, which is not installed" in line, words
        assert "Install it: pip install distill-vqvae" in line
    assert kit.read_bytes() == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", [("distill-prior",), ("distill-vqvae",), OURS])
def test_info_shows_everything_whoever_is_missing(
    distill: Distill, without: Without, kit: Path, missing: tuple[str, ...]
) -> None:
    """A header needs no backend; who got a file from a friend learns what it asks for."""
    whole = json.loads(distill("info", kit, "--json").out)
    without(*missing)
    done = distill("info", kit, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == whole
    shown = distill("info", kit)
    assert shown.code == 0
    assert "distill-vqvae" in shown.out
    assert "prior" in shown.out


def test_without_any_backend_training_says_so_and_the_rest_works(
    distill: Distill, without: Without, pack: Path, tmp_path: Path
) -> None:
    """Nobody brings it (exit 6) is another thing than a name that was mistyped (exit 2)."""
    without(*OURS)
    line = one_line(distill("train", pack, "-o", tmp_path / "a.distill"), 6)
    assert "no backend" in line.lower()
    line = one_line(distill("train", pack, "--type", "vqvae", "-o", tmp_path / "a.distill"), 2)
    assert "No model type vqvae. No backend is installed." in line
    assert json.loads(distill("types", "--json").out) == {"types": []}
    assert distill("plugins", "--json").code == 0
    assert distill("scan", pack).code == 0
    for words in (["--help"], ["train", "--help"], ["generate", "--help"]):
        assert distill(*words).code == 0
    assert not list(tmp_path.iterdir())


@pytest.fixture
def broken_prior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a companion that fails when it is imported, in the place of ours."""
    entries = "[distill.companions]\nprior = distill_cracked\n"
    folder = bring(tmp_path / "path", "distill-cracked", "raise OSError('no libcrack')", entries)
    ours = [
        each
        for each in importlib.metadata.distributions()
        if claims.plain_name(each.name or "") == "distill-vqvae"
    ]
    monkeypatch.setattr(claims, "distributions", lambda: [*ours, *found(folder)])
    environment.cache_clear()
    with importable(folder):
        yield
    monkeypatch.undo()
    environment.cache_clear()


@pytest.mark.usefixtures("broken_prior")
def test_a_broken_companion_costs_what_it_adds_and_is_told(
    distill: Distill, kit: Path, pack: Path, tmp_path: Path
) -> None:
    """The host is trained and saved all the same; ten minutes of work hang on nobody's library."""
    host = TINY[: TINY.index("--prior-encodings")]
    model = tmp_path / "host.distill"
    done = distill("train", pack, "-o", model, "--steps", "2", *host)
    assert done.code == 0, done.err
    reason = "distill-cracked is broken: OSError: no libcrack"
    assert f"Warning: prior is not trained, since {reason}. Upgrade it (pip install" in done.err
    assert list(read_header(model).parts) == ["vqvae"]
    assert distill("reconstruct", kit, next(pack.glob("*.wav")), "-o", tmp_path).code == 0
    line = one_line(distill("generate", kit, "-o", tmp_path / "takes"), 6)
    assert f"{reason}. Upgrade it (pip install --upgrade distill-cracked)" in line


def test_saving_again_keeps_what_could_not_be_read_bit_for_bit(
    distill: Distill, kit: Path, pack: Path, tmp_path: Path
) -> None:
    """Someone else's companion, a part and words that no version of ours knows."""
    known, path = read_model_file(kit), tmp_path / "kit.distill"
    ghost = {"version": 7, "backend": "distill-ghost 7.0", "config": {"x": [1, None]}, "new": "é"}
    strange = {
        "ghost": {"deep.weight": torch.randn(3, 5).to(torch.bfloat16), "empty": torch.zeros(0, 4)},
        "stray": {"odd name": torch.arange(9, dtype=torch.uint8), "flag": torch.tensor(True)},
    }
    told = known.header.told | {
        "has_ghost": "true", "mood": "gr\u00fcn, \"quoted\"\n", "has_nothing": "false",
        "companions": dump(known.header.companions | {"ghost": ghost}),
        "extras": dump(known.header.extras | {"ghost": {"ends": True}}),
        "presets": dump({"soft": {"temperature": 0.5}}),
    }  # fmt: skip
    write_model_file(path, told, known.parts() | strange)
    before = read_model_file(path)
    done = distill(
        "train-prior", path, pack, "--steps", "2", "--hidden-size", "16", "--layers", "1",
        "--encodings", "2", "--seed", "3",
    )  # fmt: skip
    assert done.code == 0, done.err
    after = read_model_file(path)
    assert after.header.companions["prior"] != before.header.companions["prior"]
    assert after.header.companions["ghost"] == ghost
    assert after.header.extras["ghost"] == {"ends": True}
    changed = {"companions", "extras", "digest"}
    assert {key: word for key, word in after.header.told.items() if key not in changed} == {
        key: word for key, word in before.header.told.items() if key not in changed
    }
    assert raw(after, "prior") != raw(before, "prior")
    for part in ("vqvae", *strange):
        assert raw(after, part) == raw(before, part)
    shown = json.loads(distill("info", path, "--json").out)
    assert (shown["has_ghost"], shown["mood"]) == (True, told["mood"])
    assert distill("generate", path, "--duration", "0.2", "-o", tmp_path / "takes").code == 0


def raw(file: ModelFile, part: str) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Give each tensor of a part as its type, shape and bytes in the file."""
    header = file.header
    return {
        name: (
            place.dtype,
            place.shape,
            bytes(file.content[header.data_start + place.start : header.data_start + place.end]),
        )
        for name, place in header.tensors.items()
        if name.split(".", 1)[0] == part
    }


def test_a_copy_without_its_companion_is_a_model_still(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """`has_prior` false is no fault: the sentence says how to train one."""
    known, path = read_model_file(kit), tmp_path / "bare.distill"
    told = known.header.told | {"has_prior": "false", "companions": "{}"}
    write_model_file(path, told, {"vqvae": known.part("vqvae")})
    line = one_line(distill("generate", path), 2)
    assert "Train a prior first: distill train-prior" in line
