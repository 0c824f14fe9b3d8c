"""The model file: whole or refused, readable by anyone, nothing in it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from distill_core.errors import ConfigError, ModelFileError
from distill_core.header import LONGEST, read_header
from distill_core.modelfile import (
    encode,
    read_model_file,
    replace_part,
    replace_words,
    write_model_file,
)

from ..mutations import joined, split

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


def test_a_file_without_digest_or_config_is_not_believed(tmp_path: Path) -> None:
    """Such files were made by something else, or by hand."""
    path = tmp_path / "bare.distill"
    for missing in ("digest", "config"):
        words = {"format": "distill", "digest": "0" * 64, **TOLD}
        del words[missing]
        path.write_bytes(bytes(encode(words, {"toy": _tensors()})))
        with pytest.raises(ModelFileError):
            read_model_file(path)


def test_changing_a_word_keeps_every_other_and_every_part_bit_for_bit(kit: Path) -> None:
    """Also a part and a word that no installed backend knows; the id stays, the digest changes."""
    strange = TOLD | {"mood": 'gr\u00fcn, "quoted"\n'}
    write_model_file(kit, strange, {"toy": _tensors(), "stranger": {"x": torch.randn(5)}})
    before, data = read_model_file(kit), kit.read_bytes()
    replace_words(before, {"presets": '{"soft":{"a":1}}'})
    after = read_model_file(kit)
    told = before.header.told | {
        "presets": '{"soft":{"a":1}}',
        "digest": after.header.told["digest"],
    }
    assert after.header.told == told
    assert after.header.told["digest"] != before.header.told["digest"]
    start, other = before.header.data_start, after.header.data_start
    assert kit.read_bytes()[other:] == data[start:]


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


def test_nothing_is_written_that_nobody_could_read(kit: Path) -> None:
    """The old file is worth more than one that is refused for ever."""
    before = kit.read_bytes()
    for told in ({**TOLD, "name": "x" * LONGEST}, {**TOLD, "config": "[" * 10**5}):
        with pytest.raises(ModelFileError, match="Nobody could read"):
            write_model_file(kit, told, {"toy": _tensors()})
    with pytest.raises(ModelFileError, match="no part"):
        write_model_file(kit, TOLD, {"": _tensors()})
    assert kit.read_bytes() == before
    write_model_file(kit, {**TOLD, "name": "a folder \udcff"}, {"toy": _tensors()})
    assert read_model_file(kit).header.name == "a folder ?"


@pytest.mark.parametrize("value", [2, 255])
def test_a_truth_that_is_neither_true_nor_false_is_refused(kit: Path, value: int) -> None:
    """What a processor makes of such a byte is anybody's guess."""
    content = bytearray(kit.read_bytes())
    place = read_header(kit).tensors["toy.on"]
    header, data = split(bytes(content))
    kit.write_bytes(joined(header, data[: place.start] + bytes([value]) + data[place.start + 1 :]))
    with pytest.raises(ModelFileError, match="neither true nor false"):
        read_model_file(kit).part("toy")
