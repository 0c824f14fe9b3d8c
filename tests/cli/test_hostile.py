"""What clumsy and hostile users do: nothing is lost, nothing ends in a traceback."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import distill_core
import numpy as np
import pytest
import torch
from distill_core.errors import ConfigError, Interrupted
from distill_core.events import Event, StepMetrics
from distill_core.generating.export import file_stem, reserved
from distill_core.modelfile import read_model_file, write_model_file

from ..conftest import TINY, Result, call

Distill = Callable[..., Result]


def train_tiny(pack: Path, model: Path, **told: Any) -> None:
    """Train the smallest codec through Python."""
    shape = {"hidden_size": 16, "layers": 1, "slow_layers": 0, "encoder_layers": 0, "batch": 1}
    distill_core.train(pack, "vqvae", out=model, only=True, **shape, **told)


def rewritten(kit: Path, path: Path, **words: str) -> Path:
    """Copy a model file with other words in its header, whole and with a good digest."""
    file = read_model_file(kit)
    write_model_file(path, file.header.told | words, file.parts())
    return path


def test_stopping_before_the_first_step_leaves_what_was_there(
    pack: Path, kit: Path, tmp_path: Path
) -> None:
    """An impatient Ctrl-C must not cost yesterday's model, nor its run."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    shutil.copytree(kit.with_name("kit.run"), tmp_path / "kit.run")
    before = model.read_bytes()
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted, match="nothing was written"):
        train_tiny(pack, model, steps=3, force=True, cancel=cancel)
    stop_late = threading.Event()
    with pytest.raises(Interrupted, match="is as it was"):
        train_tiny(
            pack, model, steps=3, force=True, cancel=stop_late,
            on_event=lambda _: stop_late.set(),
        )  # fmt: skip
    assert model.read_bytes() == before
    shutil.rmtree(tmp_path / "kit.run")
    assert [path.name for path in tmp_path.iterdir()] == ["kit.distill"]


def test_a_run_refused_before_it_started_gives_the_earlier_one_its_place_back(
    pack: Path, tmp_path: Path
) -> None:
    """--force replaces a run only by one that has begun."""
    model = tmp_path / "kit.distill"
    train_tiny(pack, model, steps=1)
    journal = (tmp_path / "kit.run" / "events.jsonl").read_bytes()
    cancel = threading.Event()

    def cancel_while_reading(number: int, total: int, name: str) -> None:
        if number == total:
            cancel.set()

    with pytest.raises(Interrupted):
        train_tiny(pack, model, steps=1, force=True, cancel=cancel, on_open=cancel_while_reading)
    assert (tmp_path / "kit.run" / "events.jsonl").read_bytes() == journal
    assert not list(tmp_path.glob(".*"))


def test_two_runs_into_one_model_do_not_mix(pack: Path, tmp_path: Path) -> None:
    """The second is refused while the first goes on, also with --force."""
    model = tmp_path / "kit.distill"
    refused: list[str] = []

    def start_another(event: Event) -> None:
        if isinstance(event, StepMetrics) and not refused:
            with pytest.raises(ConfigError, match="locked") as caught:
                train_tiny(pack, model, steps=1, force=True)
            refused.append(str(caught.value))

    train_tiny(pack, model, steps=3, on_event=start_another)
    assert refused
    assert model.exists()


def test_a_companion_is_not_put_into_another_model_than_its_own(
    pack: Path, kit: Path, tmp_path: Path
) -> None:
    """It would play noise."""
    model = Path(shutil.copy(kit, tmp_path / "kit.distill"))

    def replace(event: Event) -> None:
        if event.event == "started":
            rewritten(kit, model, id="another")

    words = {"encodings": 1, "hidden_size": 16, "layers": 1, "heads": 1}
    with pytest.raises(ConfigError, match="replaced by another model"):
        distill_core.train_companion(model, pack, "prior", steps=1, on_event=replace, **words)
    assert distill_core.header(str(model)).id == "another"


