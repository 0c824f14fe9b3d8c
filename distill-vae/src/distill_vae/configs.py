"""The settings of the VAE: what shapes its weights, how they are trained, how it is played."""

from __future__ import annotations

from typing import Literal

import attrs
from distill_core import ConfigError, knob

LONGEST_HOP = 16384  # samples: a third of a second at 48 kHz, in which no rhythm can be told
FEWEST_OVERLAPS = 2  # windows that cover each sample; with fewer there are holes between them


@attrs.frozen(kw_only=True)
class VAEModel:
    """What shapes the weights of the VAE."""

    sample_rate: int = knob(
        48000, help="Sample rate that sounds are brought to.", min=8000, max=192000, unit="Hz"
    )
    channels: int = knob(1, help="1 learns the mono mix, 2 learns stereo.", min=1, max=2)
    n_fft: int = knob(
        2048, help="Window of the spectrograms.", min=256, max=16384, scale="log", unit="samples"
    )
    hop_length: int = knob(
        512, help="Samples between two frames of the spectrograms.", min=32, max=4096,
        scale="log", unit="samples",
    )  # fmt: skip
    n_mels: int = knob(
        320, help="Mel bands of the spectrograms; more of them bring more of a sound back.",
        min=16, max=1024, scale="log",
    )  # fmt: skip
    if_masking_threshold: float = knob(
        1e-5, help="Magnitude under which a band has no instantaneous frequency.",
        min=1e-9, max=1, scale="log",
    )  # fmt: skip
    phase_rounds: int = knob(
        6, help="Griffin-Lim rounds that follow the integrated frequencies.", min=0, max=256
    )
    latent_size: int | None = knob(
        None, help="Numbers that a latent frame has; automatic follows the amount of sound.",
        min=2, max=512, scale="log",
    )  # fmt: skip
    hidden_size: int = knob(256, help="Width of the network.", min=16, max=2048, scale="log")
    layers: int = knob(4, help="Blocks of the decoder at the full frame rate.", min=0, max=32)
    slow_layers: int = knob(
        3, help="Blocks at the rate of the latents, in encoder and decoder each.", min=0, max=32
    )
    encoder_layers: int = knob(
        3, help="Blocks of the encoder at the full frame rate.", min=0, max=32
    )
    stride: int = knob(
        4, help="Frames of the spectrogram per latent frame; more makes latents slower.",
        min=1, max=16,
    )  # fmt: skip
    gesture_seconds: float | None = knob(
        None, help="Length of what a slider shapes at once; automatic follows the clips' lengths.",
        min=0.05, max=10, unit="s", scale="log",
    )  # fmt: skip
    sliders: int = knob(12, help="Principal components that are kept to play with.", min=1, max=64)
    dropout: float = knob(0.0, help="Share of numbers dropped in each block.", min=0, max=0.9)

    @property
    def hop(self) -> int:
        """Count the samples that one latent frame stands for."""
        return self.hop_length * self.stride

    @property
    def frames_per_second(self) -> float:
        """Give the rate of latent frames."""
        return self.sample_rate / self.hop

    @property
    def gesture_frames(self) -> int:
        """Count the latent frames of a gesture (W), what a slider shapes at once."""
        seconds = self.gesture_seconds or USUAL_GESTURE
        return max(1, round(seconds * self.frames_per_second))

    def check(self) -> None:
        """Refuse settings that are each within their bounds, and make no network together.

        Raises:
            ConfigError: windows would leave holes, or a latent would stand for too much sound.
        """
        if self.hop_length * FEWEST_OVERLAPS > self.n_fft:
            raise ConfigError(
                f"A hop of {self.hop_length} samples leaves holes between windows of {self.n_fft}.",
                "Let --hop-length be at most half of --n-fft.",
            )
        if self.hop > LONGEST_HOP:
            raise ConfigError(
                f"A hop of {self.hop_length} samples with a stride of {self.stride} makes latents"
                f" of {self.hop} samples; more than {LONGEST_HOP} are too many.",
                "Let one of them be smaller.",
            )


USUAL_LATENT = 64  # numbers of a latent frame, when nobody says
USUAL_GESTURE = 1.0  # seconds, when nobody says


@attrs.frozen(kw_only=True)
class VAETraining:
    """How the VAE is trained; what is left automatic follows the preset."""

    preset: Literal["conservative", "balanced", "expressive"] = knob(
        "balanced",
        help="How closely latents are held together: conservative for even, reliable sliders,"
        " expressive for nearer reconstructions. It sets kl-weight, annealing, free-bits,"
        " input-noise and weight-decay, each of which may be set alone.",
    )
    lr: float = knob(1e-3, help="Peak learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(16, help="Crops per step.", min=1, max=1024, scale="log")
    crop_seconds: float = knob(
        0.5, help="Length of each crop; shorter clips are padded.", min=0.1, max=60, unit="s",
        scale="log",
    )  # fmt: skip
    kl_weight: float | None = knob(
        None, help="Weight of the KL divergence, per latent number.", min=0, max=10
    )
    annealing: float | None = knob(
        None, help="Share of the run over which the KL divergence comes to its weight.",
        min=0, max=1,
    )  # fmt: skip
    free_bits: float | None = knob(
        None, help="Nats that each latent number may tell for free.", min=0, max=10, unit="nats"
    )
    input_noise: float | None = knob(
        None, help="Noise added to the spectrograms that the encoder sees, in deviations.",
        min=0, max=2,
    )  # fmt: skip
    weight_decay: float | None = knob(
        None, help="Pull of AdamW on the weights towards 0.", min=0, max=1
    )
    energy_weight: float = knob(
        0.3, help="Weight of smoothed band energies in the loss, beside the log magnitudes.",
        min=0, max=10,
    )  # fmt: skip
    frequency_weight: float = knob(
        0.1, help="Weight of instantaneous frequencies in the loss.", min=0, max=10
    )
    band_shift: int = knob(
        12, help="Mel bands that crops are moved up or down by at most, so that partials are learnt"
        " wherever they lie.",
        min=0, max=256,
    )  # fmt: skip


@attrs.frozen(kw_only=True)
class VAEGenerating:
    """How the VAE is played."""

    slider: dict[str, float] = knob(
        {}, help="Where a slider stands: 0 is the middle of your clips, -1 and 1 are near their"
        " ends. The names are in distill info MODEL; may be given several times.",
        min=-1, max=1, names="sliders",
    )  # fmt: skip
    variety: float = knob(
        1.0, help="How far takes differ in what no slider sets: 0 not at all, 1 as your clips do.",
        min=0, max=2,
    )  # fmt: skip
    mode: Literal["crossfade", "interpolate"] = knob(
        "crossfade",
        help="How a take goes on: crossfade plays sound after sound, interpolate walks from one to"
        " the next without a pause.",
    )
    overlap: float | None = knob(
        None, help="With --mode crossfade: what two sounds share where one passes into the next;"
        " automatic is 50 for sounds that end, a quarter of a sound for others.",
        min=0, max=2000, unit="ms",
    )  # fmt: skip
    speed: float = knob(
        0.5, help="With --mode interpolate: how many new sounds a second the walk comes to.",
        min=0.01, max=20, scale="log",
    )  # fmt: skip
