"""How much of each model is in a blend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from attrs import frozen

from ..errors import ConfigError

FEWEST, MOST = 2, 4  # models in a blend
TOLERANCE = 1e-6  # of a sum that is meant to be 1


@frozen
class Weights:
    """The weights of a blend.

    Attributes:
        shares: one a model, the leader's first; they sum to 1.
        warning: what to tell of weights that did not sum to 1, else "".
    """

    shares: tuple[float, ...]
    warning: str = ""

    @classmethod
    def of(cls, names: Sequence[str], told: Sequence[Any]) -> Weights:
        """Take what a user gave.

        Args:
            names: of the models, for messages; the leader's first.
            told: their weights; None for a leader that has what is left to 1.

        Raises:
            ConfigError: too few or too many models, a weight that is none, nothing left.
        """
        if not FEWEST <= len(names) <= MOST:
            raise ConfigError(
                f"--blend mixes two to four models, and here {_are(len(names))}.",
                "Give each as --blend MODEL=WEIGHT.",
            )
        for name, weight in zip(names, told, strict=True):
            _check(name, weight)
        given = [float(weight) for weight in told if weight is not None]
        total = sum(given)
        if told[0] is None:
            if total >= 1 - TOLERANCE:
                raise ConfigError(
                    f"--blend: the weights sum to {total:g}, which leaves none to {names[0]}.",
                    f"Lower them, or give it one: --blend {names[0]}=WEIGHT.",
                )
            return cls((1 - total, *given))
        most = max(given)  # divided first, so that no sum is infinite
        shares = [weight / most for weight in given]
        whole = sum(shares)
        made = cls(tuple(share / whole for share in shares))
        return made if abs(total - 1) <= TOLERANCE else made._warned(total)

    def _warned(self, total: float) -> Weights:
        told = [f"{share:.3g}" for share in self.shares]
        taken = f"{', '.join(told[:-1])} and {told[-1]}"
        return Weights(self.shares, f"the weights of --blend sum to {total:g}; taken as {taken}.")


def other_type(path: Any, kind: str, leading: str) -> ConfigError:
    """Say that a model is not of the leader's type."""
    return ConfigError(
        f"--blend: {path} is a {kind} model, and {leading} leads.", "Blend models of one type."
    )


def _check(name: str, weight: Any) -> None:
    real = isinstance(weight, Real) and not isinstance(weight, bool)
    if weight is not None and not (real and 0 < weight < math.inf):
        raise ConfigError(f"--blend: the weight of {name} is {weight}, not a number above 0.")


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count}"
