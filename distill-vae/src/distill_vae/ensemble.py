"""What sounds at once: one network or several, for one channel or for two that are related.

Letters: P voices, Q sides (2 where a model of one channel makes two), C channels, M mels, N frames
of spectrograms, L latent frames, D numbers of a latent, R numbers of a place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from attrs import frozen
from torch import Generator, Tensor

from .inversion import invert_row
from .joining import BALANCED_FRAMES, balanced
from .network import ConvVAE
from .pieces import in_pieces
from .voices import Voice, draw_places

Places = list[list[Tensor]]  # by side and voice, [R] each
DECODED_FRAMES = 512  # of the spectrogram, decoded at once


@frozen
class Ensemble:
    """Voices that agree on where their sliders stand, and sound as one.

    Attributes:
        voices: the leader first; their networks' configs are equal.
        sliders: where some are set.
        variety: of what is not set.
        width: how far apart the sides are, 0 to 1; None where there is one.
    """

    voices: Sequence[Voice]
    sliders: Mapping[str, float]
    variety: float
    width: float | None

    @property
    def leader(self) -> ConvVAE:
        """Give the network whose sizes all of them have."""
        return self.voices[0].network

    def draw(self, rng: Generator) -> Places:
        """Draw a sound's places; two sides lie around what one would be.

        Both need the same luck, so that a take is the same sound, narrow or wide.
        """
        middle = draw_places(self.voices, rng, self.variety, self.sliders)
        other = draw_places(self.voices, rng, self.variety, self.sliders)
        if self.width is None:
            return [middle]
        shares = (-self.width / 2, self.width / 2)
        return [
            [torch.lerp(here, there, share) for here, there in zip(middle, other, strict=True)]
            for share in shares
        ]

    def gesture(self, places: Places) -> Tensor:
        """Give the spectrogram [Q C, 2, M, N] of the gestures at some places."""
        sides = [
            self._each(lambda voice, place: voice.ground.gestures(place), side) for side in places
        ]
        return self.decode(torch.stack(sides), whole=True)

    def moments(self, places: Places, times: Tensor) -> Tensor:
        """Give latents [Q, P, L, D] of paths: places [L, R] each, moments in frames [L]."""
        sides = [
            self._each(lambda voice, place: voice.ground.moments(place, times), side)
            for side in places
        ]
        return torch.stack(sides)

    def decode(self, latents: Tensor, *, whole: bool = False) -> Tensor:
        """Give the spectrogram [Q C, 2, M, N] of latents [Q, P, L, D], voices mixed by weight.

        Args:
            latents: of a sound, or of a part of a walk.
            whole: whether it is a sound, which keeps its shape where it is bounded.
        """
        made = torch.zeros(())
        for voice, own in zip(self.voices, latents.unbind(1), strict=True):
            device = next(voice.network.parameters()).device
            sound = voice.network.decode(own.to(device)).cpu()  # [Q, C, 2, M, N]
            sound = voice.analysis.bounded(sound, together=(0, -1) if whole else (0,))
            made = made + voice.weight * sound
        sides = made.flatten(0, 1)
        return sides if self.width is None else balanced(sides)

    def decode_row(self, latents: Iterable[Tensor], gains: bool = False) -> Iterator[Tensor]:
        """Decode a row of any length to spectrograms [Q C, 2, M, N_i], its frames evened out.

        A latent that is held would decode to the same few frames again and again, with a pulse at
        its rate; the mean over as many frames as a latent has is free of it.

        Args:
            latents: [Q, P, L_i, D], one after the other.
            gains: whether each latent has one number more: what is added to log10 magnitudes.
        """
        stride, reach = self.leader.config.stride, self.leader.decoder.reach + 1
        reach += 0 if self.width is None else -(-BALANCED_FRAMES // 2 // stride)
        count = max(1, DECODED_FRAMES // stride)
        for piece in in_pieces((each.transpose(2, 3) for each in latents), count, reach):
            row = piece.frames.transpose(2, 3)
            made = self.decode(row[..., :-1] if gains else row)  # [Q C, 2, M, N]
            if gains:
                made[:, 0] += row[0, 0, :, -1].repeat_interleave(stride)
            first = piece.before * stride
            yield _evened(made, stride)[..., first : first + piece.count * stride]

    def sound(self, spectrograms: Iterable[Tensor]) -> Iterator[Tensor]:
        """Turn a row of spectrograms [Q C, 2, M, N_i] into pieces of sound [1, Q C, T_i]."""
        return invert_row(self.leader, spectrograms, sides=self.width is not None)

    def _each(self, what: Callable[[Voice, Tensor], Tensor], places: Sequence[Tensor]) -> Tensor:
        pairs = zip(self.voices, places, strict=True)
        return torch.stack([what(voice, place) for voice, place in pairs])


def _evened(spectrogram: Tensor, frames: int) -> Tensor:
    """Give the mean over so many frames around each one of a spectrogram [Q C, 2, M, N]."""
    before = frames // 2
    padded = F.pad(spectrogram.flatten(1, 2), (before, frames - 1 - before), mode="replicate")
    return F.avg_pool1d(padded, frames, 1).view_as(spectrogram)
