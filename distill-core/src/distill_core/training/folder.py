"""The run's folder: what a run was told, what happened in it, and where it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import IO, Any

from attrs import define

from ..atomic import write_atomic
from ..errors import ConfigError
from ..events import Event
from ..strict import dump

CONFIG, JOURNAL, LOCK = "config.json", "events.jsonl", "lock"


@define
class RunFolder:
    """A folder that screens and pages read while the run goes on.

    Attributes:
        path: `<model's stem>.run` beside the model.
    """

    path: Path
    _journal: IO[str] | None = None
    _lock: IO[bytes] | None = None
    _aside: Path | None = None  # the earlier run, until this one has started

    @classmethod
    def beside(cls, model: Path, companion: str | None = None) -> RunFolder:
        """Name the folder of a model's run, or of the run that trains a companion into it."""
        middle = f".{companion}" if companion else ""
        return cls(model.with_name(f"{model.stem}{middle}.run"))

    def create(self, config: dict[str, Any], replace: bool) -> None:
        """Make the folder afresh, and lock it; an earlier run is kept aside until `started`.

        Raises:
            ConfigError: there is one already that may not be replaced, or that still runs, or it
                is no run's.
        """
        if self.path.exists():
            if not (self.path / CONFIG).is_file():
                raise ConfigError(f"{self.path} is there and is no run's folder.", "Move it away.")
            if not replace:
                raise ConfigError(
                    f"{self.path} holds an earlier run.",
                    "Replace it with --force, or use another -o.",
                )
            if not lockable(self.path / LOCK):
                raise ConfigError(f"{self.path} is locked: a run is going on in it.")
            aside = self.path.with_name(f".{self.path.name}.old")
            shutil.rmtree(aside, ignore_errors=True)
            self._aside = self.path.rename(aside)
        self.path.mkdir(parents=True)
        self._lock = (self.path / LOCK).open("wb")
        lock(self._lock)
        write_atomic(self.path / CONFIG, json.dumps(config, indent=1, sort_keys=True).encode())
        journal = self.path / JOURNAL
        self._journal = journal.open("a", encoding="utf-8", errors="backslashreplace")

    def keep(self) -> None:
        """Let the earlier run go: this one has started."""
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)
            self._aside = None

    def remember(self, event: Event) -> None:
        """Append an event to the journal."""
        if self._journal is not None:
            self._journal.write(dump(event.as_json()) + "\n")
            self._journal.flush()

    def close(self) -> None:
        """Close the journal and unlock the folder."""
        for file in (self._journal, self._lock):
            if file is not None:
                file.close()
        self._journal = self._lock = None

    def remove(self) -> None:
        """Delete the folder and all in it; an earlier run takes its place again."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)
        if self._aside is not None:
            self._aside.rename(self.path)
            self._aside = None


def lock(file: IO[bytes]) -> bool:
    """Lock an open file for this process, where the system can; say whether nobody else has it."""
    try:
        import fcntl
    except ImportError:  # not POSIX: two runs into one folder are then the user's to avoid
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lockable(path: Path) -> bool:
    """Say whether nobody has a file locked."""
    if not path.exists():
        return True
    with path.open("ab") as file:
        return lock(file)
