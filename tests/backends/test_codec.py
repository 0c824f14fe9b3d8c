"""The codec: shapes of any sound, codebooks that live, training that resumes exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from distill_core import Tokenizer
from distill_core.audio.dataset import open_dataset
from distill_core.audio.stitching import decode_in_pieces
from distill_core.training.schedule import Budget
from distill_vqvae import VQVAE, ResidualVectorQuantizer, VQVAEModel, VQVAETraining
from distill_vqvae.configs import automatic_codebook_size
from distill_vqvae.training import VQVAEObjective, settle

from ..core.test_loop import make_run, stop_after

SMALL: dict[str, Any] = {
    "hidden_size": 16, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "codebook_size": 16,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("samples", [1, 1023, 1024, 1025, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_of_any_length_comes_back_as_long(samples: int, channels: int) -> None:
    """One-shots are as short as they are."""
    codec = VQVAE(VQVAEModel(channels=channels, **SMALL)).eval()
    assert isinstance(codec, Tokenizer)
    audio = torch.randn(2, channels, samples) * 0.1
    with torch.no_grad():
        codes = codec.encode(audio)
        again = codec.decode(codes, samples)
    assert codes.shape == (2, 3, -(-samples // codec.hop))
    assert codes.dtype == torch.int64
    assert 0 <= int(codes.min()) <= int(codes.max()) < codec.entries
    assert again.shape == audio.shape
    assert torch.isfinite(again).all()


def test_other_rates_and_levels_are_settings() -> None:
    """44.1 kHz is as usual as 48."""
    codec = VQVAE(VQVAEModel(sample_rate=44_100, num_quantizers=5, **SMALL)).eval()
    assert codec.encode(torch.zeros(1, 1, 44_100)).shape[1] == 5
    assert codec.code_vectors().shape == (5, 16, 16)


def test_a_long_sound_decodes_in_pieces_as_at_once() -> None:
    """Takes of any length must not need memory of any size, nor show where pieces meet."""
    codec = VQVAE(VQVAEModel(**SMALL)).eval()
    codes = torch.randint(16, (1, 3, 2200))
    with torch.no_grad():
        whole = codec.decode(codes, 2200 * codec.hop)
        pieces = torch.cat(list(decode_in_pieces(codec, codes, 2200 * codec.hop)), -1)
    assert torch.allclose(whole, pieces, atol=1e-4)


@pytest.mark.parametrize("update", ["ema", "learned"])
def test_dead_entries_are_reseeded_and_counted(update: Any) -> None:
    """40 to 90 % of codes die on small sets where nobody cares for them."""
    quantizer = ResidualVectorQuantizer(2, 32, 4, update).train()
    quantizer(torch.randn(8, 25, 4))
    with torch.no_grad():
        quantizer.codebooks[:, 4:] = 100.0  # far from everything: dead
    for revive in (False, True):
        quantizer.counts[:, 4:] = 0.0
        quantizer.after_step(revive)
        quantizer.reset_usage()
        for _ in range(30):
            quantizer(torch.randn(8, 25, 4))
            quantizer.after_step(revive)
        usage = quantizer.usage()
        assert usage.dead[0] == round(32 * (1 - usage.utilization[0]))
        assert (usage.utilization[0] > 0.9) == revive
        assert 1 < usage.perplexity[0] <= 32


def test_after_settling_no_entry_is_unused_and_nothing_is_coded_worse() -> None:
    """Bits that nothing uses are wasted on every sound."""
    quantizer = ResidualVectorQuantizer(3, 32, 4).eval()
    points = torch.randn(400, 4)
    quantizer.codebooks[:, 20:] = 50.0

    def error() -> float:
        codes = quantizer.encode(points[None])
        return float((quantizer.decode(codes)[0] - points).square().mean())

    before = error()
    quantizer.settle(points)
    codes = quantizer.encode(points[None])[0]
    assert [len(level.unique()) for level in codes] == [32, 32, 32]
    assert error() < before


def test_a_part_of_the_clips_does_not_tell_what_is_unused(tmp_path: Path, pack: Path) -> None:
    """Stopped meanwhile, or on long data, entries that other clips use must stay where they are."""
    data = open_dataset([pack], 48_000, 1)
    model = VQVAE(VQVAEModel(**{**SMALL, "codebook_size": 512})).eval()
    before = model.quantizer.codebooks.clone()
    run, _ = make_run(tmp_path, Budget(steps=1), dataset=data)
    run.cancel.set()
    settle(model, run)
    assert torch.equal(model.quantizer.codebooks, before)
    run, _ = make_run(tmp_path, Budget(steps=1), dataset=LongData())
    settle(model, run)
    assert torch.equal(model.quantizer.codebooks, before)
    run, _ = make_run(tmp_path, Budget(steps=1), dataset=data)
    settle(model, run)
    assert not torch.equal(model.quantizer.codebooks, before)


class LongData:
    """Says that it is hours long, and must not be read."""

    seconds = 36_000.0


def test_each_level_refines_what_those_before_left() -> None:
    """That is what residual means: fewer levels are a coarser sound, not another."""
    quantizer = ResidualVectorQuantizer(4, 32, 8).train()
    points = torch.randn(16, 50, 8)
    for _ in range(20):
        quantizer(points)
        quantizer.after_step()
    quantizer.eval()
    codes = quantizer.encode(points)
    errors = [
        float((quantizer.decode(codes[:, :k]) - points).square().mean()) for k in (1, 2, 3, 4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_the_codebook_follows_the_amount_of_sound() -> None:
    """1024 entries on ten minutes get a few dozen hits each, and die."""
    sizes = [automatic_codebook_size(seconds, 47) for seconds in (5, 60, 300, 3600)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


@pytest.mark.parametrize("update", ["ema", "learned"])
def test_training_stopped_and_resumed_equals_unbroken_bit_for_bit(
    tmp_path: Path, pack: Path, update: Any
) -> None:
    """Weights, codebooks and their counters, optimiser and schedule all go on."""
    data = open_dataset([pack], 48_000, 1)
    states = []
    for name, stops in (("whole", ()), ("broken", (5,))):
        for stop in (*stops, None):
            with torch.random.fork_rng():
                torch.manual_seed(1)
                model = VQVAE(VQVAEModel(codebook_update=update, **SMALL))
            run, _ = make_run(tmp_path / name, Budget(steps=9), dataset=data)
            objective = VQVAEObjective(model, VQVAETraining(batch=2, crop_seconds=0.2), run)
            if stop is not None:
                after = objective.after_step
                stop_after(objective, run, stop, after)
            run.fit(objective)
        states.append(model.state_dict())
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_a_codebook_left_unused_is_warned_of(tmp_path: Path, pack: Path) -> None:
    """With the cause and the cure."""
    model = VQVAE(VQVAEModel(**{**SMALL, "codebook_size": 512}))
    run, told = make_run(tmp_path, Budget(steps=6), dataset=open_dataset([pack], 48_000, 1))
    run.fit(VQVAEObjective(model, VQVAETraining(batch=1, crop_seconds=0.1), run))
    assert any("--codebook-size" in each for each in told if isinstance(each, str))
