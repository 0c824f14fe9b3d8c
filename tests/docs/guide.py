"""Follow a guide as its reader would: write the files that it shows, type what it says to type.

What stands behind a fence's first word says what is done with a block:

    ```python src/x.py   the file of that name, below the folder that the reader is in
    ```python in x.py    a part of the file of that name, which is there already
    ```python            a program, run there
    ```sh                typed there, line by line; must end with 0
    ```sh exit 6         the same; must end with 6
    ```text              must appear in what the block before it printed: numbers may differ,
                         … stands for anything, and lines between may be left out

The folder is where the last `cd` led to. A file's name must stand in the line before its block too,
for those who read the page where fences' words are not shown.
"""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from ..environment import Environment

FENCE = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\\\.\d+)?")  # as re.escape spells it


@attrs.frozen
class Block:
    """One fenced block.

    Attributes:
        line: of the page, at which it begins.
        kind: the fence's first word.
        more: what stands behind that.
        text: the block's.
        before: the last line of the page before it that is not empty.
    """

    line: int
    kind: str
    more: str
    text: str
    before: str

    @property
    def file(self) -> str | None:
        """Name the file that it is, or is of; None where it is neither."""
        return self.more.removeprefix("in ") or None if self.kind != "sh" else None

    @property
    def is_part(self) -> bool:
        """Say whether it shows what is there already."""
        return self.more.startswith("in ")


def blocks(page: str) -> list[Block]:
    """Find the fenced blocks of a page."""
    found = []
    for each in FENCE.finditer(page):
        above = page[: each.start()].rstrip()
        line = page.count("\n", 0, each.start()) + 1
        before = above.rpartition("\n")[2]
        found.append(Block(line, each[1], each[2] or "", each[3], before))
    return found


@attrs.define
class Reader:
    """Someone who follows a guide, block by block, in an environment of their own.

    Attributes:
        environment: where what is installed goes.
        blocks: of the guide.
        folder: that they are in.
        done: how many blocks they have followed.
        said: what the last command printed.
    """

    environment: Environment
    blocks: list[Block]
    folder: Path
    done: int = 0
    said: str = ""
    failed: str = ""

    def follow(self, until: int) -> str:
        """Follow the guide up to and with a block; give what went wrong, or ""."""
        while self.done <= until and not self.failed:
            block = self.blocks[self.done]
            self.done += 1
            fault = self._follow(block)
            self.failed = f"line {block.line}: {fault}" if fault else ""
        return self.failed

    def _follow(self, block: Block) -> str:
        if block.file is not None:
            path = self.folder / block.file
            if block.is_part:
                there = block.text in path.read_text(encoding="utf-8")
                return "" if there else f"{block.file} has no such lines"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            return ""
        if block.kind == "text":
            return missing(block.text, self.said)
        if block.kind == "python":
            return self._run(0, "python", "-c", block.text)
        if block.kind == "sh":
            script = f"exec 2>&1\nset -e\n{block.text}\npwd > {self.environment.path / 'folder'}\n"
            return self._run(int(block.more.removeprefix("exit ") or 0), "sh", "-c", script)
        return f"nobody knows what to do with {block.kind}"

    def _run(self, wanted: int, *words: str) -> str:
        done = self.environment.run(*words, cwd=self.folder)
        self.said = done.stdout + done.stderr
        if done.returncode != wanted:
            return f"it ended with {done.returncode}:\n{self.said}"
        if words[0] == "sh" and not wanted:
            self.folder = Path((self.environment.path / "folder").read_text().strip())
        return ""


def missing(wanted: str, said: str) -> str:
    """Say which line of an output that a guide shows was not printed, after those before it."""
    at = 0
    for line in filter(None, map(str.strip, wanted.splitlines())):
        escaped = NUMBER.sub(r"[0-9.]+", re.escape(line).replace("…", ".*"))
        found = re.compile(re.sub(r"(\\ )+", r"[ ]+", escaped)).search(said, at)
        if found is None:
            return f"{line!r} is not in what was printed:\n{said}"
        at = found.end()
    return ""
