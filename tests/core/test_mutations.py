"""Damage and craft: what a model file becomes is refused in our words or honestly whole (R7).

DISTILL_MUTATIONS says how many mutations of each kind are tried; 50000 makes 10^5 in half a minute.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from distill_cli.commands.info import described
from distill_core.errors import ModelFileError
from distill_core.header import read_header
from distill_core.modelfile import read_model_file, replace_part, write_model_file
from distill_core.strict import dump

from ..mutations import crafted, damaged, put

MUTATIONS = int(os.environ.get("DISTILL_MUTATIONS", "10000"))  # of each kind
RECORD = {"version": 1, "backend": "b 1", "config": {"a": 1}, "training": {"steps": 3}}
TOLD = {
    "version": "1", "model_type": "toy", "id": "0a1b2c3d", "name": "kit", "sample_rate": "48000",
    "channels": "1", "has_friend": "true", "companions": dump({"friend": RECORD}),
    "config": dump({"width": 3, "kinds": [1, 2], "mode": "ema"}),
    "training": dump({"clips": 3, "held_out": ["a.wav"], "seconds": 1.5, "config": {"lr": 0.1}}),
    "extras": dump({"toy": {"ends": True, "means": [0.5, 1]}}), "presets": dump({"warm": {"a": 1}}),
}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Write a small model file that has something of everything."""
    path = tmp_path / "small.distill"
    weights = {"weight": torch.ones(2, 3), "on": torch.tensor([True]), "none": torch.empty(0, 4)}
    write_model_file(path, TOLD, {"toy": weights, "friend": {"count": torch.tensor(7)}})
    return path


def _is_refused(path: Path, content: bytes) -> bool:
    """Say whether reading it raises what it may raise; whatever else comes ends the test."""
    put(path, content)
    try:
        described(read_header(path))
        read_model_file(path).parts()
    except ModelFileError as error:
        return str(error).isprintable() and len(str(error)) < 1000
    return False


def test_r7_every_truncation_is_refused(small: Path) -> None:
    """A download that broke off must not play something else."""
    whole = small.read_bytes()
    assert all(_is_refused(small, whole[:length]) for length in range(len(whole)))


def test_r7_every_flipped_bit_is_refused(small: Path) -> None:
    """Safetensors alone does not notice; here each bit of each byte is tried."""
    whole = small.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            bent = bytearray(whole)
            bent[place] ^= 1 << bit
            assert _is_refused(small, bytes(bent)), (place, bit)


def test_r7_no_damage_is_believed(small: Path) -> None:
    """Bytes changed, inserted, removed, repeated, swapped: the digest tells."""
    whole = small.read_bytes()
    for number in range(MUTATIONS):
        bent = damaged(whole, number)
        assert bent == whole or _is_refused(small, bent), number


def test_r7_a_crafted_file_is_refused_or_whole(small: Path) -> None:
    """With a right digest, all that stands behind it is met; nothing but our refusal may come."""
    whole = small.read_bytes()
    refused = [_is_refused(small, crafted(whole, number)) for number in range(MUTATIONS)]
    assert 0.1 < sum(refused) / MUTATIONS < 0.9  # both happen, so both were tried


def test_r7_a_crafted_file_takes_a_companion_or_is_refused(small: Path) -> None:
    """What was read is written again, and read again."""
    whole, taken = small.read_bytes(), 0
    for number in range(MUTATIONS // 20):
        put(small, crafted(whole, number))
        try:
            replace_part(small, "mate", {"w": torch.zeros(1)}, RECORD, {"ends": True})
        except ModelFileError:
            continue
        assert torch.equal(read_model_file(small).part("mate")["w"], torch.zeros(1)), number
        taken += 1
    assert taken > MUTATIONS // 200


@pytest.mark.parametrize("bend", [damaged, crafted])
def test_a_mutation_follows_from_its_number(small: Path, bend: Callable[..., bytes]) -> None:
    """Else nobody could look at the one that failed."""
    whole = small.read_bytes()
    assert [bend(whole, number) for number in range(9)] == [bend(whole, n) for n in range(9)]
    assert len({bend(whole, number) for number in range(9)}) > 5
