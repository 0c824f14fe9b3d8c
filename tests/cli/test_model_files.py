"""Bad, unsafe, incompatible and too new model files through the real commands: exit 4, a line."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from distill_core.header import REFUSAL
from distill_core.modelfile import read_model_file, write_model_file

from ..conftest import TINY, call
from ..mutations import crafted

AUDIT = """
import os, sys

def heard(event, arguments):
    if event == "pickle.find_class":
        with open(os.environ["HEARD"], "a") as file:
            file.write(f"{arguments}\\n")

sys.addaudithook(heard)
"""

EACH = """
import json, sys
from distill_cli.exits import guarded
from distill_cli.main import main
from distill_cli.screen import Screen

for words in json.loads(sys.argv[1]):
    screen = Screen(color=False)
    run = lambda: main.main(words, "distill", obj=screen, standalone_mode=False)
    if guarded(run, screen) != 0:
        sys.exit(f"distill {words} failed")
"""


@pytest.fixture(scope="module")
def few(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy a few sounds, so that what uses them is soon done."""
    folder = tmp_path_factory.mktemp("few")
    for wave in sorted(pack.rglob("*.wav"))[:3]:
        shutil.copy(wave, folder)
    return folder


def rewritten(kit: Path, path: Path, **words: str) -> Path:
    """Copy a model file with other words in its header, whole and with a good digest."""
    file = read_model_file(kit)
    write_model_file(path, file.header.told | words, file.parts())
    return path


def uses(model: Path, pack: Path, out: Path) -> dict[str, list[object]]:
    """Give every command that reads a model file."""
    wave = next(iter(pack.rglob("*.wav")))
    return {
        "info": ["info", model],
        "info --json": ["info", model, "--json"],
        "generate": ["generate", model, "-o", out / "takes", "--duration", "0.1", "--seed", "1"],
        "reconstruct": ["reconstruct", model, wave, "-o", out / "again"],
        "train-prior": ["train-prior", model, pack, "--steps", "1"],
        "evaluate": ["evaluate", model, pack],
        "morph": ["morph", model, wave, wave, "-o", out / "morphs"],
    }


def keeps(model: Path) -> dict[str, list[object]]:
    """Give every command that reads a model file and no weights of it."""
    return {
        "presets save": ["presets", "save", model, "cold", "--temperature", "0.5"],
        "presets list": ["presets", "list", model],
        "presets remove": ["presets", "remove", model, "cold"],
    }


