"""What a run was told, as its config.json keeps it: all that going on with it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, astuple, frozen

from ..configs import Configs, structure, unstructure
from ..errors import ConfigError
from ..loading import missing_backend
from ..skew import core_version
from .schedule import Budget

if TYPE_CHECKING:
    from ..audio.dataset import Dataset
    from ..owner import Owner
    from ..registry import Registry
    from .stage import Stage

SHOWN = 3  # names of files in a message


@frozen(kw_only=True)
class Record:
    """A run's orders.

    Attributes:
        model: name of the model's file, which lies beside the run's folder.
        name: the model's.
        id: the model's.
        host: digest of the weights that a companion is trained on, or "" where the run makes them.
        data: folders and files, absolute.
        hold_out: globs.
        seed: of the run.
        device: that it trains on.
        threads: that it computes with.
        budget: of all stages.
        clips: digest of each used clip's content, by name.
        versions: of what the results depend on.
        stages: by model type, its backend, the configs that were given and those in force.
        replaces: digest of the file that the model is to take the place of, or "".
    """

    model: str
    name: str
    id: str
    host: str
    data: list[str]
    hold_out: list[str]
    seed: int
    device: str
    threads: int
    budget: Budget
    clips: dict[str, str]
    versions: dict[str, str]
    stages: dict[str, dict[str, Any]]
    replaces: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as a plain table."""
        return asdict(self, recurse=True)

    @classmethod
    def read(cls, table: Mapping[str, Any], path: Path) -> Record:
        """Take it back from a table; `path` is the run's, for messages.

        Raises:
            ConfigError: it is damaged, or of another version of Distill.
        """
        from cattrs import Converter

        try:
            told = Converter(forbid_extra_keys=True).structure(dict(table), cls)
            told._check()
            return told
        except Exception as error:  # cattrs collects whatever building raises
            raise ConfigError(
                f"What {path} was told is damaged, or of another version of Distill.",
                "Remove that folder and train anew.",
            ) from error

    def _check(self) -> None:
        """Refuse what this module never wrote: someone else's file could name any place.

        Raises:
            ValueError: what is wrong.
        """
        if self.model != Path(self.model).name or self.model in {"", ".."} or "\0" in self.model:
            raise ValueError(f"{self.model!r} is no file beside a run")
        if [each is None for each in astuple(self.budget)].count(False) != 1:
            raise ValueError("it has no budget, or several")
        Budget.of(*astuple(self.budget))
        if not self.stages or (self.host and len(self.stages) > 1):
            raise ValueError(f"it has {len(self.stages)} stages")

    def configs(self, registry: Registry, path: Path) -> list[tuple[Owner, Configs, Configs]]:
        """Give each stage's owner with the configs that were given, and those in force.

        Raises:
            BackendError: a stage's backend is missing or broken.
            ConfigError: another version of it does not know these settings.
        """
        found: list[tuple[Owner, Configs, Configs]] = []
        for name, told in self.stages.items():
            if name not in {each.name for each in registry.named("backend", "companion")}:
                raise missing_backend(path, name, str(told.get("backend", "")))
            owner = registry.owner(name)
            try:
                given, filled = (
                    Configs(
                        structure(owner.type.model, told[key]["model"]),
                        structure(owner.type.training, told[key]["training"]),
                    )
                    for key in ("given", "filled")
                )
            except (KeyError, TypeError, ValueError, ConfigError) as error:
                raise ConfigError(f"{path}: the settings of {name}: {error}") from error
            kind = "companion" if self.host or found else "backend"
            if owner.claim.kind != kind:
                raise ConfigError(f"{path} has its stages in another order than a run: {name}.")
            found.append((owner, given, filled))
        return found

    def changes(self, clips: Mapping[str, str]) -> str:
        """Say how the clips differ from those that the run began with; "" where they do not."""
        gone = [name for name in self.clips if name not in clips]
        new = [name for name in clips if name not in self.clips]
        other = [name for name, key in clips.items() if self.clips.get(name, key) != key]
        told = [("gone", gone), ("new", new), ("changed", other)]
        return ", ".join(f"{len(names)} {how} ({_some(names)})" for how, names in told if names)


def told_stages(stages: Sequence[Stage]) -> dict[str, dict[str, Any]]:
    """Give the stages' configs as plain tables."""
    return {
        each.owner.name: {
            "backend": each.owner.backend,
            "given": _plain(each.given),
            "filled": _plain(each.configs),
        }
        for each in stages
    }


def versions(stages: Sequence[Stage]) -> dict[str, str]:
    """Name the versions of what a run's results depend on."""
    backends = dict(each.owner.backend.rsplit(" ", 1) for each in stages)
    return {"distill-core": core_version(), "torch": version("torch"), **backends}


def clip_contents(dataset: Dataset) -> dict[str, str]:
    """Give the digest of each used clip's content, by name."""
    return {clip.name: clip.entry.key for clip in dataset.clips}


def _plain(configs: Configs) -> dict[str, Any]:
    return {"model": unstructure(configs.model), "training": unstructure(configs.training)}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
