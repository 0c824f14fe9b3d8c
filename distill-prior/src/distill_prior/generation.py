"""Play: draw codes frame by frame, and let the codec below turn them into sound.

Letters: B takes, K levels, N frames, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from attrs import define, field
from distill_core import (
    SECONDS_GOING_ON,
    Chunk,
    Request,
    Tokenizer,
    decode_in_pieces,
    one_after_another,
    tail_length,
)
from torch import Tensor

from .configs import PriorGenerating
from .network import CodePrior
from .sampling import Sampler

LONGEST_SECONDS = 120.0  # that a sound which ends is believed to have lasted
BREATH = 16  # frames from one empty chunk to the next, at which the drawing can be stopped
PATIENCE = 1.5  # times the longest clip: a sound that has not ended by then is cut


def generate(model: CodePrior, config: PriorGenerating, request: Request) -> Iterator[Chunk]:
    """Draw the codes of a batch together, then decode one take at a time, in the same pieces."""
    codec = cast("Tokenizer", request.host)
    overlap = round(config.overlap / 1000 * codec.sample_rate)
    needed = request.samples
    if needed is None and not request.extras.get("ends", True):
        needed = round(SECONDS_GOING_ON * codec.sample_rate)
    takes = [Drawn(needed, codec.hop, overlap) for _ in request.rngs]
    nothing = torch.zeros(0, codec.channels, 0)
    for step, _ in enumerate(draw_sounds(model, config, request, takes)):
        if step % BREATH == 0:  # minutes may pass before the first sound
            yield Chunk(nothing, [])
    for take, drawn in enumerate(takes):
        sounds = drawn.codes()
        attached = {take: [codes.tolist() for codes in sounds]}
        pieces = (_decode(codec, codes, model) for codes in sounds)
        left = needed
        for piece in one_after_another(pieces, overlap):
            part = piece if left is None else piece[..., :left]
            left = None if left is None else left - part.shape[-1]
            if part.shape[-1]:
                yield Chunk(part, [take], attached)
                attached = {}


@define
class Drawn:
    """The codes of one take as they are drawn: frames [K] of each of its sounds.

    Attributes:
        needed: samples of the take, None for one sound.
        hop: samples of a frame.
        overlap: samples that two sounds share.
        sounds: what was drawn.
        made: samples that all sounds but the last will give.
    """

    needed: int | None
    hop: int
    overlap: int
    sounds: list[list[Tensor]] = field(factory=lambda: [[]])
    made: int = 0

    @property
    def enough(self) -> bool:
        """Say whether all the samples that are needed can be made."""
        return self.needed is not None and self.made + self._last() >= self.needed

    def _last(self) -> int:
        samples = len(self.sounds[-1]) * self.hop
        return samples - tail_length(samples, self.overlap)

    def take(self, codes: Tensor, sounding: bool, ended: bool) -> None:
        """Take a frame [K]; a step at which a sound ended brings none."""
        if self.enough:
            return
        if ended and self.needed is not None:
            self.made += self._last()
            self.sounds.append([])
        elif sounding:
            self.sounds[-1].append(codes)

    def codes(self) -> list[Tensor]:
        """Give the codes [K, N] of each sound."""
        return [torch.stack(frames, -1) for frames in self.sounds if frames]


def draw_sounds(
    model: CodePrior,
    config: PriorGenerating,
    request: Request,
    takes: Sequence[Drawn],
) -> Iterator[None]:
    """Draw each take's sounds, frame by frame and one after the other, until there is enough.

    Args:
        model: what draws.
        config: how.
        request: one generator per take, the host, and how long its clips were.
        takes: where what is drawn goes.
    """
    codec = cast("Tokenizer", request.host)
    longest = None
    if request.extras.get("ends", True):
        longest = max(1, round(_patience(request.extras) * codec.sample_rate / codec.hop))
    sampler = Sampler(
        model, request.rngs, config.temperature, config.top_k, config.top_p,
        again=any(drawn.needed is not None for drawn in takes), longest=longest,
    )  # fmt: skip
    for step in sampler:
        rows = zip(takes, step.codes, step.sounding.tolist(), step.ended.tolist(), strict=True)
        for drawn, codes, sounding, ended in rows:
            drawn.take(codes, sounding, ended)
        if all(drawn.enough for drawn in takes):
            return
        yield


def _patience(extras: Mapping[str, Any]) -> float:
    """Say after how many seconds a sound that has not ended is cut."""
    told = extras.get("longest_seconds")
    if not isinstance(told, int | float) or told <= 0:
        told = SECONDS_GOING_ON  # a file from a stranger may say anything
    return PATIENCE * min(told, LONGEST_SECONDS)


def _decode(codec: Tokenizer, codes: Tensor, model: CodePrior) -> Iterator[Tensor]:
    """Turn one sound's codes [K, N] into pieces of sound [1, C, T]."""
    device = model.usual.device
    return decode_in_pieces(codec, codes[None].to(device), codes.shape[-1] * codec.hop)
