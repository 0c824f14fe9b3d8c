"""Train a prior: the loss of a batch, what held-out clips cost, and whether it memorises.

Letters: B batch, K levels, N frames, V entries, L positions of a row.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import attrs
import torch
from distill_core import SECONDS_GOING_ON, Dataset, Objective, Tokenizer
from torch import Tensor
from torch.nn import functional as F

from .batches import Batch, draw_batch, lay_out, pack
from .configs import PriorTraining
from .memorization import check_memorization
from .metrics import PriorEpochMetrics
from .network import CodePrior
from .sequences import (
    BITS_PER_NAT,
    Variation,
    code_vectors,
    count_codes,
    extract_code_sequences,
    unigram_nats,
)

SPACING = 30  # steps between two further encodings of the data: it learns while it still encodes
HELD_OUT_WINDOWS = 3  # length of a held-out row; its first may be context
HELD_OUT_ROWS = 64  # at most, so that hours of held-out sound do not stall a run
SMOOTHING = 0.95  # of the training loss that memorising is judged by
LEAST_STEPS = 50  # of an epoch, as for every model type
FIGURES = ("perplexity", "best_perplexity", "bits_per_second", "frequencies_bits_per_second")


@attrs.frozen(kw_only=True)
class Cost:
    """What a batch cost, in nats, and over how many frames."""

    codes: Tensor
    ends: Tensor
    frames: Tensor


class PriorObjective(Objective):
    """What core's loop asks while it trains a prior; all losses are nats per code.

    Randomness: batches and encodings are pure functions of the seed and the step; corruption and
    dropout draw from torch's global generator.
    """

    betas = (0.9, 0.95)  # a short memory of squares: losses of small batches of sounds jump
    epoch = PriorEpochMetrics

    def __init__(
        self,
        model: CodePrior,
        config: PriorTraining,
        tokenizer: Tokenizer,
        clips: Sequence[Tensor],
        held_out: Sequence[Tensor] = (),
        seed: int = 0,
        fresh: bool = True,
    ) -> None:
        """Encode the clips and ready the model.

        Args:
            model: the prior, on the device to train on.
            config: how to train it, nothing automatic left (see `plan_training`).
            tokenizer: what encodes, on the same device.
            clips: training clips [C, T] at the tokenizer's rate and channels; read anew for each
                encoding, so they need not stay in memory.
            held_out: clips never trained on.
            seed: of the run.
            fresh: the model is untrained, so start it from the codes' own frequencies.
        """
        self.model: CodePrior = model
        self.config, self.seed = config, seed
        self.lr, self.weight_decay = config.lr, config.weight_decay
        self.average = config.averaging or None
        self.tokenizer, self.clips = tokenizer, clips
        self.variation = Variation(gain_db=config.gain, pitched=config.pitched)
        self.frame_rate = tokenizer.sample_rate / tokenizer.hop
        self.encodings = [extract_code_sequences(tokenizer, clips, device=self.device)]
        self.epoch_steps = count_steps(self.encodings[0], config.batch * model.seq_len)
        sounds = extract_code_sequences(tokenizer, held_out, device=self.device)
        self.length = HELD_OUT_WINDOWS * model.seq_len
        self.rows = lay_out(sounds, self.length, model.seq_len, HELD_OUT_ROWS) if sounds else []
        self.unigram = 0.0  # what the codes' own frequencies cost
        if sounds:
            codes = model.levels * sum(sound.shape[1] for sound in sounds)
            self.unigram = unigram_nats(self.encodings[0], sounds, model.entries) / codes
        if fresh:
            counts = count_codes(self.encodings[0], model.entries)
            model.start_from(counts, len(clips))
        model.see(code_vectors(tokenizer))
        self.train_loss = self.held_out = self.best = math.nan  # nan: not known yet

    @property
    def device(self) -> torch.device:
        """Say where the model is."""
        return self.model.usual.device

    def batch(self, step: int) -> Batch:
        """Give the rows of a step, encoding the clips anew where further variations are due."""
        due = min(self.config.encodings or 1, 1 + step // SPACING)
        while len(self.encodings) < due:
            seed = (self.seed, len(self.encodings))
            self.encodings.append(
                extract_code_sequences(
                    self.tokenizer, self.clips, seed, self.variation, self.device
                )
            )
        rows, length = self.config.batch, self.model.seq_len
        return draw_batch(self.encodings, rows, length, self.seed, step).to(self.device)

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Give what a batch costs: all of it ("loss"), its codes, and its ends."""
        del progress
        cost = measure(self.model, batch, self.config.corruption)
        codes = (cost.frames * self.model.levels).clamp_min(1)
        total = (cost.codes + cost.ends) / codes
        now = float(total.detach())
        known = not math.isnan(self.train_loss)
        self.train_loss = SMOOTHING * self.train_loss + (1 - SMOOTHING) * now if known else now
        return {
            "loss": total,
            "codes": cost.codes.detach() / codes,
            "ends": cost.ends.detach() / codes,
        }

    @torch.no_grad()
    def held_out_loss(self) -> float | None:
        """Give the loss on held-out clips, ends included; None when nothing is held out.

        The model must be in eval mode.
        """
        if not self.rows:
            return None
        nats, frames = 0.0, 0
        for first in range(0, len(self.rows), self.config.batch):
            batch = pack(self.rows[first : first + self.config.batch], self.length)
            cost = measure(self.model, batch.to(self.device))
            nats += float(cost.codes + cost.ends)
            frames += int(cost.frames)
        self.held_out = nats / max(frames * self.model.levels, 1)
        self.best = min(self.held_out, math.inf if math.isnan(self.best) else self.best)
        return self.held_out

    def report(self) -> dict[str, Any]:
        """Say how the last held-out loss stands: perplexities, bits per second, memorising."""
        if not self.rows or math.isnan(self.held_out):
            return dict.fromkeys(FIGURES) | {"memorizing": False}
        bits = self.frame_rate * self.model.levels * BITS_PER_NAT
        figures = (
            math.exp(self.held_out),
            math.exp(self.best),
            self.held_out * bits,
            self.unigram * bits,
        )
        verdict = check_memorization(self.train_loss, self.held_out, self.best)
        return dict(zip(FIGURES, figures, strict=True)) | {"memorizing": verdict.memorizing}

    def warnings(self) -> list[str]:
        """Say when it learns by heart, and what to do."""
        if not self.rows or math.isnan(self.held_out):
            return []
        verdict = check_memorization(self.train_loss, self.held_out, self.best)
        return [verdict.advice] if verdict.memorizing else []

    def state(self) -> dict[str, Tensor]:
        """Give what a resumed run must know; encodings are made again from the seed."""
        known = [self.train_loss, self.held_out, self.best]
        return {"losses": torch.tensor(known, dtype=torch.float64)}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        self.train_loss, self.held_out, self.best = state["losses"].tolist()


