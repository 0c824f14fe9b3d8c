"""The run's folder: what a run was told, what happened in it, and where it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from ..atomic import write_atomic
from ..errors import ConfigError
from ..events import Event
from ..strict import dump, parse_table

CONFIG, JOURNAL = "config.json", "events.jsonl"


@define
class RunFolder:
    """A folder that screens and pages read while the run goes on.

    Attributes:
        path: `<model's stem>.run` beside the model.
    """

    path: Path
    _journal: IO[str] | None = field(default=None)

    @classmethod
    def beside(cls, model: Path, companion: str | None = None) -> RunFolder:
        """Name the folder of a model's run, or of the run that trains a companion into it."""
        middle = f".{companion}" if companion else ""
        return cls(model.with_name(f"{model.stem}{middle}.run"))

    def create(self, config: dict[str, Any], replace: bool) -> None:
        """Make the folder afresh.

        Raises:
            ConfigError: there is one already and it may not be replaced, or it is no run's.
        """
        if self.path.exists():
            if not (self.path / CONFIG).is_file():
                raise ConfigError(f"{self.path} is there and is no run's folder.", "Move it away.")
            if not replace:
                raise ConfigError(
                    f"{self.path} holds an earlier run.",
                    "Replace it with --force, or use another -o.",
                )
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True)
        write_atomic(self.path / CONFIG, json.dumps(config, indent=1, sort_keys=True).encode())
        self._journal = (self.path / JOURNAL).open("a", encoding="utf-8")

    def remember(self, event: Event) -> None:
        """Append an event to the journal."""
        if self._journal is not None:
            self._journal.write(dump(event.as_json()) + "\n")
            self._journal.flush()

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def remove(self) -> None:
        """Delete the folder and all in it."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def config(self) -> dict[str, Any]:
        """Read what the run was told."""
        return parse_table((self.path / CONFIG).read_bytes())
