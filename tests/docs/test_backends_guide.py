"""Someone who follows docs/backends.md block by block gets where it says."""

from __future__ import annotations

import pytest

from .conftest import PAGE
from .guide import Block, Reader, blocks

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
