"""The settings of the codec: what shapes its weights, and how they are trained."""

from __future__ import annotations

import math
from typing import Literal

import attrs
from distill_core import ConfigError, knob

HITS_PER_ENTRY = 48  # frames of training sound that each codebook entry should see once an epoch
SMALLEST_CODEBOOK = 64
LARGEST_CODEBOOK = 512
LONGEST_HOP = 16384  # samples: a third of a second at 48 kHz, in which no rhythm can be told


def automatic_codebook_size(seconds: float, frames_per_second: float) -> int:
    """Give the power of two, 64 to 512, that leaves each entry about 48 frames of the data."""
    frames = max(1.0, seconds * frames_per_second)
    size = 1 << round(math.log2(max(1.0, frames / HITS_PER_ENTRY)))
    return min(LARGEST_CODEBOOK, max(SMALLEST_CODEBOOK, size))


@attrs.frozen(kw_only=True)
class VQVAEModel:
    """What shapes the weights of the codec."""

    sample_rate: int = knob(
        48000, help="Sample rate that sounds are brought to.", min=8000, max=192000, unit="Hz"
    )
    channels: int = knob(1, help="1 learns the mono mix, 2 learns stereo.", min=1, max=2)
    num_quantizers: int = knob(
        3, help="Codes per frame; each refines what those before it left over.", min=1, max=8,
        flag="levels",
    )  # fmt: skip
    codebook_size: int | None = knob(
        None, help="Entries of each codebook; automatic follows the amount of sound.",
        min=2, max=4096, scale="log",
    )  # fmt: skip
    codebook_update: Literal["ema", "learned"] = knob(
        "ema", help="Whether codebooks follow moving averages (ema) or the gradient (learned)."
    )
    code_width: int = knob(16, help="Numbers that a code stands for.", min=2, max=256, scale="log")
    hidden_size: int = knob(
        256, help="Width of the network.", min=16, max=2048, scale="log", flag="hidden-size"
    )
    layers: int = knob(4, help="Blocks of the decoder at the full frame rate.", min=0, max=32)
    slow_layers: int = knob(
        3, help="Blocks at the rate of the codes, in encoder and decoder each.", min=0, max=32
    )
    encoder_layers: int = knob(
        3, help="Blocks of the encoder at the full frame rate.", min=0, max=32
    )
    frame_hop: int = knob(
        512, help="Samples between two frames of the spectrum.", min=32, max=4096, scale="log",
        unit="samples",
    )  # fmt: skip
    stride: int = knob(
        2, help="Frames of the spectrum per frame of codes; more makes codes slower.", min=1, max=16
    )
    dropout: float = knob(0.0, help="Share of numbers dropped in each block.", min=0, max=0.9)

    @property
    def hop(self) -> int:
        """Count the samples that one code frame stands for."""
        return self.frame_hop * self.stride

    @property
    def frames_per_second(self) -> float:
        """Give the rate of code frames."""
        return self.sample_rate / self.hop

    def check(self) -> None:
        """Refuse settings that are each within their bounds, and make no codec together.

        Raises:
            ConfigError: a code would stand for more sound than can be decoded in little memory.
        """
        if self.hop > LONGEST_HOP:
            raise ConfigError(
                f"A hop of {self.frame_hop} samples with a stride of {self.stride} makes codes of"
                f" {self.hop} samples; more than {LONGEST_HOP} are too many.",
                "Let one of them be smaller.",
            )


@attrs.frozen(kw_only=True)
class VQVAETraining:
    """How the codec is trained."""

    lr: float = knob(2e-3, help="Peak learning rate.", min=1e-6, max=1, scale="log")
    batch: int = knob(16, help="Crops per step.", min=1, max=1024, scale="log")
    crop_seconds: float = knob(
        0.5, help="Length of each crop; shorter clips are padded.", min=0.1, max=60, unit="s",
        scale="log",
    )  # fmt: skip
    weight_decay: float = knob(0.01, help="Pull of AdamW on the weights towards 0.", min=0, max=1)
    commitment_weight: float = knob(
        0.25, help="How strongly latents are held near their codes.", min=0.01, max=1, scale="log"
    )
    energy_weight: float = knob(
        0.1, help="Weight of smoothed band energies in the loss, beside the mel distance.",
        min=0, max=10,
    )  # fmt: skip
    quantizer_dropout: float = knob(
        0.0, help="Share of crops coded with fewer levels, so that fewer can play.", min=0, max=1
    )
