"""What a network can do beyond its hooks, shown by having the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor, nn


@runtime_checkable
class Tokenizer(Protocol):
    """A codec: sound to integers and back.

    Letters: B batch, C channels, T samples, K levels, N frames of codes.
    """

    @property
    def sample_rate(self) -> int:
        """Rate of the sounds it reads and makes, in Hz."""

    @property
    def channels(self) -> int:
        """Channels of the sounds it reads and makes (C)."""

    @property
    def levels(self) -> int:
        """Codes per frame (K)."""

    @property
    def entries(self) -> int:
        """Values a code can take: 0 … entries - 1 (V)."""

    @property
    def hop(self) -> int:
        """Samples per frame of codes."""

    def encode(self, audio: Tensor) -> Tensor:
        """Turn sounds, float32 [B, C, T] of any length, into int64 codes [B, K, ceil(T / hop)]."""

    def decode(self, codes: Tensor, samples: int) -> Tensor:
        """Turn codes [B, K, N] into sounds [B, C, samples]; samples is at most N * hop."""


@runtime_checkable
class ShowsVectors(Protocol):
    """A `Tokenizer` that shows what its codes stand for, from which they are learnt sooner."""

    def code_vectors(self) -> Tensor:
        """Give a vector for each value of each level, float [K, V, D]: like ones sound alike."""


@runtime_checkable
class Reconstructs(Protocol):
    """A network that can send a sound through itself."""

    def reconstruct(self, audio: Tensor) -> Tensor:
        """Give float32 [B, C, T] back in the same shape."""


@runtime_checkable
class Morphs(Protocol):
    """A network that can go from one sound to another."""

    def morph(self, start: Tensor, end: Tensor, amount: float) -> Tensor:
        """Give the sound `amount` (0 … 1) of the way between two of shape [B, C, T]."""


@runtime_checkable
class Blends(Protocol):
    """A network that blends with others of its type: `distill generate --blend`."""

    def mixes_with(self, other: nn.Module) -> bool:
        """Say whether this network's latents can be mixed with another's, as of one config are.

        Where they can, `request.blend` has the networks and their weights, and `distill_generate`
        mixes; where not, core makes a take of each and mixes the sounds.
        """

    def fitting(self, settings: Any) -> Any:
        """Give settings of generating without what this network does not know, as a slider's name.

        What another network of its type may know must be left out and not refused; what both know
        stays as it is.
        """
