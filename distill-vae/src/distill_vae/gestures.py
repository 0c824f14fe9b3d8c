"""Gather gestures: what happens within a short time, in the latents of the training clips.

Letters: C channels, T samples, G gestures, W latent frames of a gesture, D numbers of a latent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
import torch.nn.functional as F
from attrs import frozen
from distill_core import Clip, Run
from torch import Tensor

from .analysis import frame_levels
from .network import ConvVAE

MOST_GESTURES = 768
FEW_GESTURES = 128  # what an interrupted run makes do with
QUIETEST = 1e-3  # RMS; a gesture that is 60 dB under full scale is silence
SPAN = 256  # latents of a clip that are encoded at once, about
CONTEXT_FRAMES = 16  # latents that are encoded around a gesture and left out
CLIP_SECONDS = 30  # of a clip, up to its end, that are listened to
END_SECONDS = 0.05  # at a clip's end, where it is heard whether it has died away
ENDED = 0.05  # RMS of that in shares of the clip's loudest such time: 26 dB below
MOSTLY = 0.5  # of the clips have to end for a model to make sounds that end


@frozen
class Gestures:
    """Gestures of training clips.

    Attributes:
        latents: [G, W, D].
        first: whether each is a clip's beginning, [G].
        ends: whether clips end by themselves, mostly.
        loudest: log10 magnitude that no band of the sounds is above, [C, M].
        level: the same of whole frames, [].
    """

    latents: Tensor
    first: Tensor
    ends: bool
    loudest: Tensor
    level: Tensor


@frozen
class Place:
    """Where a gesture begins."""

    clip: Clip
    start: int  # in latent frames


def gather(model: ConvVAE, run: Run) -> Gestures:
    """Encode gestures of the training clips: each beginning, then one every half a gesture.

    Of very many, an even share is taken. Memory does not follow the length of the clips.
    """
    places = list(_places(model, run))
    most = FEW_GESTURES if run.stopping else MOST_GESTURES
    if len(places) > most:
        places = [places[index * len(places) // most] for index in range(most)]
    made: list[Tensor] = []
    first: list[bool] = []
    bands, levels = [], []
    for some in _spans(places):
        sound, start = _read(model, some)
        spectrograms = model.spectrograms(sound[None].to(run.device))  # [1, C, 2, M, N]
        bands.append(spectrograms[0, :, 0].amax(2))
        levels.append(frame_levels(spectrograms[:, :, 0]).amax())
        latents = model.posterior(spectrograms).mean[0].cpu()  # [L, D]
        for place in some:
            own = slice(place.start - start, place.start - start + model.analysis.frames)
            if _sounds(sound[:, own.start * model.hop : own.stop * model.hop]):
                made.append(latents[own].clone())
                first.append(place.start == 0)
    shape = 0, model.analysis.frames, model.latent_size
    return Gestures(
        torch.stack(made) if made else torch.zeros(shape),
        torch.tensor(first, dtype=torch.bool),
        clips_end(run), torch.stack(bands).amax(0), torch.stack(levels).amax(),
    )  # fmt: skip


def clips_end(run: Run) -> bool:
    """Say whether most training clips have died away at their ends, as one-shots do."""
    ended = [_ends(clip) for clip in run.dataset.train]
    return sum(ended) >= MOSTLY * len(ended)


def _places(model: ConvVAE, run: Run) -> Iterator[Place]:
    """List where gestures begin; one that would begin where its clip has almost ended is none."""
    frames = model.analysis.frames
    step = max(1, frames // 2)
    for clip in run.dataset.train:
        length = -(-clip.frames // model.hop)
        for start in range(0, max(1, length - step), step):
            yield Place(clip, start)


def _spans(places: Sequence[Place]) -> Iterator[list[Place]]:
    """Group places that lie near each other in a clip: what follows is encoded at once."""
    for _, group in groupby(places, lambda place: (place.clip, place.start // SPAN)):
        yield list(group)


def _read(model: ConvVAE, places: Sequence[Place]) -> tuple[Tensor, int]:
    """Read what lies at and around places: sound [C, T], and the latent frame it begins at."""
    start = max(0, places[0].start // SPAN * SPAN - CONTEXT_FRAMES)
    end = places[-1].start + model.analysis.frames + CONTEXT_FRAMES
    return _cut(places[0].clip, start * model.hop, (end - start) * model.hop), start


def _sounds(sound: Tensor) -> bool:
    """Say whether a sound [C, T] is more than silence."""
    return float(sound.square().mean().sqrt()) >= QUIETEST


def _cut(clip: Clip, first: int, length: int) -> Tensor:
    """Read a part of a clip [C, T], padded with silence."""
    samples = torch.tensor(clip.samples[:, first : first + length])
    return F.pad(samples, (0, length - samples.shape[-1]))


def _ends(clip: Clip) -> bool:
    """Say whether a clip has died away at its end."""
    length = max(1, round(END_SECONDS * clip.sample_rate))
    samples = torch.tensor(clip.samples[:, -CLIP_SECONDS * clip.sample_rate :]).mean(0)
    if len(samples) <= length:
        return True
    power = samples.square().unfold(0, length, length // 2 or 1).mean(-1)
    return bool(power[-1] <= power.max() * ENDED**2)
