"""One part of a model file, and the network that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from .errors import BackendError, ModelFileError
from .modelfile import mismatch

if TYPE_CHECKING:
    from torch import Tensor, nn


@frozen
class Part:
    """One part of a model file, as `distill_load` gets it.

    Attributes:
        path: of the file, for messages.
        model_type: whose part it is.
        version: of the part's layout.
        config: an object of the type's model config class.
        tensors: the part's tensors by name; they share the file's memory.
        extras: what the backend learnt only after training.
        build: builds the untrained network on a host, through the owner's hook.
    """

    path: Path
    model_type: str
    version: int
    config: Any
    tensors: Mapping[str, Tensor]
    extras: Mapping[str, Any]
    build: Callable[[nn.Module | None], nn.Module]

    def filled(
        self, host: nn.Module | None, tensors: Mapping[str, Tensor] | None = None
    ) -> nn.Module:
        """Build the network from the file's config and fill it; every tensor must find its place.

        Types and shapes are compared on torch's meta device first, so that a config from a stranger
        cannot make us allocate more than the file holds.

        Args:
            host: for a companion, the network it sits on.
            tensors: to fill it with, by the names that the network has now, where an older layout
                called them otherwise; the file's own by default.

        Raises:
            ModelFileError: no network can be built from the config, or the tensors are not its.
            BackendError: what the network needs cannot be imported.
        """
        import torch

        tensors = self.tensors if tensors is None else tensors
        try:
            with torch.device("meta"):
                promised = self.build(host).state_dict()
        except (ImportError, OSError) as error:  # the installation's fault, as torchaudio's may be
            raise BackendError(
                f"{self.model_type} cannot be used: {error}.", "See: distill doctor."
            ) from error
        except Exception as error:  # a config from a stranger may ask for anything
            raise ModelFileError(
                f"{self.path}: no {self.model_type} can be built from its config: {error}"
            ) from error
        odd = mismatch(promised, tensors)
        if odd is not None:
            raise ModelFileError(
                f"{self.path}: the weights of {self.model_type} do not fit its config ({odd})."
            )
        network = self.build(host)
        network.load_state_dict(tensors)
        return network
