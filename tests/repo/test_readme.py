"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import distill_core as distill

from ..plugins import registry

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readmes_backend_trains_saves_and_plays(tmp_path: Path, pack: Path) -> None:
    """People copy it, and begin from there."""
    (points,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (module,) = (block for block in blocks if "distill_build" in block)
    name = "distill_hush_readme"  # its own, so that no other fixture is met
    info = tmp_path / f"{name}-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    told = re.sub(r'\[project\.entry-points\."(.*?)"\]', r"[\1]", points).replace('"', "")
    (info / "entry_points.txt").write_text(told.replace("distill_hush", name))
    (tmp_path / f"{name}.py").write_text(module)
    with registry(tmp_path) as found:
        run = distill.train(pack, "hush", out=tmp_path / "h.distill", steps=1, registry=found)
        take = distill.load(run.model, registry=found).generate(duration=0.5, seed=1, level=0.25)
        assert take.audio.samples.shape == (1, 24_000)
        assert abs(float(take.audio.samples[0, 12_000]) - 0.25) < 1e-6


def test_the_readme_names_only_flags_that_exist() -> None:
    """A flag that is only in the README helps nobody."""
    from ..conftest import call

    shown = set(re.findall(r"(?<=\s)--[a-z][a-z-]+", README))
    there = "".join(
        call(name, "--help").out for name in ("scan", "train", "generate", "info", "reconstruct")
    )
    assert shown - {"--help"} <= set(re.findall(r"--[a-z][a-z-]+", there))
