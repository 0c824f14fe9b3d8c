"""Ask the owner for chunks, and join them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .request import Chunk, Partner, Request
from .space import AS_IT_IS, Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..loading import Loaded
    from ..model import Model

Pulse = Callable[[int], object]  # told how many samples are made
Made = tuple["NDArray[np.float32]", Any]  # a sound [C, T], and what was attached to it


def make_request(
    model: Model,
    player: Loaded,
    seeds: Sequence[int],
    samples: int | None,
    space: Space = AS_IT_IS,
    blend: Sequence[Partner] = (),
) -> Request:
    """Ask a part of a model for a batch of takes, one per seed, of `samples` samples each."""
    return Request(
        rngs=[torch.Generator().manual_seed(seed) for seed in seeds],
        samples=samples,
        sample_rate=model.sample_rate,
        channels=space.channels(player.owner.type, model.channels),
        width=space.width,
        host=model.host.network if player is not model.host else None,
        extras=player.extras,
        blend=blend,
    )


def collect(player: Loaded, request: Request, settings: Any, pulse: Pulse | None) -> list[Made]:
    """Ask for chunks and join each take's, with what was attached to it.

    Raises:
        BackendError: the owner failed, or gave less than was asked for.
    """
    pieces: list[list[torch.Tensor]] = [[] for _ in request.rngs]
    attached: list[Any] = [None] * len(request.rngs)
    with torch.inference_mode():
        chunks = player.owner.call(
            "distill_generate", model=player.network, config=settings, request=request
        )
        for given in chunks:
            chunk = Chunk.of(given, len(pieces))
            for row, index in enumerate(chunk.takes):
                pieces[index].append(chunk.samples[row].detach().cpu())
            for index, value in (chunk.attached or {}).items():
                attached[index] = value
            if pulse is not None:
                pulse(sum(piece.shape[-1] for some in pieces for piece in some))
    if not all(pieces):
        raise player.owner.failure("distill_generate", "it gave no sound")
    whole = [torch.cat(some, dim=-1).numpy() for some in pieces]  # [C, T] each
    if request.samples is not None:
        whole = [each[:, : request.samples] for each in whole]
        shortest = min(each.shape[-1] for each in whole)
        if shortest != request.samples:
            told = f"of the {request.samples} samples that were asked for it gave {shortest}"
            raise player.owner.failure("distill_generate", told)
    return list(zip(whole, attached, strict=True))