@pytest.mark.parametrize(
    "name", ["/evil", "../../evil", "..", "a\nb", "", "x" * 300, "音" * 100, "\u202e"]
)
def test_a_models_name_cannot_choose_where_takes_go(
    distill: Distill, kit: Path, tmp_path: Path, name: str
) -> None:
    """A stranger wrote the header."""
    assert "/" not in file_stem(name)
    model = rewritten(kit, tmp_path / "m.distill", name=name)
    result = distill("generate", model, "--seed", "1", "--duration", "0.2", "-o", tmp_path / "t")
    assert result.code == 0, result.err
    assert len(list((tmp_path / "t").glob("*.wav"))) == 1


@pytest.mark.parametrize("stem", ["x" * 251, "ö" * 125, "a." * 120])
def test_a_sound_with_the_longest_name_goes_through(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path, stem: str
) -> None:
    """What comes back has a number or another suffix, and its name must still be possible."""
    wave = Path(shutil.copy(next(pack.glob("kick*")), tmp_path / f"{stem}.wav"))
    for _ in range(2):
        result = distill("reconstruct", kit, wave, "-o", tmp_path / "r")
        assert result.code == 0, result.err
    assert len(list((tmp_path / "r").iterdir())) == 2


def test_no_two_writers_get_the_same_name(tmp_path: Path) -> None:
    """Takes are never overwritten, also by a process beside."""

    def write(number: int) -> str:
        with reserved(tmp_path, "take-5", "wav") as path:
            path.write_text(str(number))
        return path.name

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(write, range(40)))
    assert len(set(names)) == 40


def test_a_reader_that_leaves_does_not_end_the_training(pack: Path, tmp_path: Path) -> None:
    """`train --json | head -1` shows the start, and the model comes all the same."""
    model = tmp_path / "kit.distill"
    words = ["train", str(pack), "-o", str(model), "--steps", "2", "--only", "--json", *TINY[:10]]
    command = shlex.join([sys.executable, "-m", "distill_cli", *words]) + " | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert json.loads(done.stdout)["event"] == "started"
    assert "Traceback" not in done.stderr
    assert model.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--seed", "9" * 30],
        ["--count", "9" * 30],
        ["--threads", "1000000"],
        ["--format", "ogg", "--sample-rate", "384000"],
        ["--meta", "title=\udcff"],
        ["--duration", "-1"],
    ],
)
def test_impossible_values_are_refused_and_no_folder_is_left(
    distill: Distill, kit: Path, tmp_path: Path, words: list[str]
) -> None:
    """Refused means nothing written."""
    result = distill("generate", kit, "-o", tmp_path / "t", *words)
    assert result.code == 2, result.err
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "words",
    [
        {"companions": '{"prior":3}'},
        {"companions": '{"prior":{"version":1,"config":{"heads":3}}}'},
        {"extras": '{"prior":3}'},
        {"sample_rate": "44100"},
        {"training": '{"steps":1,"held_out":5,"clips":"x"}'},
        {"config": '{"hidden_size":99}'},
        {"model_type": "unheard"},
    ],
)
def test_a_crafted_header_never_ends_in_a_traceback(
    distill: Distill, kit: Path, tmp_path: Path, words: dict[str, str]
) -> None:
    """The digest only says that the file is as it was made."""
    model = rewritten(kit, tmp_path / "m.distill", **words)
    assert distill("info", model).code in {0, 4}
    assert distill("info", model, "--json").code in {0, 4}
    result = distill("generate", model, "-o", tmp_path / "t", "--seed", "1", "--duration", "0.2")
    assert result.code in {0, 4, 6}, result.err


def test_a_companion_of_a_newer_version_leaves_the_model_usable(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path
) -> None:
    """It reconstructs, and the companion can be trained anew."""
    told = json.loads(read_model_file(kit).header.told["companions"])
    told["prior"]["version"] = 9
    model = rewritten(kit, tmp_path / "m.distill", companions=json.dumps(told))
    wave = next(iter(pack.glob("*.wav")))
    assert distill("reconstruct", model, wave, "-o", tmp_path / "r").code == 0
    result = distill("generate", model, "-o", tmp_path / "t")
    assert result.code == 4
    assert "pip install --upgrade distill-prior" in result.err
    words = ["--steps", "1", "--encodings", "1", "--hidden-size", "16", "--layers", "1"]
    assert distill("train-prior", model, pack, *words).code == 0
    assert distill("generate", model, "-o", tmp_path / "t", "--duration", "0.2").code == 0


