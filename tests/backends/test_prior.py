"""The prior: on any tokenizer's codes, streaming as it was trained, ending where sounds end."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import distill_core
import pytest
import torch
from distill_core import Interrupted, Request
from distill_core.audio.dataset import open_dataset
from distill_core.training.schedule import Budget
from distill_prior import (
    CodePrior,
    PriorGenerating,
    PriorTraining,
    check_memorization,
    extract_code_sequences,
    flatten_codes,
    unflatten_codes,
)
from distill_prior.configs import PriorModel, plan_training, size_model
from distill_prior.generation import generate
from distill_prior.sampling import Sampler, filter_probabilities
from distill_prior.sequences import Waveforms
from distill_prior.training import PriorObjective
from torch import Tensor

from ..core.test_loop import make_run, stop_after


class Loudness:
    """A codec that is none of ours: the level of each frame, in two digits."""

    sample_rate, channels, levels, entries, hop = 48_000, 1, 2, 8, 1000

    def encode(self, audio: Tensor) -> Tensor:
        frames = torch.nn.functional.pad(audio, (0, -audio.shape[-1] % self.hop))
        level = frames.unflatten(-1, (-1, self.hop)).abs().mean((1, -1))  # [B, N]
        whole = (level * 63).long().clamp(0, 63)
        return torch.stack([whole // 8, whole % 8], 1)

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        level = (codes[:, 0] * 8 + codes[:, 1]) / 63.0
        return level.repeat_interleave(self.hop, -1)[:, None, :samples]


def make_prior(**changes: Any) -> CodePrior:
    """Build a tiny prior for `Loudness`, with weights that are not all zero."""
    sizes = {"codebook_size": 8, "seq_len": 16, "num_quantizers": 2, "hidden_size": 16,
             "num_layers": 2, "num_heads": 2, "dropout": 0.0}  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CodePrior(**(sizes | changes)).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def draw(model: CodePrior, seeds: list[int], **settings: Any) -> list[Tensor]:
    """Draw takes of 60 frames at most: codes [K, N] each."""
    rngs = [torch.Generator().manual_seed(seed) for seed in seeds]
    steps = list(Sampler(model, rngs, longest=60, **settings))
    codes = torch.stack([step.codes for step in steps], -1)  # [B, K, N]
    sounding = torch.stack([step.sounding for step in steps], -1)  # [B, N]
    return [take[:, kept] for take, kept in zip(codes, sounding, strict=True)]


def test_step_by_step_says_what_the_whole_window_says_also_beyond_it() -> None:
    """Sampling must meet what training met, however long a take becomes."""
    model = make_prior()
    codes = torch.randint(8, (1, 2, 50), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits, ends = model(codes)
        tables, cache = model.tables(), model.cache(1)
        previous, ages = torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, dtype=torch.long)
        for frame in range(50):
            state = model.step(previous, ages, cache, tables)
            first = model.level(state, torch.zeros_like(state), 0, tables)
            assert torch.allclose(first, logits[:, 0, frame], atol=1e-3)
            assert torch.allclose(model.ending(state)[:, 0], ends[:, frame], atol=1e-3)
            previous, ages = codes[..., frame], ages + 1


def test_a_take_is_the_same_alone_and_among_others() -> None:
    """Each draws from its own generator."""
    model = make_prior()
    alone = draw(model, [7])[0]
    among = draw(model, [3, 7, 9])[1]
    assert torch.equal(alone, among)
    assert not torch.equal(alone, draw(model, [8])[0])


def test_filters_keep_the_likeliest() -> None:
    """Zero means off; at least one code always stays."""
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    assert (filter_probabilities(logits, 1.0, 0, 0.0) > 0).all()
    assert (filter_probabilities(logits, 1.0, 2, 0.0) > 0).tolist() == [[True, True, False, False]]
    assert (filter_probabilities(logits, 1.0, 0, 0.7) > 0).tolist() == [[True, True, False, False]]
    assert (filter_probabilities(logits, 0.1, 1, 0.01) > 0).sum() == 1


def test_codes_flatten_and_come_back() -> None:
    """The names that earlier users know."""
    codes = torch.arange(24).reshape(2, 3, 4)
    assert torch.equal(unflatten_codes(flatten_codes(codes), 3), codes)


def clips() -> list[Tensor]:
    """Make decays of 8 to 12 frames: one-shots that end."""
    rng = torch.Generator().manual_seed(0)
    lengths = torch.randint(8000, 12_000, (24,), generator=rng).tolist()
    return [torch.linspace(1, 0, length)[None] for length in lengths]


def test_it_learns_where_sounds_end_on_a_codec_that_is_none_of_ours(tmp_path: Path) -> None:
    """A kit of one-shots gives one-shots, not an endless texture."""
    codec = Loudness()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CodePrior(8, 16, 2, hidden_size=32, num_layers=1, num_heads=2, dropout=0.0)
    training = PriorTraining(batch=4, encodings=1, lr=1e-2)
    objective = PriorObjective(model, training, codec, clips()[:20], clips()[20:], seed=1)
    run, _ = make_run(tmp_path, Budget(steps=120))
    run.fit(objective)
    told = objective.report()
    assert told["bits_per_second"] < 0.7 * told["frequencies_bits_per_second"]
    lengths = [take.shape[-1] for take in draw(model.eval(), list(range(16)))]
    assert 7 <= sorted(lengths)[8] <= 13
    assert max(lengths) < 30
    rngs = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    extras = {"longest_seconds": 0.25}
    request = Request(
        rngs=rngs, samples=None, sample_rate=codec.sample_rate, channels=1, host=codec,
        extras=extras,
    )  # fmt: skip
    made: dict[int, int] = {0: 0, 1: 0}
    for chunk in generate(model, PriorGenerating(), request):
        for take in chunk.takes:
            made[take] += chunk.samples.shape[-1]
    assert all(7000 <= samples <= 18_000 for samples in made.values())


@pytest.mark.parametrize("ends", [True, False])
def test_a_given_length_is_kept_to_the_sample_with_many_sounds_or_one(ends: bool) -> None:
    """Longer than one sound means a sequence of them."""
    rngs = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    extras = {"ends": ends, "longest_seconds": 0.5}
    codec = Loudness()
    request = Request(
        rngs=rngs, samples=123_457, sample_rate=codec.sample_rate, channels=1, host=codec,
        extras=extras,
    )  # fmt: skip
    made = {0: 0, 1: 0}
    attached: dict[int, Any] = {}
    for chunk in generate(make_prior(), PriorGenerating(), request):
        for take in chunk.takes:
            made[take] += chunk.samples.shape[-1]
        attached |= chunk.attached or {}
    assert made == {0: 123_457, 1: 123_457}
    for sounds in attached.values():
        frames = sum(len(sound[0]) for sound in sounds)
        assert frames * 1000 >= 123_457


def test_an_hour_that_is_drawn_can_be_stopped_while_it_is_drawn(kit: Path) -> None:
    """Nothing is heard of it for minutes; Ctrl-C is not to wait for them."""
    model = distill_core.load(kit, device="cpu")
    prior, drawn, cancel = model.player().network, [], threading.Event()
    assert isinstance(prior, CodePrior)
    step = prior.step

    def counted(*args: Any) -> Tensor:
        drawn.append(1)
        if len(drawn) == 40:
            cancel.set()
        return step(*args)

    prior.step = counted  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        list(model.takes([1], duration=3600, cancel=cancel))
    assert 40 <= len(drawn) < 100


def test_training_stopped_and_resumed_equals_unbroken_bit_for_bit(
    tmp_path: Path, pack: Path
) -> None:
    """Also over the point where clips are encoded anew."""
    data = open_dataset([pack], 48_000, 1)
    states = []
    for name, stops in (("whole", ()), ("broken", (7,))):
        for stop in (*stops, None):
            model = make_prior(dropout=0.1)
            run, _ = make_run(tmp_path / name, Budget(steps=34), dataset=data)
            training = PriorTraining(batch=2, encodings=3)
            clips = Waveforms(data, data.train), Waveforms(data, data.held_out)
            objective = PriorObjective(model, training, Loudness(), *clips, seed=run.seed)
            if stop is not None:
                stop_after(objective, run, stop)
            run.fit(objective)
        states.append(model.state_dict())
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key


def test_memorising_is_judged_by_clips_that_were_never_trained_on() -> None:
    """A low training loss alone says nothing."""
    fine = check_memorization(3.0, 3.1, 3.05)
    risen = check_memorization(1.0, 3.5, 3.0)
    blind = check_memorization(0.5, None)
    assert not fine.memorizing
    assert risen.memorizing
    assert "dropout" in risen.advice
    assert not blind.memorizing
    assert "held out" in blind.advice


def test_sizes_follow_the_data_and_what_is_set_stays() -> None:
    """Each is shown as auto, or is the user's."""
    small = size_model(PriorModel(), 1000, 47.0)
    large = size_model(PriorModel(layers=7), 1_000_000, 47.0)
    assert small.hidden_size is not None
    assert large.hidden_size is not None
    assert small.hidden_size < large.hidden_size
    assert large.layers == 7
    assert small.hidden_size % (small.heads or 1) == 0
    assert plan_training(PriorTraining(), 10.0).encodings is not None


def test_codes_of_clips_have_a_frame_per_hop() -> None:
    """The last one is filled up with silence."""
    codes = extract_code_sequences(Loudness(), [torch.zeros(1, 2500), torch.ones(1, 1)])
    assert [tuple(each.shape) for each in codes] == [(2, 3), (2, 1)]
