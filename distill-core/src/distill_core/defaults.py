"""What core answers when the owner of a model type has nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .configs import Configs
from .hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import nn

    from .model_type import Facts
    from .part import Part


@hookimpl(trylast=True)
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Leave the configs as the user gave them, also what is None: the type may mean it so."""
    del facts
    return configs


@hookimpl(trylast=True)
def distill_load(file: Part, device: str, host: nn.Module | None) -> nn.Module:
    """Build the network from the file's config; every tensor must find its place."""
    return file.filled(host).to(device).eval()
