"""What a new backend's parts are called, and which names are taken."""

from __future__ import annotations

import re
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distribution

from attrs import frozen
from distill_core.claims import NAME, plain_name
from distill_core.errors import ConfigError
from distill_core.registry import Registry

FRONT = "distill-"  # of a backend's distribution, so that it is found beside the others
LONGEST = 40  # characters; names of folders, files and flags are made of it


@frozen
class Names:
    """What is named after a model type.

    Attributes:
        name: of the model type, as users type it: my-synth.
        distribution: that pip installs: distill-my-synth.
        package: that Python imports: distill_my_synth.
        prefix: of its classes: MySynth.
        test: the module of its tests: test_my_synth.
    """

    name: str
    distribution: str
    package: str
    prefix: str
    test: str

    @classmethod
    def of(cls, name: str) -> Names:
        """Derive the names.

        Raises:
            ConfigError: it is no name for a model type.
        """
        if not NAME.fullmatch(name) or not name[-1].isalnum() or len(name) > LONGEST:
            raise ConfigError(
                f"{name!r} is no name for a model type.",
                "Begin with a letter, go on with letters, digits, - and _, and end with neither of"
                f" those two; {LONGEST} characters are the most.",
            )
        words = re.split(r"[-_]+", name)
        plain = plain_name(name)
        module = plain.replace("-", "_")
        return cls(
            name=name,
            distribution=FRONT + plain,
            package=FRONT.replace("-", "_") + module,
            prefix="".join(word[0].upper() + word[1:] for word in words),
            test=f"test_{module}",
        )


def refuse_taken(names: Names, registry: Registry) -> None:
    """Refuse names that something installed has: one of the two could never be used.

    Raises:
        ConfigError: the model type, the distribution or the package is there already.
    """
    another = "Choose another name."
    for claim in registry.named("backend", "companion"):
        if plain_name(claim.name) == plain_name(names.name):
            raise ConfigError(f"{claim.distribution} brings the model type {claim.name}.", another)
    try:
        version = distribution(names.distribution).version
    except PackageNotFoundError:
        if PathFinder.find_spec(names.package) is None:
            return
        raise ConfigError(f"There is a Python package {names.package} here.", another) from None
    raise ConfigError(f"{names.distribution} {version} is installed.", another)
