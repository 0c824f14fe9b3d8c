"""What core answers when the owner of a model type has nothing to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .configs import Configs
from .errors import BackendError, ModelFileError
from .hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

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
            promised = _kinds(file.build(host).state_dict())
    except (ImportError, OSError) as error:  # the installation's fault, as torchaudio's may be
        raise BackendError(
            f"{file.model_type} cannot be used: {error}.", "See: distill doctor."
        ) from error
    except Exception as error:  # a config from a stranger may ask for anything
        raise ModelFileError(
            f"{file.path}: no {file.model_type} can be built from its config: {error}"
        ) from error
    found = _kinds(file.tensors)
    if promised != found:
        odd = min(name for name in promised | found if promised.get(name) != found.get(name))
        raise ModelFileError(
            f"{file.path}: the weights of {file.model_type} do not fit its config"
            f" ({odd[:80]}: {found.get(odd, 'nothing')} for {promised.get(odd, 'nothing')})."
        )
    network = file.build(host)
    network.load_state_dict(file.tensors)
    return network.to(device).eval()


def _kinds(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Say by name what a tensor's elements are and its shape: "float32 [3, 256]"."""
    return {
        name: f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
        for name, tensor in tensors.items()
    }
