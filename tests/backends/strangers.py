"""Model files as strangers write them: whole, with a digest that is right, and odd inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from distill_core.configs import unstructure
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.strict import dump
from distill_prior import CodePrior, PriorModel
from distill_vqvae import VQVAE, VQVAEModel

SMALLEST: dict[str, Any] = {
    "hidden_size": 16, "layers": 0, "slow_layers": 0, "encoder_layers": 0, "code_width": 2,
    "codebook_size": 4, "num_quantizers": 2,
}  # fmt: skip


def written(path: Path, codec: VQVAEModel, longest_seconds: float) -> Path:
    """Write a whole model of both types that learnt nothing, and whose sounds never end."""
    prior = PriorModel(hidden_size=16, layers=1, heads=1, dropout=0.0, seq_len=8, use_vectors=False)
    record = {"version": 1, "backend": "distill-prior 0", "config": unstructure(prior)}
    told = {
        "version": "2", "model_type": "vqvae", "id": "0a1b", "name": "tiny",
        "sample_rate": str(codec.sample_rate), "channels": str(codec.channels),
        "config": dump(unstructure(codec)), "backend": "distill-vqvae 0", "has_prior": "true",
        "companions": dump({"prior": record | {"training": {}}}),
        "extras": dump({"prior": {"ends": True, "longest_seconds": longest_seconds}}),
    }  # fmt: skip
    network = CodePrior(4, 8, 2, 16, 1, 1)
    torch.nn.init.constant_(network.ending.bias, -100.0)
    parts = {"vqvae": VQVAE(codec).state_dict(), "prior": network.state_dict()}
    write_model_file(path, told, parts)
    return path


def rewritten(
    source: Path, path: Path, host: dict[str, Any], prior: dict[str, Any] | None = None
) -> Path:
    """Copy a model file with other settings, and a digest that is right."""
    file = read_model_file(source)
    config, companions = file.header.config | host, file.header.companions
    companions["prior"]["config"] |= prior or {}
    words = {"config": dump(config), "companions": dump(companions)}
    for key in ("sample_rate", "channels"):
        words[key] = str(config[key])
    write_model_file(path, file.header.told | words, file.parts())
    return path
