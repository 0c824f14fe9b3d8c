"""Shape an untrained prior after the codec it will sit on."""

from __future__ import annotations

from typing import cast

from distill_core import ConfigError, Tokenizer
from torch import nn

from .configs import PriorModel, check_heads
from .network import CodePrior
from .sequences import code_vectors


def build_prior(config: PriorModel, host: nn.Module) -> CodePrior:
    """Build a prior with as many levels and entries as its host's codes have.

    Args:
        config: nothing automatic left in it.
        host: any network that is a `Tokenizer`.

    Raises:
        ConfigError: something is left open, or the heads do not divide the width.
    """
    codec = cast("Tokenizer", host)
    hidden_size, heads = _told(config, "hidden_size"), _told(config, "heads")
    check_heads(hidden_size, heads)
    vectors = code_vectors(codec) if config.use_vectors else None
    return CodePrior(
        codebook_size=codec.entries,
        seq_len=_told(config, "seq_len"),
        num_quantizers=codec.levels,
        hidden_size=hidden_size,
        num_layers=_told(config, "layers"),
        num_heads=heads,
        dropout=config.dropout or 0.0,
        code_width=0 if vectors is None else vectors.shape[-1],
    )


def _told(config: PriorModel, name: str) -> int:
    """Give a size, which only a model file of a stranger's leaves open."""
    size: int | None = getattr(config, name)
    if size is None:
        raise ConfigError(f"{name} is not told.")
    return size
