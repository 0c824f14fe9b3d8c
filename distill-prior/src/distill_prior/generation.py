"""Play: draw codes frame by frame, and let the codec below turn them into sound.

Letters: B takes, K levels, N frames, C channels, T samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from distill_core import SECONDS_GOING_ON, Chunk, Request, Tokenizer
from distill_core.audio.stitching import decode_in_pieces, one_after_another
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


def draw_sounds(
    model: CodePrior, config: PriorGenerating, request: Request, codec: Tokenizer, overlap: int
) -> list[list[Tensor]]:
    """Draw the codes [K, N] of each take's sounds, one after the other until it is long enough."""
    ends = bool(request.extras.get("ends", True))
    samples = request.samples
    if samples is None and not ends:
        samples = round(SECONDS_GOING_ON * codec.sample_rate)
    longest = PATIENCE * float(request.extras.get("longest_seconds", SECONDS_GOING_ON))
    most = max(1, round(longest * codec.sample_rate / codec.hop))  # frames of one sound
    sampler = Sampler(
        model, request.rngs, config.temperature, config.top_k, config.top_p,
        again=samples is not None,
    )  # fmt: skip
    takes: list[list[list[Tensor]]] = [[[]] for _ in request.rngs]
    for step in sampler:
        for take, sounds in enumerate(takes):
            if bool(step.ended[take]) and sampler.again:
                sounds.append([])
            if bool(step.sounding[take]) or sampler.again:
                sounds[-1].append(step.codes[take])
        if all(_is_enough(sounds, samples, most, codec.hop, overlap) for sounds in takes):
            break
    return [
        [torch.stack(frames, -1) for frames in sounds if frames]  # [K, N]
        for sounds in takes
    ]


def _is_enough(
    sounds: list[list[Tensor]], samples: int | None, most: int, hop: int, overlap: int
) -> bool:
    """Say whether a take has all the frames it needs."""
    if samples is None:
        return len(sounds[0]) >= most
    made = sum(max(len(frames) * hop - overlap, 1) for frames in sounds)
    return made >= samples


def _decode(codec: Tokenizer, codes: Tensor, model: CodePrior) -> Iterator[Tensor]:
    """Turn one sound's codes [K, N] into pieces of sound [1, C, T]."""
    device = model.usual.device
    return decode_in_pieces(codec, codes[None].to(device), codes.shape[-1] * codec.hop)