def test_weights_that_are_no_numbers_are_told_of(
    distill: Distill, kit: Path, tmp_path: Path
) -> None:
    """NaN is refused before anything is written."""
    file = read_model_file(kit)
    parts = file.parts()
    parts["prior"] = {
        name: torch.full_like(each, float("nan")) if each.is_floating_point() else each
        for name, each in parts["prior"].items()
    }
    write_model_file(tmp_path / "m.distill", file.header.told, parts)
    result = distill("generate", tmp_path / "m.distill", "-o", tmp_path / "t")
    assert (result.code, "Traceback" in result.err) == (3, False)
    assert not (tmp_path / "t").exists()


def test_an_empty_file_among_others_costs_only_itself(
    distill: Distill, pack: Path, kit: Path, tmp_path: Path
) -> None:
    """One bad file ends nothing; only missing ones are a matter of spelling."""
    distill_core.Sound(np.zeros((1, 0), np.float32), 48_000).save(tmp_path / "zero.wav")
    wave = next(iter(pack.glob("*.wav")))
    result = distill("reconstruct", kit, tmp_path / "zero.wav", wave, "-o", tmp_path / "r")
    assert result.code == 7
    assert len(list((tmp_path / "r").iterdir())) == 1
    assert distill("reconstruct", kit, tmp_path / "no.wav", "-o", tmp_path / "q").code == 2
    assert not (tmp_path / "q").exists()


def test_a_model_in_the_library_is_found_beside_a_folder_of_its_name(
    distill: Distill, kit: Path, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`distill train pack` and then `distill generate pack`, in the same place."""
    shelf = own_home / "models"
    shelf.mkdir(exist_ok=True)
    shutil.copy(kit, shelf / "pack.distill")
    shutil.copy(kit, shelf / ".pack.distill.x.part.distill")  # left by a kill while writing
    (tmp_path / "pack").mkdir()
    monkeypatch.chdir(tmp_path)
    try:
        assert distill("info", "pack").code == 0
        assert distill("info", distill_core.header("pack").id[:2]).code == 0
    finally:
        shutil.rmtree(shelf)
    assert "is a folder" in distill("info", "pack").err


def test_python_gets_errors_of_ours(pack: Path, kit: Path, tmp_path: Path) -> None:
    """A wrong value is told as such, and numpy's numbers are numbers."""
    model = distill_core.load(kit)
    silence = distill_core.Sound(np.zeros((1, 0), np.float32), 48_000)
    for wrong in (
        lambda: distill_core.train(pack, "prior"),
        lambda: distill_core.train(pack, out=tmp_path / "x", steps=1.5),
        lambda: model.generate(duration="4"),
        lambda: model.generate(seed=1.5),
        lambda: model.generate(seed=1 << 64),
        lambda: model.encode(silence),
        lambda: model.decode(np.zeros((1, 3, 0), np.int64)),
        lambda: model.decode(np.zeros((1, 3, 2), np.int64), samples=10**7),
        lambda: model.decode(np.full((1, 3, 2), 10**6)),
    ):
        with pytest.raises(distill_core.DistillError):
            wrong()
    take = model.generate(duration=np.float32(0.5), seed=np.int64(3), temperature=np.float32(1))
    (tmp_path / "mine.json").write_text('{"precious": true}')
    with pytest.raises(ConfigError, match=r"mine\.json"):
        take.save(tmp_path / "mine.wav")
    take.save(tmp_path / "take.wav")
    take.save(tmp_path / "take.wav")
    assert model.decode(np.zeros((1, 3, 2), np.uint16)).samples.shape[1] == 2048


def test_next_says_what_will_work(pack: Path, tmp_path: Path) -> None:
    """After the first stage alone there is nothing yet to generate with."""
    model = tmp_path / "my kit.distill"
    result = call("train", pack, "-o", model, "--steps", "1", "--only", *TINY[:10])
    assert f"Next: distill train-prior '{model}' DATA" in result.err
