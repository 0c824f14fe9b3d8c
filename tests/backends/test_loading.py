"""Whole model files from strangers through the real backends: a claim costs nothing (R11)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import distill_core
import pytest
import torch
from distill_core import BackendError, DistillError, ModelFileError, Tokenizer
from distill_core.audio.stitching import decode_in_pieces
from distill_core.modelfile import read_model_file, write_model_file
from distill_prior import CodePrior, blocks
from distill_vqvae import VQVAEModel

from ..mutations import crafted, put
from .strangers import SMALLEST, rewritten, written

MUTATIONS = 150
LARGEST_CODEC: dict[str, Any] = {
    "hidden_size": 2048, "layers": 32, "slow_layers": 32, "encoder_layers": 32, "code_width": 256,
    "codebook_size": 4096, "num_quantizers": 8, "frame_hop": 4096, "stride": 4, "channels": 2,
}  # fmt: skip
LARGEST_PRIOR = {"hidden_size": 2048, "layers": 32, "heads": 32, "seq_len": 8192}
ALLOWED = 60_000  # kB: three times the small kit, and what torch takes once for itself
MEASURE = """
import sys
from pathlib import Path
import numpy, distill_core

def peak(name="VmHWM"):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])

def use(path):
    model = distill_core.load(path, device="cpu")
    model.reconstruct(distill_core.Sound(numpy.full((1, 48000), 0.1, numpy.float32), 48000))
    model.generate(duration=0.2, seed=1)

use(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")  # the peak is what is taken now
before = peak()
for path in sys.argv[2:]:
    try:
        use(path)
    except distill_core.ModelFileError:
        pass
    print(Path(path).stem, peak() - before)
"""


def test_r7_crafted_files_are_refused_in_our_words_or_play(tiny: Path) -> None:
    """Behind the digest stand detection, versions, configs, shapes, weights and extras."""
    whole, met = tiny.read_bytes(), set()
    for number in range(MUTATIONS):
        put(tiny, crafted(whole, number))
        try:
            model = distill_core.load(tiny, device="cpu")
        except (ModelFileError, BackendError) as error:
            met.add(type(error))
            continue
        try:
            model.generate(duration=0.01, seed=1)
            met.add("played")
        except DistillError as error:
            met.add(type(error))
    assert {ModelFileError, "played"} <= met


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_r11_what_a_config_claims_takes_no_memory(kit: Path, tmp_path: Path) -> None:
    """Every setting at its bounds, the weights as they were: refused or played, for little."""
    hosts: dict[str, dict[str, Any]] = {
        "all": LARGEST_CODEC, **{key: {key: value} for key, value in LARGEST_CODEC.items()},
        "fast": {"sample_rate": 191_999}, "slow": {"sample_rate": 8_001},
    }  # fmt: skip
    priors = {"prior": LARGEST_PRIOR, **{f"p-{k}": {k: v} for k, v in LARGEST_PRIOR.items()}}
    paths = [rewritten(kit, tmp_path / f"{name}.distill", told) for name, told in hosts.items()]
    paths += [rewritten(kit, tmp_path / f"{n}.distill", {}, told) for n, told in priors.items()]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(kit), *map(str, paths)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    taken = {name: int(size) for name, size in map(str.split, done.stdout.splitlines())}
    assert len(taken) == len(paths)
    assert max(taken.values()) < ALLOWED, taken


def test_elements_of_another_type_are_refused(tiny: Path) -> None:
    """A byte for a number would claim four times what the file holds."""
    file = read_model_file(tiny)
    for dtype in (torch.uint8, torch.bool, torch.float16, torch.float64):
        parts = file.parts()
        parts["vqvae"] = {
            name: each.to(dtype) if each.is_floating_point() else each
            for name, each in parts["vqvae"].items()
        }
        write_model_file(tiny, file.header.told, parts)
        with pytest.raises(ModelFileError, match=r"do not fit its config .* for float32"):
            distill_core.load(tiny, device="cpu")


def test_missing_and_further_tensors_are_refused_by_name(tiny: Path) -> None:
    """A network with a hole would play noise."""
    file = read_model_file(tiny)
    for change, told in (
        (lambda part: part.pop("encoder.enter.weight"), "nothing for float32"),
        (lambda part: part.update(more=torch.ones(2)), r"more: float32 \[2\] for nothing"),
    ):
        parts = file.parts()
        change(parts["vqvae"])
        write_model_file(tiny, file.header.told, parts)
        with pytest.raises(ModelFileError, match=told):
            distill_core.load(tiny, device="cpu")


def test_a_window_that_grows_says_what_a_whole_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings begin short, so that a wide window costs only what is used of it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CodePrior(8, 24, 2, 16, 2, 2).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        codes = torch.randint(8, (60, 2))

    def states(first: int) -> tuple[torch.Tensor, int]:
        monkeypatch.setattr(blocks, "FIRST_SLOTS", first)
        tables, cache = model.tables(), model.cache(1)
        began = cache.keys.shape[3]
        with torch.inference_mode():
            found = [
                model.step(code[None], torch.tensor([age]), cache, tables)
                for age, code in enumerate(codes)
            ]
        assert cache.keys.shape[3] == cache.values.shape[3] == cache.born.shape[1] == model.seq_len
        return torch.stack(found), began

    whole, began = states(256)
    grown, short = states(5)
    assert (began, short) == (24, 5)
    assert torch.allclose(whole, grown, atol=1e-5)


def test_a_sound_that_never_ends_is_cut_whatever_the_file_says(tmp_path: Path) -> None:
    """An hour of it, which nobody asked for, would fill disk and memory."""
    codec = VQVAEModel(sample_rate=8000, frame_hop=4096, stride=4, **SMALLEST)
    model = distill_core.load(written(tmp_path / "a.distill", codec, 3600.0), device="cpu")
    assert 100 < model.generate(seed=1).audio.seconds < 184


def test_codes_that_stand_for_too_much_sound_are_refused(tiny: Path, tmp_path: Path) -> None:
    """A few of them would take gigabytes to decode."""
    path = rewritten(tiny, tmp_path / "a.distill", {"frame_hop": 4096, "stride": 16})
    with pytest.raises(ModelFileError, match="codes of 65536 samples"):
        distill_core.load(path, device="cpu")


@pytest.mark.parametrize("hop", [64, 1024, 16384])
def test_what_is_decoded_at_once_does_not_grow_with_the_hop(hop: int) -> None:
    """Memory follows neither the length of a take nor what a file says of its frames."""
    decoded: list[int] = []

    class Silent:
        def __init__(self) -> None:
            self.hop = hop

        def decode(self, codes: torch.Tensor, samples: int) -> torch.Tensor:
            decoded.append(codes.shape[-1])
            return torch.zeros(1, 1, samples)

    frames = 1500
    codes = torch.zeros(1, 1, frames, dtype=torch.long)
    pieces = decode_in_pieces(cast("Tokenizer", Silent()), codes, frames * hop)
    assert sum(piece.shape[-1] for piece in pieces) == frames * hop
    assert max(decoded) * hop <= 1 << 22
