"""The examples on the page of hooks are pieces of one backend, and it works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import distill_core as distill
import pytest
from distill_core.header import read_header
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.registry import Registry

from ..plugins import bring, registry
from ..repo.sources import ROOT

BLOCKS = re.findall(
    r"^```python\n(.*?)^```",
    (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture
def hush(tmp_path: Path) -> Iterator[Registry]:
    """Put the page's code together, as it says."""
    (first,) = (block for block in BLOCKS if block.startswith("import "))
    examples = [block for block in BLOCKS if block.startswith("@hookimpl\n")]
    assert len(examples) == 8
    source = "\n\n".join([first, *examples])
    entries = "[distill.backends]\nhush = distill_hush_of_the_page\n"
    with registry(bring(tmp_path, "distill-hush-of-the-page", source, entries)) as found:
        yield found


def test_they_make_a_backend_that_trains_saves_loads_and_plays(
    hush: Registry, tmp_path: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone who copies them must get something that works."""
    run = distill.train(pack, "hush", out=tmp_path / "h.distill", steps=2, seed=1, registry=hush)
    assert f"{run.model} is ready." in capsys.readouterr().err
    header = read_header(run.model)
    assert header.config["width"] == 4  # filled from the data
    assert header.extras["hush"]["seconds_heard"] > 1
    model = distill.load(run.model, registry=hush)
    loud = model.generate(duration=0.5, seed=1, loudness=1.0).audio.samples
    quiet = model.generate(duration=0.5, seed=1, loudness=0.01).audio.samples
    assert loud.shape == (1, 24_000)
    assert abs(loud).max() > 10 * abs(quiet).max() > 0


def test_their_detection_knows_its_own_old_files(
    hush: Registry, tmp_path: Path, pack: Path
) -> None:
    """A header that names no type is shown around."""
    run = distill.train(pack, "hush", out=tmp_path / "h.distill", steps=1, seed=1, registry=hush)
    file = read_model_file(run.model)
    told = {key: word for key, word in file.header.told.items() if key != "model_type"}
    old = tmp_path / "old.distill"
    write_model_file(old, told | {"made_by": "hush 0.1"}, file.parts())
    assert distill.load(old, registry=hush).type == "hush"
    write_model_file(old, told | {"made_by": "someone else"}, file.parts())
    with pytest.raises(distill.BackendError, match="unknown"):
        distill.load(old, registry=hush)
