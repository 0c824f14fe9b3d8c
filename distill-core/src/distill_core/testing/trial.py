"""Train, stop, go on with and load one model type, as its users will: in a folder of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..audio.packs import write_pack
from ..errors import ConfigError
from ..events import Event
from ..loading import Loaded, load
from ..model import Model
from ..owner import Owner
from ..registry import Registry
from ..training.folder import RunFolder
from ..training.job import Trained
from ..training.resume import resume
from ..training.train import train, train_companion
from . import witness
from .bundled import TOY
from .witness import Seen

STEPS = 4  # of a training, unless it is told otherwise
SEED = 5
CLIPS = 12  # synthesised; the sixth is held out
DEVICE = "cpu"  # where equal means equal bits


@frozen
class Trial:
    """One model type, the sounds it learns from, and where its files go.

    Attributes:
        registry: the plugins; with the suite's own, where companions need a host.
        model_type: that is tried.
        small: knobs that keep its training quick.
        sounds: a folder of them.
        folder: to write in.
        host: the type that a companion is tried on.
        host_small: knobs that keep the host's training quick.
    """

    registry: Registry
    model_type: str
    small: Mapping[str, Any]
    sounds: Path
    folder: Path
    host: str = TOY
    host_small: Mapping[str, Any] = field(factory=dict)

    @property
    def owner(self) -> Owner:
        """Give who answers for the type."""
        return self.registry.owner(self.model_type)

    @property
    def is_companion(self) -> bool:
        """Say whether it lives in another type's file."""
        return self.owner.claim.kind == "companion"

    @property
    def seen(self) -> Seen:
        """Give what the last training of the type left in memory."""
        return witness.last[self.model_type]

    def train(
        self,
        name: str,
        steps: int = STEPS,
        seed: int = SEED,
        cancel: threading.Event | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> Trained:
        """Train into `<name>.distill`; arguments and errors as of `distill.train`."""
        told: dict[str, Any] = {
            "steps": steps, "seed": seed, "cancel": cancel, "on_event": on_event, "device": DEVICE,
            "registry": self.registry, **self.small,
        }  # fmt: skip
        path = self.path(name)
        if not self.is_companion:
            return train(self.sounds, self.model_type, out=path, only=True, **told)
        shutil.copyfile(self._trained_host(), path)
        return train_companion(path, self.sounds, self.model_type, **told)

    def resume(self, model: Path) -> Trained:
        """Go on with the run that a model file is of; errors as of `distill.resume`."""
        return resume(self.run(model), registry=self.registry)

    def run(self, model: Path) -> Path:
        """Say where the run of a model file is."""
        return RunFolder.beside(model, self.model_type if self.is_companion else None).path

    def path(self, name: str) -> Path:
        """Say where a model of that name is, or will be."""
        return self.folder / f"{name}.distill"

    def load(self, path: Path) -> Model:
        """Load a model file, and with it the type that is tried.

        Raises:
            DistillError: it cannot be loaded, or the companion in it cannot.
        """
        model = load(path, DEVICE, self.registry)
        if self.model_type in model.missing:
            raise model.missing[self.model_type]
        return model

    def part(self, model: Model) -> Loaded:
        """Give the part of a loaded model that is tried."""
        return model.companions[self.model_type] if self.is_companion else model.host

    def _trained_host(self) -> Path:
        """Train the host that a companion sits on, once."""
        path = self.path("host")
        if not path.exists():
            self._check_host()
            train(
                self.sounds, self.host, out=path, only=True, steps=STEPS, seed=SEED, device=DEVICE,
                registry=self.registry, **self.host_small,
            )  # fmt: skip
        return path

    def _check_host(self) -> None:
        host = self.registry.model_type(self.host)
        if not self.owner.type.fits(host):
            needs = ", ".join(sorted(each.__name__ for each in self.owner.type.needs))
            raise ConfigError(
                f"{self.model_type} needs a host that is {needs}, and {self.host} is not.",
                "Name another in `host`.",
            )


def write_sounds(folder: Path) -> Path:
    """Write the sounds that types are tried on; the same at every call."""
    write_pack(folder, seed=0, count=CLIPS)
    return folder
