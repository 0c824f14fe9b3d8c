"""The model file: whole or refused, readable by anyone, nothing in it runs."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch
from distill_core.errors import ConfigError, ModelFileError
from distill_core.header import REFUSAL, read_header
from distill_core.modelfile import encode, read_model_file, replace_part, write_model_file

TOLD = {
    "version": "1", "model_type": "toy", "id": "0a1b2c3d", "name": "kit", "sample_rate": "48000",
    "channels": "1", "config": "{}", "companions": "{}", "extras": "{}",
}  # fmt: skip


def _tensors() -> dict[str, torch.Tensor]:
    return {
        "weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "count": torch.tensor(7, dtype=torch.int64),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "on": torch.tensor([True, False]),
        "none": torch.empty(0, 4),
    }


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """Write a small model file."""
    path = tmp_path / "kit.distill"
    write_model_file(path, TOLD, {"toy": _tensors()})
    return path


def test_tensors_come_back_bit_for_bit(kit: Path) -> None:
    """Every element type that a network may have."""
    back = read_model_file(kit).part("toy")
    for name, tensor in _tensors().items():
        assert back[name].dtype == tensor.dtype
        assert torch.equal(back[name], tensor), name


def test_the_same_words_and_tensors_give_the_same_bytes(kit: Path, tmp_path: Path) -> None:
    """Saving what was loaded must change nothing."""
    file = read_model_file(kit)
    again = tmp_path / "again.distill"
    write_model_file(again, file.header.told, file.parts())
    assert again.read_bytes() == kit.read_bytes()


def test_plain_safetensors_opens_it(kit: Path) -> None:
    """A file that only Distill reads would be lost with Distill."""
    tensors = safetensors.torch.load_file(kit)
    assert torch.equal(tensors["toy.weight"], _tensors()["weight"])
    with safetensors.safe_open(kit, "pt") as file:
        assert file.metadata()["model_type"] == "toy"


def test_every_truncation_is_refused(kit: Path, tmp_path: Path) -> None:
    """A download that broke off must not play something else."""
    whole, cut = kit.read_bytes(), tmp_path / "cut.distill"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            read_model_file(cut)


def test_a_flipped_bit_anywhere_is_refused(kit: Path, tmp_path: Path) -> None:
    """Safetensors alone does not notice; one bit of every byte is tried here."""
    whole, bent = kit.read_bytes(), tmp_path / "bent.distill"
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        bent.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            read_model_file(bent)


def test_pickles_are_refused_unread_with_their_sentence(tmp_path: Path) -> None:
    """Old model files and anything torch.save made could run code."""

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("a pickle was loaded",))

    old, zipped = tmp_path / "old.distill", tmp_path / "zipped.distill"
    old.write_bytes(pickle.dumps(Bomb()))
    torch.save({"a": torch.ones(1)}, zipped)
    for path in (old, zipped):
        with pytest.raises(ModelFileError, match=REFUSAL):
            read_header(path)


META = {"__metadata__": {"format": "distill"}}


def _entry(dtype: str = "U8", shape: object = (4,), first: int = 0, last: int = 4) -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"__metadata__": {"format": "pt"}}, "does not say"),
        ({}, "does not say"),
        ('{"__metadata__":{"format":"distill"},"__metadata__":{}}', "twice"),
        ({"__metadata__": {"format": "distill", "version": 2}}, "texts"),
        ("[" * 5000, "deeply|JSON|Expecting"),
        ("[1]", "not a table"),
        ({**META, "t.a": _entry(dtype="F8")}, "element type"),
        ({**META, "t.a": _entry(dtype="F32", shape=[9])}, "fit"),
        ({**META, "t.a": _entry(shape=[-1])}, "impossible"),
        ({**META, "t.a": _entry(shape=[float("nan")])}, "NaN"),
        ({**META, "t.a": _entry(shape=[True])}, "impossible"),
        ({**META, "t.a": _entry(), "t.b": _entry(first=2, last=6)}, "overlap"),
        ({**META, "t.a": _entry(shape=[3], last=3)}, "take 3 bytes"),
        ({**META, "t.a": [1, 2]}, "not described"),
    ],
)
def test_a_crafted_header_is_refused_with_its_reason(
    tmp_path: Path, header: object, why: str
) -> None:
    """A file from a stranger may claim anything."""
    path = tmp_path / "odd.distill"
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 4)
    with pytest.raises(ModelFileError, match=why):
        read_header(path)


def test_a_header_that_claims_gigabytes_is_refused_before_they_are_read(tmp_path: Path) -> None:
    """Eight bytes must not be able to fill the memory."""
    path = tmp_path / "huge.distill"
    path.write_bytes((1 << 40).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelFileError, match="claims"):
        read_header(path)


def test_a_file_without_digest_or_config_is_not_believed(tmp_path: Path) -> None:
    """Such files were made by something else, or by hand."""
    path = tmp_path / "bare.distill"
    for missing in ("digest", "config"):
        words = {"format": "distill", "digest": "0" * 64, **TOLD}
        del words[missing]
        path.write_bytes(bytes(encode(words, {"toy": _tensors()})))
        with pytest.raises(ModelFileError):
            read_model_file(path)


def test_adding_a_companion_keeps_every_other_part_bit_for_bit(kit: Path) -> None:
    """Also a part that no installed backend knows."""
    write_model_file(kit, TOLD, {"toy": _tensors(), "stranger": {"x": torch.randn(5)}})
    before = read_model_file(kit)
    record = {"version": 1, "backend": "b 1", "config": {}, "training": {}}
    replace_part(kit, "friend", {"w": torch.zeros(2)}, record, {"ends": True})
    replace_part(kit, "friend", {"w": torch.ones(2)}, record, None)
    after = read_model_file(kit)
    assert after.header.has("friend")
    assert after.header.extras == {}
    assert after.header.id == before.header.id
    assert torch.equal(after.part("friend")["w"], torch.ones(2))
    for part in ("toy", "stranger"):
        for name, tensor in before.part(part).items():
            assert torch.equal(after.part(part)[name], tensor)


def test_the_header_counts_its_parts(kit: Path) -> None:
    """`distill info` shows what is in the file without reading it."""
    assert read_header(kit).parts == {"toy": {"tensors": 5, "bytes": 24 + 8 + 6 + 2}}


def test_a_missing_file_is_the_users_to_mend(tmp_path: Path) -> None:
    """It has another exit code than a damaged one."""
    with pytest.raises(ConfigError, match="no model file"):
        read_model_file(tmp_path / "nowhere.distill")


def test_words_that_look_like_a_digest_do_not_confuse(tmp_path: Path) -> None:
    """A name may hold anything."""
    path = tmp_path / "odd.distill"
    odd = {**TOLD, "name": json.dumps({"digest": "0" * 64}), "a": '"digest":"' + "0" * 64}
    write_model_file(path, odd, {"toy": _tensors()})
    assert read_model_file(path).header.name == odd["name"]
