"""Wrong settings: all told at once, in the words that were typed, with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import distill_core
import numpy as np
import pytest
from distill_core.errors import ConfigError

from ..conftest import TINY, Result

Distill = Callable[..., Result]


def refused(result: Result) -> str:
    """Give the one line of a usage error."""
    assert (result.code, result.out) == (2, "")
    (line,) = [each for each in result.err.splitlines() if each.startswith("Error: ")]
    return line.removeprefix("Error: ")


def test_all_wrong_values_are_told_in_one_line(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """Options of every command and knobs of both stages together: mending one by one is torment."""
    line = refused(
        distill(
            "train", pack, "-o", tmp_path / "a.distill", "--minutes", "x", "--steps", "-1",
            "--seed", "abc", "--device", "gpu", "--threads", "0", "--lr", "30", "--levels", "3.5",
            "--prior-dropout", "2",
        )
    )  # fmt: skip
    for words in (
        "--minutes: 'x' is not a number",
        "--steps: -1 must be at least 1",
        "--seed: 'abc' is not a whole number",
        "--device: 'gpu' is not one of auto, cpu, cuda, mps (did you mean cuda?)",
        "--threads: 0 must lie between 1 and 256",
        "--lr: 30 must lie between 1e-06 and 1",
        "--levels: '3.5' is not a whole number",
        "--prior-dropout: 2 must lie between 0 and 0.9",
    ):
        assert words in line
    assert line.count(";") == 7
    assert not list(tmp_path.iterdir())


def test_a_take_has_all_its_faults_told_as_well(distill: Distill, kit: Path) -> None:
    """Choices too, the nearest one suggested."""
    line = refused(
        distill("generate", kit, "--count", "0", "--bit-depth", "12", "--format", "mp4", "-t", "9")
    )
    for words in (
        "--count: 0 must lie between 1 and 1000000",
        "--bit-depth: '12' is not one of 16, 24, 32",
        "--format: 'mp4' is not one of flac, mp3, ogg, wav (did you mean mp3?)",
        "--temperature: 9 must lie between 0.1 and 2",
    ):
        assert words in line


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("nan", "nan must lie"), ("inf", "inf must lie"), ("-Infinity", "-inf must lie"),
        ("1e999", "inf must lie"), ("1_0", "'1_0' is not a number"), ("", "'' is not a number"),
        (" 1", "' 1' is not a number"), ("１", "'１' is not a number"),
        ("0x1", "'0x1' is not a number"), ("1,5", "'1,5' is not a number"),
        ("9" * 9000, "is not a number"), ("x" * 9000, "'xxxxxxxx"),
        ("a\nb", r"'a\nb' is not a number"), ("2.0000001", "2.0000001 must lie"),
    ],
    ids=lambda each: each[:20],
)  # fmt: skip
def test_what_is_no_number_for_everyone_is_none(
    distill: Distill, kit: Path, value: str, words: str
) -> None:
    """Python would take some of these, and mean something else by them."""
    if value == "9" * 9000:
        words = "inf must lie"
    assert f"--temperature: {words}"[:40] in refused(distill("generate", kit, "-t", value))


@pytest.mark.parametrize("value", ["1.0", "1e1", "+-1", "--", "9" * 9000, "٣", "true", "None"])
def test_what_is_no_whole_number_for_everyone_is_none(
    distill: Distill, kit: Path, value: str
) -> None:
    """No int("٣"), no int(1.0)."""
    line = refused(distill("generate", kit, f"--top-k={value}", f"--seed={value}"))
    assert line.count("is not a whole number") == 2


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["train", "PACK", "--lrr", "1"], "--lr"),
        (["train", "PACK", "--heads", "3"], "--prior-heads"),
        (["train", "PACK", "--dropout_", "0"], "--dropout"),
        (["train-prior", "KIT", "PACK", "--prior-heads", "3"], "--heads"),
        (["generate", "KIT", "--temprature", "1"], "--temperature"),
        (["generate", "KIT", "--rate", "8000"], "--sample-rate"),
        (["scan", "PACK", "--holdout", "a*"], "--hold-out"),
    ],
)
def test_the_option_that_was_meant_is_suggested(
    distill: Distill, pack: Path, kit: Path, words: list[str], meant: str
) -> None:
    """Also where a companion's name in front is missing, or too much."""
    places = {"PACK": str(pack), "KIT": str(kit)}
    line = refused(distill(*(places.get(word, word) for word in words)))
    assert line.startswith(f"There is no option {words[-2]}. Did you mean {meant}? See: distill ")


