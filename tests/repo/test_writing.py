"""Files are written by the atomic writer and by nothing else (reliability R1)."""

from __future__ import annotations

import ast

import pytest

from .sources import ROOT, files, tree

WRITING_METHODS = {"write_text", "write_bytes", "touch", "tofile", "savez", "save_file"}
MAKERS = {"mkstemp", "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"}
OPENERS = {"open", "fdopen", "SoundFile", "memmap"}
ALLOWED = {
    "distill-core/src/distill_core/atomic.py": "is the atomic writer",
    "distill-core/src/distill_core/audio/worker.py": "answers through a pipe",
    "distill-core/src/distill_core/audio/writing.py": "lets libsndfile write into memory",
    "distill-core/src/distill_core/generating/export.py": "writes beside, and keeps names free",
    "distill-core/src/distill_core/training/folder.py": "appends to the journal and holds the lock",
    "distill-core/src/distill_core/training/locking.py": "opens the lock",
    "distill-cli/src/distill_cli/checkup/places.py": "tries whether a folder can be written",
    "distill-cli/src/distill_cli/streams.py": "opens what stands in for a closed stream",
}


def faults(module: ast.Module) -> list[str]:
    """List the calls of a file that write to disk by themselves, with their lines."""
    return [
        f"{node.lineno}: {ast.unparse(node)[:60]}"
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _writes(node)
    ]


def _writes(node: ast.Call) -> bool:
    name = ast.unparse(node.func).split(".")[-1]
    if name in WRITING_METHODS | MAKERS:
        return True
    words = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
    modes = [each.value for each in words if isinstance(each, ast.Constant)]
    return name in OPENERS and any(
        isinstance(mode, str) and 1 <= len(mode) <= 3 and set(mode) & set("wax+") for mode in modes
    )


def test_r1_nothing_writes_but_the_atomic_writer() -> None:
    """A file that is written in place is half there whenever the disk or the power fails."""
    said = {str(file.relative_to(ROOT)): faults(tree(file)) for file in files()}
    assert not {name: lines for name, lines in said.items() if lines and name not in ALLOWED}
    assert said["distill-core/src/distill_core/atomic.py"]


@pytest.mark.parametrize(
    "text",
    [
        "open('x', 'w')",
        "path.open('ab')",
        "path.open(mode='r+b')",
        "path.write_text('x')",
        "path.write_bytes(b'x')",
        "path.touch()",
        "tempfile.mkstemp()",
        "soundfile.SoundFile(path, 'w')",
    ],
)
def test_the_rule_finds_what_it_forbids(text: str) -> None:
    """A rule that cannot fail would be a comfort and no more."""
    assert faults(ast.parse(text))


@pytest.mark.parametrize(
    "text", ["open('kit.distill')", "path.open('rb')", "file.write(b'x')", "os.open(p)"]
)
def test_the_rule_lets_reading_pass(text: str) -> None:
    """What is read is nobody's loss, and what is written to an open file was opened somewhere."""
    assert not faults(ast.parse(text))
