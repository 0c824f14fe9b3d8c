"""What core answers when the owner of a model type has nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .configs import Configs
from .errors import BackendError, ModelFileError
from .hookspecs import hookimpl
from .modelfile import mismatch

if TYPE_CHECKING:
    from torch import nn

    from .loading import Part
    from .model_type import Facts


@hookimpl(trylast=True)
def distill_adapt(configs: Configs, facts: Facts) -> Configs:
    """Leave the configs as the user gave them, also what is None: the type may mean it so."""
    del facts
    return configs


@hookimpl(trylast=True)
def distill_load(file: Part, device: str, host: nn.Module | None) -> nn.Module:
    """Build the network from the file's config; every tensor must find its place.

    Types and shapes are compared on torch's meta device first, so that a config from a stranger
    cannot make us allocate more than the file holds.
    """
    import torch

    try:
        with torch.device("meta"):
            promised = file.build(host).state_dict()
    except (ImportError, OSError) as error:  # the installation's fault, as torchaudio's may be
        raise BackendError(
            f"{file.model_type} cannot be used: {error}.", "See: distill doctor."
        ) from error
    except Exception as error:  # a config from a stranger may ask for anything
        raise ModelFileError(
            f"{file.path}: no {file.model_type} can be built from its config: {error}"
        ) from error
    odd = mismatch(promised, file.tensors)
    if odd is not None:
        raise ModelFileError(
            f"{file.path}: the weights of {file.model_type} do not fit its config ({odd})."
        )
    network = file.build(host)
    network.load_state_dict(file.tensors)
    return network.to(device).eval()
