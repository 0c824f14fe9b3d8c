"""The run's folder: what a run was told, what happened in it, and where it stands."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from ..atomic import is_temporary, write_atomic
from ..errors import ConfigError
from ..events import Event
from ..strict import dump, parse_table
from .locking import lock, lockable

CONFIG, JOURNAL, LOCK, STATE = "config.json", "events.jsonl", "lock", "state.json"
RUNNING, STOPPED, DIVERGED, DONE = "running", "stopped", "diverged", "done"
ENDED = {DIVERGED, DONE}  # nothing is lost when another run takes the folder's place
CHECKPOINTS = "checkpoints"
UNTOLD = {JOURNAL, LOCK, ".DS_Store"}  # what a run has that was killed before it was told anything
UNSTARTED = UNTOLD | {CONFIG, CHECKPOINTS}  # and before it started


def resuming(folder: Path) -> str:
    """Give the command that goes on with a run, as it can be typed."""
    return f"distill train --resume {shlex.quote(str(folder))}"


def checkpoint_path(folder: Path, stage: str) -> Path:
    """Say where a stage's checkpoint is kept."""
    return folder / CHECKPOINTS / f"{stage}.checkpoint"


@define
class RunFolder:
    """A folder that screens and pages read while the run goes on.

    Attributes:
        path: `<model's stem>.run` beside the model.
        finished: stages whose model was written after their whole training.
        spent: seconds that earlier sittings of a resumed run took.
    """

    path: Path
    finished: list[str] = field(factory=list)
    spent: float = 0.0
    _journal: IO[str] | None = None
    _lock: IO[bytes] | None = None
    _replaced: bool = False  # an earlier run lies aside, until this one has started

    @classmethod
    def beside(cls, model: Path, companion: str | None = None) -> RunFolder:
        """Name the folder of a model's run, or of the run that trains a companion into it."""
        middle = f".{companion}" if companion else ""
        return cls(model.with_name(f"{model.stem}{middle}.run"))

    @property
    def status(self) -> str | None:
        """Say how the run stands (running, stopped, diverged, done); None before it started.

        A run that is "running" while nobody holds its lock was killed.
        """
        status = self._state().get("status")
        return status if isinstance(status, str) else None

    def create(self, config: dict[str, Any], replace: bool) -> None:
        """Make the folder afresh, and lock it; an earlier run is kept aside until `started`.

        Raises:
            ConfigError: there is one already that may not be replaced, that is not finished or
                still runs, or it is no run's, or another model's.
        """
        self._put_back()
        self.finished = []
        self.check_free(config["model"])
        if self._started:
            if not replace:
                raise ConfigError(
                    f"{self.path} holds an earlier run.",
                    "Replace it with --force, or use another -o.",
                )
            self._place.rename(self._aside)
            self._replaced = True
        elif self.path.exists():  # killed before it had started: nothing is in it
            shutil.rmtree(self._place)
        self._place.mkdir(parents=True)
        self._take()
        try:
            write_atomic(self.path / CONFIG, json.dumps(config, indent=1).encode())
        except BaseException:
            self.remove()
            raise

    def reopen(self) -> dict[str, Any]:
        """Lock the folder of an earlier run to go on with it; give what it was told.

        Raises:
            ConfigError: there is no such run, or it still runs.
        """
        self._put_back()
        config = self.config()
        self._take()
        state = self._state()
        finished, spent = state.get("finished"), state.get("seconds")
        self.finished = [str(name) for name in finished] if isinstance(finished, list) else []
        self.spent = spent if isinstance(spent, float) else 0.0
        return config

    def config(self) -> dict[str, Any]:
        """Read what the run was told.

        Raises:
            ConfigError: the folder is no run's, or damaged.
        """
        if not self.path.is_dir():
            raise ConfigError(f"There is no run {self.path}.", "Name a folder that ends in .run.")
        try:
            return parse_table((self.path / CONFIG).read_bytes())
        except FileNotFoundError as error:
            raise ConfigError(f"{self.path} is no run's folder: it has no {CONFIG}.") from error
        except ValueError as error:
            raise ConfigError(f"{self.path / CONFIG} is damaged: {error}.") from error

    def mark(self, status: str, seconds: float) -> None:
        """Keep how the run stands after so many seconds; then the run it replaced is let go."""
        told = {"status": status, "finished": self.finished, "seconds": seconds}
        write_atomic(self.path / STATE, dump(told).encode())
        if self._replaced:
            shutil.rmtree(self._aside, ignore_errors=True)
            self._replaced = False

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
        shutil.rmtree(self._place, ignore_errors=True)
        self._put_back()

    @property
    def _place(self) -> Path:
        """Say where the folder lies; a link to a larger disk stays one."""
        return Path(os.path.realpath(self.path))

    @property
    def _aside(self) -> Path:
        return self._place.parent / f".{self._place.name}.old"  # `/` has no name to put another for

    def _take(self) -> None:
        """Lock the folder and open its journal at the end.

        Raises:
            ConfigError: a run is going on in it.
        """
        self._lock = (self.path / LOCK).open("wb")
        if not lock(self._lock):  # another one came first, since we looked
            self.close()
            raise ConfigError(f"{self.path} is locked: the run is going on.")
        journal = self.path / JOURNAL
        if journal.exists() and not journal.read_bytes().endswith(b"\n"):  # killed while writing
            whole, _, _ = journal.read_bytes().rpartition(b"\n")
            write_atomic(journal, whole + b"\n" if whole else b"")
        self._journal = journal.open("a", encoding="utf-8", errors="backslashreplace")

    def _put_back(self) -> None:
        """Mend what a kill left: an earlier run lies aside, and the later one never started."""
        ours = (self._aside / CONFIG).is_file()  # a user may call a folder of his own so
        if not ours or not lockable(self.path / LOCK):
            return
        if self._started:
            shutil.rmtree(self._aside, ignore_errors=True)
            return
        if self.path.exists() and self._all_but(UNSTARTED):
            return
        shutil.rmtree(self._place, ignore_errors=True)
        self._aside.rename(self._place)
        self._replaced = False

    def check_free(self, model: str) -> None:
        """Refuse a folder that holds something which is still wanted.

        Args:
            model: name of the model file whose run the folder is to hold.

        Raises:
            ConfigError: it is no run's, or another model's, or its run is not finished.
        """
        if not self.path.exists():
            return
        if not lockable(self.path / LOCK):
            raise ConfigError(f"{self.path} is locked: a run is going on in it.")
        if not (self.path / CONFIG).is_file():
            if not self.path.is_dir() or self._all_but(UNTOLD):
                raise ConfigError(f"{self.path} is there and is no run's folder.", "Move it away.")
            return
        status, owner = self.status, self.config().get("model")
        if owner is None:
            raise ConfigError(f"{self.path} is there and is no run's folder.", "Move it away.")
        if owner != model:
            raise ConfigError(f"{self.path} is the run of {owner}.", "Use another -o.")
        foreign = self._all_but(UNSTARTED)
        if not self._started and foreign:
            raise ConfigError(
                f"{self.path} holds more than a run: {', '.join(foreign[:3])}.", "Move it away."
            )
        if self._started and status not in ENDED:  # also where its state is damaged
            raise ConfigError(
                f"{self.path} holds a run that is not finished.",
                f"Go on with it: {resuming(self.path)} (or remove that folder).",
            )

    @property
    def _started(self) -> bool:
        return os.path.lexists(self.path / STATE)

    def _all_but(self, known: set[str]) -> list[str]:
        """List what else lies in the folder; half-written files of ours do not count."""
        names = sorted(each.name for each in self.path.iterdir())
        return [name for name in names if name not in known and not is_temporary(name)]

    def _state(self) -> dict[str, Any]:
        try:
            return parse_table((self.path / STATE).read_bytes())
        except (OSError, ValueError):
            return {}