def refused(words: list[object]) -> str:
    """Run a command that must refuse its model file; give what it says."""
    result = call(*words)
    assert result.code == 4, (words, result)
    assert result.out == "", words
    assert "Traceback" not in result.err
    said = [line for line in result.err.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1, result.err
    assert result.err.splitlines()[-1] == said[0]
    return said[0]


def _pickles() -> dict[str, bytes]:
    made = {
        f"protocol {number}": pickle.dumps({"config": {"a": 1}, "state": [1, 2.5]}, number)
        for number in range(pickle.HIGHEST_PROTOCOL + 1)
    }
    zipped, old = io.BytesIO(), io.BytesIO()
    state = {"model": {"w": torch.ones(3)}}
    torch.save(state, zipped)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    return made | {"torch": zipped.getvalue(), "old torch": old.getvalue()}


@pytest.mark.parametrize("kind", _pickles())
@pytest.mark.parametrize("suffix", [".distill", ".sda"])
def test_r8_pickles_are_refused_unread_by_every_command(
    pack: Path, tmp_path: Path, kind: str, suffix: str
) -> None:
    """The files of an earlier Distill, and whatever torch.save made."""
    model = tmp_path / f"old{suffix}"
    model.write_bytes(_pickles()[kind])
    for words in (uses(model, pack, tmp_path) | keeps(model)).values():
        assert REFUSAL in refused(words)
    assert [path.name for path in tmp_path.iterdir()] == [model.name]


@pytest.mark.parametrize("kind", _pickles())
def test_r8_pickles_are_refused_unread_as_partners_too(
    kit: Path, tmp_path: Path, kind: str
) -> None:
    """Whether they lead or follow, and nothing is played."""
    model = tmp_path / "old.sda"
    model.write_bytes(_pickles()[kind])
    pairs = ["--blend", f"{model}=0.5"], ["--blend", f"{kit}=0.5"]
    for words in ([*pairs[0], *pairs[1]], [*pairs[1], *pairs[0]], [kit, *pairs[0]]):
        assert REFUSAL in refused(["generate", *words, "-o", tmp_path / "takes"])
    assert [path.name for path in tmp_path.iterdir()] == [model.name]


def test_a_damaged_file_is_refused_by_every_command_that_plays(
    kit: Path, pack: Path, tmp_path: Path
) -> None:
    """One bit is enough; `info` reads the header alone, and says so."""
    model = tmp_path / "kit.distill"
    content = bytearray(kit.read_bytes())
    content[-1000] ^= 1
    model.write_bytes(content)
    for name, words in (uses(model, pack, tmp_path) | keeps(model)).items():
        if name not in {"info", "info --json", "presets list"}:
            assert "does not match its digest. Get it again." in refused(words)
    assert "the digest is checked when" in call("info", model).err
    model.write_bytes(content[: len(content) // 2])
    for words in (uses(model, pack, tmp_path) | keeps(model)).values():
        assert "cut or damaged" in refused(words)
    assert [path.name for path in tmp_path.iterdir()] == ["kit.distill"]


@pytest.mark.parametrize("version", ["3", "99"])
def test_a_newer_file_says_which_distribution_to_upgrade(
    kit: Path, pack: Path, tmp_path: Path, version: str
) -> None:
    """Whoever made it has a newer Distill; the file is sound."""
    model = rewritten(kit, tmp_path / "m.distill", version=version)
    for name, words in uses(model, pack, tmp_path).items():
        if not name.startswith("info"):
            assert "Upgrade it: pip install --upgrade distill-vqvae." in refused(words)
    assert json.loads(call("info", model, "--json").out)["version"] == int(version)


def test_an_older_file_does_not_send_its_owner_to_upgrade(kit: Path, tmp_path: Path) -> None:
    """Upgrading again would not help."""
    model = rewritten(kit, tmp_path / "m.distill", version="1")
    said = refused(["generate", model, "-o", tmp_path / "takes"])
    assert "vqvae of version 1" in said
    assert "Train it again, or install an older distill-vqvae." in said


def test_every_wrong_field_of_a_config_is_told_in_one_line(
    kit: Path, pack: Path, tmp_path: Path
) -> None:
    """Wrong kinds, bounds and names at once, and what was probably meant."""
    config = read_model_file(kit).header.config
    config |= {"hidden_size": "wide", "stride": 99, "dropout": None, "frame_hopp": 512}
    model = rewritten(kit, tmp_path / "m.distill", config=json.dumps(config))
    for name, words in uses(model, pack, tmp_path).items():
        if not name.startswith("info"):
            said = refused(words)
            for part in ("hidden_size: 'wide'", "stride: 99 must", "dropout: needs", "frame_hopp"):
                assert part in said
            assert "frame_hop?" in said


ODD = ["3", "null", "[]", '"x"', '{"prior":3}', '{"prior":[]}', '{"prior":{}}', '{"vqvae":3}',
       '{"":{}}', '{"prior":{"config":[],"version":1}}', '{"prior":{"config":{},"version":1e999}}',
       '{"prior":{"longest_seconds":"x","ends":[]}}', '{"warm":[1]}', '{"warm":{"temperature":[]}}',
       '{"\\u001b[2J\\n":{"config":{"\\u0000":"\\n"},"version":1,"backend":5}}', "{", "\\ud800",
       '{"clips":{},"held_out":3,"steps":[],"seconds":"x","automatic":5,"fingerprint":{}}',
       '{"prior":{"version":1,"config":{"layers":1},"training":3,"backend":[]}}']  # fmt: skip


@pytest.mark.parametrize("table", ["presets", "extras", "companions", "training"])
def test_tables_of_the_wrong_inner_kinds_never_end_in_a_traceback(
    kit: Path, few: Path, tmp_path: Path, table: str
) -> None:
    """The digest is right, so whoever wrote it meant it: it plays, or is refused in one line."""
    slow = {"companions": "train-prior", "training": "evaluate"}.get(table)
    for number, text in enumerate(ODD):
        model = rewritten(kit, tmp_path / "m.distill", **{table: text})
        commands = uses(model, few, tmp_path / str(number)) | keeps(model)
        names = ["info", "info --json", "generate", *keeps(model)]
        if slow and number % 5 == 2:  # the one that is this table's own is among them
            names.append(slow)
        for name in names:
            result = call(*commands[name])
            assert result.code in {0, 2, 3, 4, 6}, (name, text, result)
            assert "Traceback" not in result.err
            assert not result.out or not result.code, (name, text, result)
            assert "\x1b" not in result.out + result.err
            if name == "info --json" and result.code == 0:
                assert isinstance(json.loads(result.out)[table], dict)


def test_a_crafted_checkpoint_is_refused_or_goes_on(few: Path, tmp_path: Path) -> None:
    """Whatever it says with a right digest, the run goes on, is refused, or diverges as told."""
    model, run = tmp_path / "kit.distill", tmp_path / "kit.run"
    assert call("train", few, "-o", model, "--steps", "1", "--only", *TINY[:10]).code == 0
    (kept,) = (run / "checkpoints").iterdir()
    whole, codes = kept.read_bytes(), set()
    aside = shutil.copytree(tmp_path, tmp_path.with_name(tmp_path.name + "-aside"))
    for number in range(24):
        shutil.rmtree(tmp_path)
        shutil.copytree(aside, tmp_path)
        kept.write_bytes(crafted(whole, number))
        result = call("train", "--resume", run, "--steps", "1")
        assert result.code in {0, 2, 4, 8}, (number, result)
        assert "Traceback" not in result.err
        codes.add(result.code)
    assert {0, 4} <= codes


def test_r8_no_file_of_ours_is_read_by_unpickling(few: Path, tmp_path: Path) -> None:
    """An audit hook, in every process that the commands start, hears of no class looked up.

    Model file, checkpoint, cache, recipe and journal are all read: the second training finds the
    cache, going on reads checkpoint and journal, a further take looks at recipes.
    """
    (tmp_path / "sitecustomize.py").write_text(AUDIT)
    heard, model = tmp_path / "heard", tmp_path / "kit.distill"
    before = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(before), "HEARD": str(heard),
        "DISTILL_HOME": str(tmp_path / "home"),
    }  # fmt: skip

    def python(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", *words], env=environment, capture_output=True, text=True,
            timeout=300, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    working = uses(model, few, tmp_path)
    del working["morph"]  # which this type cannot
    commands = [
        ["scan", few],
        ["train", few, "-o", model, "--steps", "2", *TINY],
        ["train", "--resume", tmp_path / "kit.run", "--steps", "1"],
        *working.values(),
        *keeps(model).values(),
        ["generate", model, "-o", tmp_path / "takes", "--duration", "0.1", "--seed", "1"],
    ]
    python(EACH, json.dumps([[str(word) for word in words] for words in commands]))
    assert not heard.exists(), heard.read_text()
    python("import pathlib, pickle; pickle.loads(pickle.dumps(pathlib.Path()))")
    assert "pathlib" in heard.read_text()  # it does hear
