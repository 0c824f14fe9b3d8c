"""Find the sound files that DATA names: which count, which are ignored, how they are called."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from ..errors import ConfigError

DECODED = frozenset(
    (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".caf", ".au", ".w64", ".rf64")
)
NOT_DECODED = frozenset((".m4a", ".aac", ".wma"))  # audio, but nothing we depend on reads it
RUN_SUFFIX = ".run"
LARGEST_SIDECAR = 64 << 20  # bytes; a recipe with its codes has a few MB


@frozen
class Found:
    """A file with an audio suffix: its name within DATA, and a reason if it need not be opened."""

    name: str  # POSIX, relative to DATA
    path: Path
    reason: str | None = None


@frozen
class Findings:
    """What a walk met: the sounds by name, and how many other files."""

    files: list[Found]
    ignored: int


def find(data: Sequence[str | Path]) -> Findings:
    """Walk folders and files, sorted by the characters of the names.

    With several arguments a name starts with its argument's last part. A file reached twice, also
    through symbolic links, counts once, under the name that was reached first.

    Raises:
        ConfigError: an argument does not exist, none was given, or two have the same last name.
    """
    if not data:
        raise ConfigError("No sounds were named.", "Give one or more folders or files.")
    tops = _distinct([Path(argument) for argument in data])
    walk = _Walk()
    for path, last in tops:
        prefix = f"{last}/" if len(tops) > 1 else ""
        if path.is_dir():
            walk.folder(path, prefix, ignored=False)
        else:
            walk.file(path, _readable(last), ignored=False)
    return walk.findings()


def _distinct(arguments: list[Path]) -> list[tuple[Path, str]]:
    """Check that the arguments exist and that their last names tell them apart."""
    tops: dict[str, Path] = {}
    seen: set[str] = set()
    for path in arguments:
        if not os.path.lexists(path):
            raise ConfigError(
                f"{path} does not exist.", "Name a folder of sounds, or one or more sound files."
            )
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        last = _readable(Path(os.path.abspath(path)).name or "root")  # noqa: PTH100 - keeps links
        if last in tops:
            raise ConfigError(
                f"Two of the folders or files are called {last}: {tops[last]} and {path}.",
                "Their sounds could not be told apart: rename one, or name the folder above both.",
            )
        tops[last] = path
    return [(path, last) for last, path in tops.items()]


class _Walk:
    """One walk over all of DATA: each real folder once, each real file once.

    What is ignored is looked at last: a hidden link to a folder must not hide the folder itself.
    """

    def __init__(self) -> None:
        self._files: dict[str, Found] = {}  # by real path
        self._ignored: set[str] = set()  # real paths
        self._folders: set[tuple[int, int]] = set()
        self._later: list[Path] = []

    def findings(self) -> Findings:
        """Finish: count what lies in ignored folders, and sort what was found."""
        while self._later:
            self.folder(self._later.pop(), "", ignored=True)
        files = sorted(self._files.values(), key=lambda found: found.name)
        return Findings(files, len(self._ignored - self._files.keys()))

    def folder(self, path: Path, prefix: str, *, ignored: bool) -> None:
        """Walk a folder and those in it; a stack, since folders can be nested without end."""
        waiting = [(path, prefix)]
        while waiting:
            path, prefix = waiting.pop()
            below: list[tuple[Path, str]] = []
            for entry in self._entries(path, prefix, ignored=ignored):
                name = prefix + _readable(entry.name)
                hidden = ignored or entry.name.startswith(".")
                if not _is_folder(entry):
                    self.file(Path(entry.path), name, ignored=hidden)
                elif hidden or entry.name.endswith(RUN_SUFFIX):
                    self._later.append(Path(entry.path))
                else:
                    below.append((Path(entry.path), f"{name}/"))
            waiting.extend(reversed(below))

    def file(self, path: Path, name: str, *, ignored: bool) -> None:
        """Sort one file in."""
        real = os.path.realpath(path)
        suffix = path.suffix.lower()
        if ignored or suffix not in DECODED | NOT_DECODED or _is_synthetic(path):
            self._ignored.add(real)
            return
        reason = None
        if suffix in NOT_DECODED:
            reason = f"{suffix[1:]} cannot be read here (convert it to WAV or FLAC)"
        self._files.setdefault(real, Found(name, path, reason))

    def _entries(self, path: Path, prefix: str, *, ignored: bool) -> list[os.DirEntry[str]]:
        """List a folder that was not met before, sorted; one that cannot be opened is reported."""
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in self._folders:
                return []
            self._folders.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not ignored:
                reason = f"unreadable folder ({error.strerror or error})"
                name = prefix.rstrip("/") or _readable(path.name)
                self._files.setdefault(os.path.realpath(path), Found(name, path, reason))
            return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder or a link to one; a link in a circle is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_synthetic(path: Path) -> bool:
    """Tell whether the sidecar beside a sound says that Distill made it."""
    sidecar = path.with_suffix(".json")
    try:
        if not sidecar.is_file() or sidecar.stat().st_size > LARGEST_SIDECAR:
            return False
        told = json.loads(sidecar.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("synthetic") is True


def _readable(name: str) -> str:
    """Make a file name that is no Unicode fit for JSON and for a model file's header."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
