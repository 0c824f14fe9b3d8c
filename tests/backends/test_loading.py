"""Whole model files from strangers through the real backends: a claim costs nothing (R11)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import distill_core
import pytest
import torch
from distill_core import BackendError, ConfigError, DistillError, ModelFileError, Tokenizer
from distill_core.audio.stitching import decode_in_pieces
from distill_core.configs import unstructure
from distill_core.modelfile import read_model_file, write_model_file
from distill_core.strict import dump
from distill_prior import CodePrior, PriorModel, blocks
from distill_vqvae import VQVAE, VQVAEModel

from ..mutations import crafted, put

MUTATIONS = 150
LARGEST_CODEC: dict[str, Any] = {
    "hidden_size": 2048, "layers": 32, "slow_layers": 32, "encoder_layers": 32, "code_width": 256,
    "codebook_size": 4096, "num_quantizers": 8, "frame_hop": 4096, "stride": 4, "channels": 2,
}  # fmt: skip
SMALLEST: dict[str, Any] = {
    "hidden_size": 16, "layers": 0, "slow_layers": 0, "encoder_layers": 0, "code_width": 2,
    "codebook_size": 4, "num_quantizers": 2,
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


def written(path: Path, codec: VQVAEModel, longest_seconds: float) -> Path:
    """Write a whole model of both types that learnt nothing, and whose sounds never end."""
    prior = PriorModel(hidden_size=16, layers=1, heads=1, dropout=0.0, seq_len=8, use_vectors=False)
    record = {"version": 1, "backend": "distill-prior 0", "config": unstructure(prior)}
    told = {
        "version": "2", "model_type": "vqvae", "id": "0a1b", "name": "tiny",
        "sample_rate": str(codec.sample_rate), "channels": str(codec.channels),
        "config": dump(unstructure(codec)), "backend": "distill-vqvae 0", "has_prior": "true",
        "companions": dump({"prior": record | {"training": {}}}),
        "extras": dump({"prior": {"ends": True, "longest_seconds": longest_seconds}}),
    }  # fmt: skip
    network = CodePrior(4, 8, 2, 16, 1, 1)
    torch.nn.init.constant_(network.ending.bias, -100.0)
    parts = {"vqvae": VQVAE(codec).state_dict(), "prior": network.state_dict()}
    write_model_file(path, told, parts)
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Write a model file of a few kB."""
    return written(tmp_path / "tiny.distill", VQVAEModel(frame_hop=32, **SMALLEST), 0.1)


def rewritten(
    source: Path, path: Path, host: dict[str, Any], prior: dict[str, Any] | None = None
) -> Path:
    """Copy a model file with other settings, and a digest that is right."""
    file = read_model_file(source)
    config, companions = file.header.config | host, file.header.companions
    companions["prior"]["config"] |= prior or {}
    words = {"config": dump(config), "companions": dump(companions)}
    for key in ("sample_rate", "channels"):
        words[key] = str(config[key])
    write_model_file(path, file.header.told | words, file.parts())
    return path


def test_crafted_files_are_refused_in_our_words_or_play(tiny: Path) -> None:
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
def test_what_a_config_claims_takes_no_memory(kit: Path, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "config",
    [{"heads": 3}, {"heads": 16}, {"hidden_size": None}, {"heads": None}, {"seq_len": None}],
)
def test_a_prior_whose_config_cannot_play_is_refused_as_it_is_loaded(
    tiny: Path, tmp_path: Path, config: dict[str, Any]
) -> None:
    """The weights may fit all the same; it would fail in the midst of a take."""
    model = distill_core.load(rewritten(tiny, tmp_path / "a.distill", {}, config), device="cpu")
    with pytest.raises(ModelFileError, match="no prior can be built from its config"):
        model.generate(duration=0.1)


@pytest.mark.parametrize("where", ["host", "prior"])
def test_every_wrong_field_of_a_config_is_told_at_once(
    tiny: Path, tmp_path: Path, where: str
) -> None:
    """In one line, with what was probably meant."""
    wrong = {"hidden_size": "wide", "dropout": 7, "layer": 3, "nonsense": 1}
    told = [wrong, {}] if where == "host" else [{}, wrong]
    path = rewritten(tiny, tmp_path / "a.distill", *told)
    with pytest.raises(ModelFileError) as caught:
        distill_core.load(path, device="cpu").generate()
    said = str(caught.value)
    for part in ("hidden_size: 'wide'", "dropout: 7 must lie", "layer:", "layers", "nonsense"):
        assert part in said, said
    assert said.isprintable()


