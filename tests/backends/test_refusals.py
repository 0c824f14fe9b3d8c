"""What cannot be loaded is refused in one line, with all that is wrong and the way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distill_core
import pytest
from distill_core import BackendError, ConfigError, ModelFileError
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.strict import dump

from ..mutations import crafted
from .strangers import rewritten


@pytest.mark.parametrize(
    "config",
    [{"heads": 3}, {"heads": 16}, {"hidden_size": None}, {"heads": None}, {"seq_len": None}],
)
def test_a_prior_whose_config_cannot_play_is_refused_as_it_is_loaded(
    tiny: Path, tmp_path: Path, config: dict[str, Any]
) -> None:
    """The weights may fit all the same; it would fail in the midst of a take."""
    model = distill_core.load(rewritten(tiny, tmp_path / "a.distill", {}, config), device="cpu")
    with pytest.raises(ModelFileError, match="no prior can be built from its config"):
        model.generate(duration=0.1)


@pytest.mark.parametrize("where", ["host", "prior"])
def test_every_wrong_field_of_a_config_is_told_at_once(
    tiny: Path, tmp_path: Path, where: str
) -> None:
    """In one line, with what was probably meant."""
    wrong = {"hidden_size": "wide", "dropout": 7, "layer": 3, "nonsense": 1}
    told = [wrong, {}] if where == "host" else [{}, wrong]
    path = rewritten(tiny, tmp_path / "a.distill", *told)
    with pytest.raises(ModelFileError) as caught:
        distill_core.load(path, device="cpu").generate()
    said = str(caught.value)
    for part in ("hidden_size: 'wide'", "dropout: 7 must lie", "layer:", "layers", "nonsense"):
        assert part in said, said
    assert said.isprintable()


def test_a_config_of_thousands_of_settings_is_refused_unread(tiny: Path, tmp_path: Path) -> None:
    """Looking for what each may have meant would take minutes."""
    many = {f"x{number}": 1 for number in range(50_000)}
    with pytest.raises(ModelFileError, match="50013 settings"):
        distill_core.load(rewritten(tiny, tmp_path / "a.distill", many), device="cpu")
    long = {"hidden_size": "x" * 100_000}
    with pytest.raises(ModelFileError) as caught:
        distill_core.load(rewritten(tiny, tmp_path / "a.distill", long), device="cpu")
    assert len(str(caught.value)) < 1500


def _forget(words: dict[str, str]) -> None:
    del words["version"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda words: words.update(version="3"), "pip install --upgrade distill-vqvae"),
        (lambda words: words.update(version="1"), "Train it again, or install an older distill-v"),
        (lambda words: words.update(version="0"), "Train it again"),
        (_forget, "of version 1; the installed distill-vqvae"),
    ],
)
def test_another_version_is_refused_with_the_way_out(
    tiny: Path, change: Callable[[dict[str, str]], None], told: str
) -> None:
    """Upgrade for a newer one; what is older than anything known can only be made again."""
    file = read_model_file(tiny)
    words = dict(file.header.told)
    change(words)
    write_model_file(tiny, words, file.parts())
    with pytest.raises(ModelFileError, match=told):
        distill_core.load(tiny, device="cpu")


@pytest.mark.parametrize("version", [True, "1", 1.0, None, [1], 10**30, -1, 2])
def test_a_companions_version_must_be_one_that_is_read(tiny: Path, version: Any) -> None:
    """True is not 1; and the model itself still plays back what it hears."""
    file = read_model_file(tiny)
    companions = file.header.companions
    companions["prior"]["version"] = version
    write_model_file(tiny, file.header.told | {"companions": dump(companions)}, file.parts())
    model = distill_core.load(tiny, device="cpu")
    assert not model.companions
    with pytest.raises(ModelFileError, match=r"damaged|of version"):
        model.generate()


def test_a_file_cannot_choose_what_is_to_be_installed(tiny: Path) -> None:
    """The advice is followed by people: it names a distribution or nothing."""
    file = read_model_file(tiny)
    for backend, told in {
        "distill-other 1": "pip install distill-other.",
        "--index-url http://evil x": "Install the backend that made it.",
        "a;rm 1": "Install the backend that made it.",
        "": "Install the backend that made it.",
    }.items():
        words = {"model_type": "unheard", "backend": backend}
        write_model_file(tiny, file.header.told | words, file.parts())
        with pytest.raises(BackendError) as caught:
            distill_core.load(tiny, device="cpu")
        assert told in str(caught.value)


def test_a_checkpoint_is_not_taken_for_a_model(tmp_path: Path) -> None:
    """It says how to go on with it, not which backend to install."""
    path = tmp_path / "a.checkpoint"
    write_model_file(path, {"config": "{}", "checkpoint": "{}"}, {"model": {}})
    for read in (distill_core.load, distill_core.header):
        with pytest.raises(ModelFileError, match="distill train --resume"):
            read(str(path))


def test_a_library_of_damaged_files_still_finds_the_sound_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad file must not hide the others; an impossible name is no disk's fault."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    shelf = tmp_path / "models"
    shelf.mkdir()
    whole = tiny.read_bytes()
    for number in range(40):
        (shelf / f"bad{number}.distill").write_bytes(crafted(whole, number))
    (shelf / "sound.distill").write_bytes(whole)
    assert distill_core.header("sound").id == "0a1b"
    for name in ("x" * 5000, "a\0b", "\udcff", ""):
        with pytest.raises(ConfigError, match="no model file"):
            distill_core.header(name)
    assert json.dumps(distill_core.header("sound").told)