def tell_lengths(dataset: Dataset) -> dict[str, Any]:
    """Tell what generating must know of the clips: whether sounds end, and when at the latest."""
    lengths = [clip.seconds for clip in dataset.train]
    return {
        "ends": statistics.median(lengths) < SECONDS_GOING_ON,
        "longest_seconds": round(max(lengths), 3),
    }


def count_steps(sequences: Sequence[Tensor], positions: int) -> int:
    """Count the steps of an epoch: enough to see each frame once, and at least 50."""
    frames = sum(codes.shape[1] for codes in sequences)
    return max(LEAST_STEPS, math.ceil(frames / positions))


def measure(model: CodePrior, batch: Batch, corruption: float = 0.0) -> Cost:
    """Tell what a batch costs under a model, its inputs corrupted with a chance."""
    previous = corrupt(batch.previous, corruption) if corruption else batch.previous
    tables = model.tables()
    states = model.follow(previous, batch.ages, batch.pieces, tables)  # [B, L, E]
    logits = model.judge(states, batch.targets, tables)  # [B, K, L, V]
    codes = F.cross_entropy(logits.movedim(-1, 1), batch.targets, reduction="none")  # [B, K, L]
    wanted = batch.ends.to(logits.dtype)
    ends = F.binary_cross_entropy_with_logits(
        model.ending(states)[..., 0], wanted, reduction="none"
    )  # [B, L]
    drawn = batch.asked & ~batch.ends  # [B, L]
    return Cost(
        codes=(codes * drawn[:, None]).sum(), ends=(ends * batch.asked).sum(), frames=drawn.sum()
    )


def corrupt(codes: Tensor, chance: float) -> Tensor:
    """Replace codes [B, K, L], each with a chance, by codes of its level from other places.

    What a prior draws is not always what it would have heard: it must not stumble over that.
    """
    rows, _, length = codes.shape
    places = torch.randperm(rows * length, device=codes.device)
    others = codes.transpose(0, 1).flatten(1)[:, places]  # [K, B * L]
    others = others.reshape(-1, rows, length).transpose(0, 1)  # [B, K, L]
    return torch.where(torch.rand(codes.shape, device=codes.device) < chance, others, codes)