def test_a_variable_is_named_where_the_value_came_from_it(
    distill: Distill, kit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody finds a fault in what they did not type."""
    for name, value in (
        ("COUNT", "zero"), ("TEMPERATURE", "9"), ("FORMAT", "xx"), ("JSON", "maybe"),
    ):  # fmt: skip
        monkeypatch.setenv(f"DISTILL_GENERATE_{name}", value)
    line = refused(distill("generate", kit, "--threads", "0"))
    for words in (
        "--threads: 0 must lie",
        "DISTILL_GENERATE_COUNT: 'zero' is not a whole number",
        "DISTILL_GENERATE_TEMPERATURE: 9 must lie between 0.1 and 2",
        "DISTILL_GENERATE_FORMAT: 'xx' is not one of",
        "DISTILL_GENERATE_JSON: 'maybe' is not true or false",
    ):
        assert words in line


def test_a_variable_is_named_as_its_option_is_typed(
    distill: Distill, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DISTILL_GENERATE_FORMAT, whatever the program calls it inside; empty means unset."""
    for name, value in (
        ("FORMAT", "flac"), ("BIT_DEPTH", "16"), ("JSON", "1"), ("OUT", str(tmp_path)),
        ("SEED", "5"), ("DURATION", "0.1"), ("COUNT", ""), ("TOP_K", "3"),
    ):  # fmt: skip
        monkeypatch.setenv(f"DISTILL_GENERATE_{name}", value)
    result = distill("generate", kit)
    assert result.code == 0, result.err
    assert (tmp_path / "kit-5.flac").exists()
    assert "top_k 3" in result.err
    assert result.out.startswith("{")
    monkeypatch.setenv("DISTILL_TRAIN_TYPE", "vqvea")
    assert "Did you mean vqvae?" in refused(distill("train", tmp_path))


def test_a_knob_of_another_type_is_ignored_whatever_its_value(
    distill: Distill, pack: Path, tmp_path: Path
) -> None:
    """It is consumed and warned of; what it may be does not matter here."""
    words = ["--only", "--prior-dropout", "nonsense", "--steps", "1", *TINY[:10]]
    result = distill("train", pack, "-o", tmp_path / "a.distill", *words)
    assert result.code == 0, result.err
    assert "--prior-dropout is not supported for vqvae models. Ignored." in result.err


def test_help_comes_before_any_fault(distill: Distill) -> None:
    """Who asks for help has most likely got something wrong."""
    result = distill("train", "--steps", "x", "--help")
    assert result.code == 0
    text = " ".join(result.out.split())
    assert "Steps a stage, instead of minutes. [at least 1]" in text
    assert "Minutes for all stages together. [default: 10] [more than 0]" in text
    assert "[default: 0; at least 0]" in " ".join(distill("demo", "--help").out.split())
    assert "CPU threads to compute with. [1 to 256]" in text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"hiden_size": 3}, "hiden_size: no such setting (did you mean hidden_size?)"),
        ({"minuts": 3}, "minuts: no such setting (did you mean minutes?)"),
        ({"heads": 3}, "heads: no such setting (did you mean prior_heads?)"),
        ({"levels": 3}, "levels: no such setting (did you mean num_quantizers?)"),
        ({"vqvae_lr": 3}, "vqvae_lr: no such setting (did you mean lr?)"),
        ({"lr": True}, "lr: True is not a number"),
        ({"num_quantizers": 3.0}, "num_quantizers: 3.0 is not a whole number"),
        ({"lr": "0.1"}, "lr: '0.1' is not a number"),
        ({"lr": 30, "prior_dropout": 2, "x": 1}, "lr: 30 must lie between 1e-06 and 1"),
        ({"lr": 30, "prior_dropout": 2, "x": 1}, "prior_dropout: 2 must lie between 0 and 0.9"),
        ({"lr": 30, "prior_dropout": 2, "x": 1}, "x: no such setting"),
    ],
)
def test_python_is_told_in_its_own_words(
    pack: Path, tmp_path: Path, told: dict[str, object], words: str
) -> None:
    """All at once, too, and before anything is read or written."""
    with pytest.raises(ConfigError) as caught:
        distill_core.train(pack, out=tmp_path / "a.distill", **told)
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"threads": 0}, "--threads: 0 must be a whole number from 1 to 256."),
        ({"threads": "2"}, "--threads: '2' must be a whole number"),
        ({"steps": 3.5}, "--steps: 3.5 must be a whole number"),
        ({"minutes": "5"}, "--minutes: '5' must be a number"),
    ],
)
def test_python_is_told_what_kind_of_number_is_wanted(
    pack: Path, tmp_path: Path, told: dict[str, Any], said: str
) -> None:
    """An error of ours, and a true one: 3.5 is more than 0."""
    with pytest.raises(ConfigError) as caught:
        distill_core.train(pack, out=tmp_path / "kit.distill", **told)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_python_may_pass_what_it_computes(pack: Path, kit: Path, tmp_path: Path) -> None:
    """Numbers of numpy, and paths as text or not."""
    model = distill_core.load(str(kit))
    plain = model.generate(duration=0.2, seed=3, temperature=0.5, top_k=8)
    computed = model.generate(
        duration=np.float64(0.2), seed=np.int64(3), temperature=np.float32(0.5), top_k=np.int32(8)
    )
    assert computed.recipe == plain.recipe
    assert computed.audio.samples.tobytes() == plain.audio.samples.tobytes()
    with pytest.raises(ConfigError, match=r"temprature: no such setting \(did you mean temper"):
        model.generate(temprature=1)
    shape = {"hidden_size": np.int64(16), "layers": 1, "slow_layers": 0, "encoder_layers": 0}
    done = distill_core.train(
        str(pack), "vqvae", out=str(tmp_path / "a.distill"), only=True, steps=1, batch=np.int8(1),
        lr=np.float32(1e-3), **shape,
    )  # fmt: skip
    assert done.model == tmp_path / "a.distill"