def test_a_config_of_thousands_of_settings_is_refused_unread(tiny: Path, tmp_path: Path) -> None:
    """Looking for what each may have meant would take minutes."""
    many = {f"x{number}": 1 for number in range(50_000)}
    with pytest.raises(ModelFileError, match="50013 settings"):
        distill_core.load(rewritten(tiny, tmp_path / "a.distill", many), device="cpu")
    long = {"hidden_size": "x" * 100_000}
    with pytest.raises(ModelFileError) as caught:
        distill_core.load(rewritten(tiny, tmp_path / "a.distill", long), device="cpu")
    assert len(str(caught.value)) < 1500


def _forget(words: dict[str, str]) -> None:
    del words["version"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda words: words.update(version="3"), "pip install --upgrade distill-vqvae"),
        (lambda words: words.update(version="1"), "Train it again, or install an older distill-v"),
        (lambda words: words.update(version="0"), "Train it again"),
        (_forget, "of version 1; the installed distill-vqvae"),
    ],
)
def test_another_version_is_refused_with_the_way_out(
    tiny: Path, change: Callable[[dict[str, str]], None], told: str
) -> None:
    """Upgrade for a newer one; what is older than anything known can only be made again."""
    file = read_model_file(tiny)
    words = dict(file.header.told)
    change(words)
    write_model_file(tiny, words, file.parts())
    with pytest.raises(ModelFileError, match=told):
        distill_core.load(tiny, device="cpu")


@pytest.mark.parametrize("version", [True, "1", 1.0, None, [1], 10**30, -1, 2])
def test_a_companions_version_must_be_one_that_is_read(tiny: Path, version: Any) -> None:
    """True is not 1; and the model itself still plays back what it hears."""
    file = read_model_file(tiny)
    companions = file.header.companions
    companions["prior"]["version"] = version
    write_model_file(tiny, file.header.told | {"companions": dump(companions)}, file.parts())
    model = distill_core.load(tiny, device="cpu")
    assert not model.companions
    with pytest.raises(ModelFileError, match=r"damaged|of version"):
        model.generate()


def test_a_file_cannot_choose_what_is_to_be_installed(tiny: Path) -> None:
    """The advice is followed by people: it names a distribution or nothing."""
    file = read_model_file(tiny)
    for backend, told in {
        "distill-other 1": "pip install distill-other.",
        "--index-url http://evil x": "Install the backend that made it.",
        "a;rm 1": "Install the backend that made it.",
        "": "Install the backend that made it.",
    }.items():
        words = {"model_type": "unheard", "backend": backend}
        write_model_file(tiny, file.header.told | words, file.parts())
        with pytest.raises(BackendError) as caught:
            distill_core.load(tiny, device="cpu")
        assert told in str(caught.value)


def test_a_checkpoint_is_not_taken_for_a_model(tmp_path: Path) -> None:
    """It says how to go on with it, not which backend to install."""
    path = tmp_path / "a.checkpoint"
    write_model_file(path, {"config": "{}", "checkpoint": "{}"}, {"model": {}})
    for read in (distill_core.load, distill_core.header):
        with pytest.raises(ModelFileError, match="distill train --resume"):
            read(str(path))


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


def test_a_library_of_damaged_files_still_finds_the_sound_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad file must not hide the others; an impossible name is no disk's fault."""
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    shelf = tmp_path / "models"
    shelf.mkdir()
    whole = tiny.read_bytes()
    for number in range(40):
        (shelf / f"bad{number}.distill").write_bytes(crafted(whole, number))
    (shelf / "sound.distill").write_bytes(whole)
    assert distill_core.header("sound").id == "0a1b"
    for name in ("x" * 5000, "a\0b", "\udcff", ""):
        with pytest.raises(ConfigError, match="no model file"):
            distill_core.header(name)
    assert json.dumps(distill_core.header("sound").told)
