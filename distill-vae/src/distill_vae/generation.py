"""Play: draw places in gesture space, and let the decoder turn them into sound.

Letters: C channels, T samples, M mels, N frames of spectrograms, L latent frames, D numbers of a
latent, R numbers of a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import cast

from attrs import frozen
from distill_core import SECONDS_GOING_ON, Chunk, Partner, Request
from torch import Generator, Tensor

from .configs import VAEGenerating
from .ensemble import Ensemble
from .joining import crossfaded, ended
from .network import ConvVAE
from .sliders import check_sliders, read_extras
from .voices import Voice
from .walking import walk

ENDING_OVERLAP = 50.0  # ms, of sounds that end
GOING_ON_OVERLAP = 0.25  # of a gesture, of sounds that go on


def generate(model: ConvVAE, config: VAEGenerating, request: Request) -> Iterator[Chunk]:
    """Make the takes of a batch, one after the other (see `prepare` for what is refused)."""
    player = prepare(model, config, request)
    needed = request.samples
    if needed is None and not player.one_shots:
        needed = round(SECONDS_GOING_ON * model.sample_rate)
    for take, rng in enumerate(request.rngs):
        left = needed
        for piece in player.take(rng, once=needed is None):
            part = piece if left is None else piece[..., :left]
            yield Chunk(part, [take])
            left = None if left is None else left - part.shape[-1]
            if left == 0:
                break


@frozen
class Player:
    """What plays a request.

    Attributes:
        ensemble: of the networks.
        config: how they are played.
        ends: whether their sounds end by themselves.
    """

    ensemble: Ensemble
    config: VAEGenerating
    ends: bool

    @property
    def one_shots(self) -> bool:
        """Say whether a take without a length is one sound to its end."""
        return self.ends and self.config.mode == "crossfade"

    def take(self, rng: Generator, *, once: bool) -> Iterator[Tensor]:
        """Make a take's sound in pieces [1, C, T_i]: one sound, or without end."""
        if self.config.mode == "interpolate":
            return self.ensemble.sound(walk(self.ensemble, rng, self.config.speed))
        sounds = self._sounds(rng)
        if once:
            return self.ensemble.sound(islice(sounds, 1))
        return self.ensemble.sound(crossfaded(sounds, self.overlap, beginnings=self.ends))

    @property
    def overlap(self) -> int:
        """Count the frames of spectrograms that two sounds share."""
        config, told = self.ensemble.leader.config, self.config.overlap
        if told is None:
            whole = 1000 * config.gesture_frames / config.frames_per_second
            told = ENDING_OVERLAP if self.ends else GOING_ON_OVERLAP * whole
        return round(told / 1000 * config.sample_rate / config.hop_length)

    def _sounds(self, rng: Generator) -> Iterator[Tensor]:
        """Draw sound after sound: spectrograms [C, 2, M, N_i]."""
        while True:
            sound = self.ensemble.gesture(self.ensemble.draw(rng))
            yield ended(sound) if self.ends else sound


def prepare(model: ConvVAE, config: VAEGenerating, request: Request) -> Player:
    """Read what is known of the model, or of all that are blended, and refuse what they have not.

    Raises:
        ConfigError: a slider is set that none of them has.
        ModelFileError: what lies in a file is no analysis of its network's.
    """
    partners = request.blend or [Partner(network=model, weight=1.0, extras=request.extras)]
    networks = [cast("ConvVAE", partner.network) for partner in partners]
    told = [
        read_extras(partner.extras, network.analysis.sliders)
        for partner, network in zip(partners, networks, strict=True)
    ]
    check_sliders(config.slider, {name for each in told for name in each.names})
    voices = [
        Voice(network, partner.weight, each.names)
        for partner, network, each in zip(partners, networks, told, strict=True)
    ]
    width = request.width if request.channels > model.channels else None
    ensemble = Ensemble(voices, config.slider, config.variety, width)
    return Player(ensemble, config, told[0].ends)
