"""Shape an untrained prior after the codec it will sit on."""

from __future__ import annotations

from typing import cast

from distill_core import Tokenizer
from torch import nn

from .configs import PriorModel
from .network import CodePrior
from .sequences import code_vectors


def build_prior(config: PriorModel, host: nn.Module) -> CodePrior:
    """Build a prior with as many levels and entries as its host's codes have.

    Args:
        config: nothing automatic left in it.
        host: any network that is a `Tokenizer`.
    """
    codec = cast("Tokenizer", host)
    vectors = code_vectors(codec) if config.use_vectors else None
    sizes = (config.seq_len, config.hidden_size, config.layers, config.heads)
    seq_len, hidden_size, layers, heads = (size for size in sizes if size is not None)
    return CodePrior(
        codebook_size=codec.entries,
        seq_len=seq_len,
        num_quantizers=codec.levels,
        hidden_size=hidden_size,
        num_layers=layers,
        num_heads=heads,
        dropout=config.dropout or 0.0,
        code_width=0 if vectors is None else vectors.shape[-1],
    )
