"""Play: draw codes frame by frame, and let the codec below turn them into sound.

Letters: B takes, K levels, N frames, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from attrs import define, field
from distill_core import SECONDS_GOING_ON, Chunk, Request, Tokenizer
from distill_core.audio.stitching import decode_in_pieces, one_after_another, tail_length
from torch import Tensor

from .configs import PriorGenerating
from .network import CodePrior
from .sampling import Sampler

LONGEST_SECONDS = 120.0  # that a sound which ends is believed to have lasted
PATIENCE = 1.5  # times the longest clip: a sound that has not ended by then is cut


def generate(model: CodePrior, config: PriorGenerating, request: Request) -> Iterator[Chunk]:
    """Draw the codes of a batch together, then decode one take at a time, in the same pieces."""
    codec = cast("Tokenizer", request.host)
    overlap = round(config.overlap / 1000 * codec.sample_rate)
    needed = request.samples
    if needed is None and not request.extras.get("ends", True):
        needed = round(SECONDS_GOING_ON * codec.sample_rate)
    for take, sounds in enumerate(draw_sounds(model, config, request, needed, overlap)):
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


def draw_sounds(
    model: CodePrior,
    config: PriorGenerating,
    request: Request,
    needed: int | None,
    overlap: int,
) -> list[list[Tensor]]:
    """Draw the codes [K, N] of each take's sounds, one after the other until there is enough.

    Args:
        model: what draws.
        config: how.
        request: one generator per take, the host, and how long its clips were.
        needed: samples of each take; None for one sound to its natural end.
        overlap: samples that two sounds share.
    """
    codec = cast("Tokenizer", request.host)
    longest = None
    if request.extras.get("ends", True):
        longest = max(1, round(_patience(request.extras) * codec.sample_rate / codec.hop))
    sampler = Sampler(
        model, request.rngs, config.temperature, config.top_k, config.top_p,
        again=needed is not None, longest=longest,
    )  # fmt: skip
    takes = [Drawn(needed, codec.hop, overlap) for _ in request.rngs]
    for step in sampler:
        rows = zip(takes, step.codes, step.sounding.tolist(), step.ended.tolist(), strict=True)
        for drawn, codes, sounding, ended in rows:
            drawn.take(codes, sounding, ended)
        if all(drawn.enough for drawn in takes):
            break
    return [
        [torch.stack(frames, -1) for frames in drawn.sounds if frames]  # [K, N]
        for drawn in takes
    ]


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
