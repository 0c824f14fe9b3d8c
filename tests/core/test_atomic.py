"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import pytest
from distill_core.atomic import write_atomic


@pytest.mark.parametrize("step", ["fsync", "replace", "write"])
def test_a_fault_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A full disk must not cost the model that was there."""
    target = tmp_path / "kit.distill"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def half(file: IO[bytes]) -> None:
        file.write(b"ne")
        fail()

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomic(target, half if step == "write" else b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    """Temporary files are private; a model in a shared folder is not."""
    target = tmp_path / "kit.distill"
    write_atomic(target, b"new")
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    assert target.stat().st_mode == plain.stat().st_mode
