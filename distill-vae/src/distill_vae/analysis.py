"""What sliders move: principal components of the training clips' gestures.

A gesture is what happens within a short time: W latent frames in a row. Letters: C channels, M
mels, K sliders, R components in all (the sliders' first, then those that are drawn and never set),
G gestures that are kept, W latent frames of a gesture, L latent frames of a path, D numbers of a
latent.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .configs import VAEModel

UNBOUNDED = 3.0  # log10 magnitude: 60 dB above what any sound within full scale has
DETAIL = 60  # components beyond the sliders: what tells sounds apart that no slider does
NEAR = 4  # bands on either side: between two notes lies another
HEADROOM = 0.1  # of a band, in log10 magnitude: 2 dB
KEPT = 256  # gestures whose place is kept: what is drawn lies between them


class Analysis(nn.Module):
    """The principal components of gestures, with their ranges.

    Attributes:
        mean: the mean gesture, [W, D].
        components: directions, each of unit norm and orthogonal to the others, [R, W, D].
        low: the 5th percentile of the training gestures along each slider, [K].
        high: the 95th, [K]; equal to `low` where there is no such component.
        variance: share of the gestures' variance along each slider, [K].
        places: where training gestures lie along the components, [G, R].
        count: how many of those there are, []; the other rows are 0.
        loudest: log10 magnitude that no band is decoded above, [C, M].
        level: that no frame is, as root of the sum of squares, [].
    """

    mean: Tensor
    components: Tensor
    low: Tensor
    high: Tensor
    variance: Tensor
    places: Tensor
    count: Tensor
    loudest: Tensor
    level: Tensor

    def __init__(self, config: VAEModel, latent_size: int) -> None:
        super().__init__()
        sliders, frames = config.sliders, config.gesture_frames
        count = sliders + DETAIL
        self.register_buffer("loudest", torch.full((config.channels, config.n_mels), UNBOUNDED))
        self.register_buffer("level", torch.tensor(UNBOUNDED))
        self.register_buffer("mean", torch.zeros(frames, latent_size))
        self.register_buffer("components", torch.zeros(count, frames, latent_size))
        self.register_buffer("places", torch.zeros(KEPT, count))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        for name in ("low", "high", "variance"):
            self.register_buffer(name, torch.zeros(sliders))

    @property
    def frames(self) -> int:
        """Count the latent frames of a gesture (W)."""
        return len(self.mean)

    @property
    def sliders(self) -> int:
        """Count the sliders that move anything; 0 without an analysis."""
        return int((self.high > self.low).sum())

    def fault(self) -> str | None:
        """Say what cannot be in it, where a stranger wrote it; None where nothing is wrong."""
        for name, buffer in self.named_buffers():
            if not buffer.isfinite().all():
                return f"its {name} is not finite"
        if self.sliders and not 1 <= int(self.count) <= len(self.places):
            return f"it claims {int(self.count)} places of {len(self.places)}"
        return None

    @property
    def heard(self) -> Tensor:
        """Give the places of training gestures [G', R]."""
        return self.places[: int(self.count)]

    def gestures(self, places: Tensor) -> Tensor:
        """Give the gestures [..., W, D] at places [..., R]."""
        around: Tensor = torch.tensordot(places, self.components, 1)
        return self.mean + around

    def moments(self, places: Tensor, times: Tensor) -> Tensor:
        """Give latents [L, D]: of the gesture at each place [L, R] its moment, in frames [L]."""
        times = times.clamp(0, self.frames - 1)
        first = times.floor().long().clamp(max=max(0, self.frames - 2))
        after = (first + 1).clamp(max=self.frames - 1)
        share = (times - first)[:, None]
        return torch.lerp(self._at(places, first), self._at(places, after), share)

    def positions(self, places: Tensor) -> Tensor:
        """Give the sliders' positions [..., K] at places [..., R]: 5th percentile -1, 95th 1."""
        count = len(self.low)
        reach = (self.high - self.low).clamp_min(1e-12)
        return (places[..., :count] - self.low) / reach * 2 - 1

    def moved(self, places: Tensor, positions: Tensor) -> Tensor:
        """Put sliders of places [..., R] to positions [..., K]; NaN leaves one where it is."""
        count = len(self.low)
        meant = self.low + (positions + 1) / 2 * (self.high - self.low)
        kept = places[..., :count]
        set_ = torch.where(positions.isnan(), kept, meant)
        return torch.cat([set_, places[..., count:]], -1)

    def bound(self, loudest: Tensor, level: Tensor) -> None:
        """Let nothing be decoded louder than the training sounds' bands [C, M] and frames [].

        What lies near a band is taken for its own.
        """
        near = F.max_pool1d(loudest[None], 2 * NEAR + 1, 1, NEAR)[0]
        self.loudest.copy_(near + HEADROOM)
        self.level.copy_(level)

    def bounded(self, spectrograms: Tensor, together: tuple[int, ...] = ()) -> Tensor:
        """Turn down what is louder than all that was heard: first bands, then whole frames.

        Sliders and variety lead beyond the clips, where bands add up to a level no sound had; a
        take would be turned down for one such sound, and the others with it.

        Args:
            spectrograms: [B, C, 2, M, N].
            together: which of B (0) and N (-1) are turned down alike, by the loudest among them.
        """
        magnitudes, frequencies = spectrograms.unbind(2)  # [B, C, M, N] each
        bands = torch.minimum(magnitudes, self.loudest[..., None].to(magnitudes.device))
        beyond = (frame_levels(bands) - self.level.to(bands.device)).clamp_min(0)  # [B, N]
        if together:
            beyond = beyond.amax(together, keepdim=True)
        return torch.stack([bands - beyond[:, None, None], frequencies], 2)

    def _at(self, places: Tensor, frames: Tensor) -> Tensor:
        """Give the latents [L, D] of places [L, R] at whole frames [L]."""
        return self.mean[frames] + torch.einsum("lr,rld->ld", places, self.components[:, frames])


def frame_levels(magnitudes: Tensor) -> Tensor:
    """Give the level [B, N] of frames of log10 magnitudes [B, C, M, N], as log10 as well."""
    return torch.log10((10 ** (2 * magnitudes)).sum((1, 2))) / 2
