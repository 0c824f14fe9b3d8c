"""Play: draw codes frame by frame, and let the codec below turn them into sound.

Letters: B takes, K levels, N frames, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from attrs import define, field
from distill_core import SECONDS_GOING_ON, Chunk, Request, Tokenizer
from distill_core.audio.stitching import decode_in_pieces, one_after_another, tail_length
from torch import Tensor

from .configs import PriorGenerating
from .network import CodePrior
from .sampling import Sampler

PATIENCE = 1.5  # times the longest clip: a sound that has not ended by then is cut


def generate(model: CodePrior, config: PriorGenerating, request: Request) -> Iterator[Chunk]:
    """Draw the codes of a batch together, then decode one take at a time, in the same pieces."""
    codec = cast("Tokenizer", request.host)
    overlap = round(config.overlap / 1000 * codec.sample_rate)
    for take, sounds in enumerate(draw_sounds(model, config, request, codec, overlap)):
        attached = {take: [codes.tolist() for codes in sounds]}
        pieces = (_decode(codec, codes, model) for codes in sounds)
        left = request.samples
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
    """

    needed: int | None
    hop: int
    overlap: int
    sounds: list[list[Tensor]] = field(factory=lambda: [[]])

    @property
    def enough(self) -> bool:
        """Say whether all the samples that are needed can be made."""
        if self.needed is None:
            return False
        lengths = [len(frames) * self.hop for frames in self.sounds]
        return sum(each - tail_length(each, self.overlap) for each in lengths) >= self.needed

    def take(self, codes: Tensor, sounding: bool, ended: bool) -> None:
        """Take a frame [K]; a step at which a sound ended brings none."""
        if self.enough:
            return
        if ended and self.needed is not None:
            self.sounds.append([])
        elif sounding:
            self.sounds[-1].append(codes)


def draw_sounds(
    model: CodePrior, config: PriorGenerating, request: Request, codec: Tokenizer, overlap: int
) -> list[list[Tensor]]:
    """Draw the codes [K, N] of each take's sounds, one after the other until it is long enough."""
    ends = bool(request.extras.get("ends", True))
    needed = request.samples
    if needed is None and not ends:
        needed = round(SECONDS_GOING_ON * codec.sample_rate)
    longest = PATIENCE * float(request.extras.get("longest_seconds", SECONDS_GOING_ON))
    sampler = Sampler(
        model, request.rngs, config.temperature, config.top_k, config.top_p,
        again=needed is not None,
        longest=max(1, round(longest * codec.sample_rate / codec.hop)) if ends else None,
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


def _decode(codec: Tokenizer, codes: Tensor, model: CodePrior) -> Iterator[Tensor]:
    """Turn one sound's codes [K, N] into pieces of sound [1, C, T]."""
    device = model.usual.device
    return decode_in_pieces(codec, codes[None].to(device), codes.shape[-1] * codec.hop)
