"""Someone who follows docs/backends.md block by block gets where it says."""

from __future__ import annotations

import re

import pytest
from distill_core.testing import BackendTests

from ..repo.sources import ROOT
from .conftest import PAGE
from .guide import Block, Reader, blocks, missing

BLOCKS = blocks(PAGE)


@pytest.mark.parametrize(
    "number", range(len(BLOCKS)), ids=[f"line{each.line}-{each.kind}" for each in BLOCKS]
)
def test_each_block_does_what_the_guide_says(reader: Reader, number: int) -> None:
    """They stand on each other: after one that fails, none is tried."""
    if reader.failed:
        pytest.skip("it stands on a block that failed")
    fault = reader.follow(number)
    if fault:
        pytest.fail(fault, pytrace=False)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.file], ids=lambda b: b.file)
def test_each_file_is_named_where_everyone_sees_it(block: Block) -> None:
    """Where the page is shown, what stands behind a fence is not."""
    assert f"`{block.file}`" in block.before


def test_every_test_of_the_suite_is_explained() -> None:
    """Who meets one that fails looks for its name there."""
    tests = {name for name in dir(BackendTests) if name.startswith("test_")}
    table = PAGE.partition("\n## The conformance suite\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(test_\w+)`", table)) == tests


def test_every_link_of_the_guide_leads_somewhere() -> None:
    """Within the page to a heading, and beside it to a file and a heading there."""
    for page, target in re.findall(r"\]\(([\w.-]*?)#([\w-]+)\)", PAGE):
        file = ROOT / "docs" / (page or "backends.md")
        titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles}
        assert target in anchors, target
    for page in re.findall(r"\]\(([\w.-]+\.md)", PAGE):
        assert (ROOT / "docs" / page).is_file()


@pytest.mark.parametrize(
    ("wanted", "said", "line"),
    [
        ("epoch 1, loss 0.5", "grain: epoch 12, loss 0.25 and more", ""),
        ("a\nc", "a\nb\nc\n", ""),
        ("c\na", "a\nb\nc\n", "'a'"),
        ("from … to b", "from here to b", ""),
        ("loss 1", "loss nan", "'loss 1'"),
        ("wide   table", "wide table", ""),
    ],
)
def test_what_the_guide_shows_is_compared_loosely_and_in_order(
    wanted: str, said: str, line: str
) -> None:
    """A comparison that took anything would hold nothing."""
    assert missing(wanted, said).startswith(line)
    assert bool(missing(wanted, said)) == bool(line)
