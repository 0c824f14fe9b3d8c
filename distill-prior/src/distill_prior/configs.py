"""What can be set about a prior, and what follows from the data where nothing is set."""

from __future__ import annotations

import math

import attrs
from distill_core import ConfigError, knob

WINDOW_SECONDS = 5.5  # what attention sees: a bar or two
SHORTEST_WINDOW, LONGEST_WINDOW = 32, 1024  # frames; attention costs their square
HEAD_WIDTH = 32  # at least, of a head


@attrs.frozen(kw_only=True)
class PriorModel:
    """The network; what follows from the tokenizer (levels, entries, vectors) is not a setting."""

    hidden_size: int | None = knob(
        None, help="Width of the network; more data bears a wider one.", min=16, max=2048
    )
    layers: int | None = knob(None, help="Transformer blocks.", min=1, max=32)
    heads: int | None = knob(None, help="Attention heads of each block.", min=1, max=32)
    dropout: float | None = knob(
        None, help="Share of activations dropped in training; more when data is scarce.", min=0,
        max=0.9,
    )  # fmt: skip
    seq_len: int | None = knob(
        None, help="Frames that attention looks back; takes may be any length.", min=8, max=8192
    )
    use_vectors: bool = knob(
        True, help="Tell like-sounding codes by their vectors, where the tokenizer shows them."
    )


@attrs.frozen(kw_only=True)
class PriorTraining:
    """How a prior learns; most of it is there to keep it from learning clips by heart."""

    lr: float = knob(4e-3, help="Learning rate.", min=1e-6, max=1.0, scale="log")
    batch: int = knob(8, help="Rows of a batch, each as long as the window.", min=1, max=1024)
    weight_decay: float = knob(0.1, help="Decay of the weights.", min=0.0, max=10.0)
    averaging: float = knob(
        0.99, help="Share of the past in the averaged weights that are kept.", min=0.0, max=0.9999
    )
    encodings: int | None = knob(
        None, help="Variations of each clip to learn from; more when data is scarce.", min=1,
        max=256,
    )  # fmt: skip
    gain: float = knob(3.0, help="How far variations differ in level.", min=0, max=24, unit="dB")
    pitched: float = knob(0.8, help="Share of variations with another pitch.", min=0, max=1)
    corruption: float = knob(
        0.0, help="Share of the codes that are replaced where they are heard.", min=0, max=0.9
    )


@attrs.frozen(kw_only=True)
class PriorGenerating:
    """How codes are drawn."""

    temperature: float = knob(
        1.0, help="Below 1 safer, above 1 wilder.", min=0.1, max=2.0, short="t"
    )
    top_k: int = knob(0, help="Draw from the likeliest codes only; 0 for all.", min=0, max=1024)
    top_p: float = knob(
        0.9, help="Draw from the codes that hold this share of probability; 0 for all.", min=0,
        max=1,
    )  # fmt: skip
    overlap: float = knob(
        50.0, help="Crossfade between one sound and the next.", min=0, max=200, unit="ms"
    )


def size_model(config: PriorModel, frames: int, frame_rate: float) -> PriorModel:
    """Fill what is automatic in a model's settings from how much there is to learn from.

    Widths double for every sixteenfold of data: parameters grow like its square root.

    Args:
        config: as the user gave it.
        frames: frames of all training clips.
        frame_rate: frames per second.

    Raises:
        ConfigError: heads do not divide the width evenly.
    """
    scale = math.log(max(frames, 1) / 13_000, 16)  # 13,000 frames bore a width of 128
    hidden = config.hidden_size or min(512, max(64, 32 * round(4 * 2.0**scale)))
    fitting = [count for count in range(1, hidden // HEAD_WIDTH + 1) if hidden % (2 * count) == 0]
    heads = config.heads or max(fitting, default=1)
    check_heads(hidden, heads)
    window = 32 * round(WINDOW_SECONDS * frame_rate / 32)
    return attrs.evolve(
        config,
        hidden_size=hidden,
        heads=heads,
        layers=config.layers or min(8, max(2, round(3 + scale))),
        dropout=min(0.3, max(0.05, round(0.2 - 0.1 * scale, 2)))
        if config.dropout is None
        else config.dropout,
        seq_len=config.seq_len or min(LONGEST_WINDOW, max(SHORTEST_WINDOW, window)),
    )


def check_heads(hidden: int, heads: int) -> None:
    """Refuse heads that cannot share a width; rotary positions turn pairs.

    Raises:
        ConfigError: heads do not divide the width evenly.
    """
    if hidden % (2 * heads):
        raise ConfigError(
            f"{heads} heads cannot share a hidden size of {hidden} evenly.",
            "Let the hidden size be a multiple of twice the heads.",
        )


def plan_training(config: PriorTraining, seconds: float) -> PriorTraining:
    """Fill what is automatic in the training settings from the seconds of training clips.

    Each variation encodes every clip once more, so there are fewer when there is more to encode.
    """
    if config.encodings is not None:
        return config
    return attrs.evolve(config, encodings=min(24, max(2, round(24 * 300 / max(seconds, 1.0)))))
