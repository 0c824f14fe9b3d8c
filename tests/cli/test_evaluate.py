"""`distill evaluate`: the figures, the files they are of, and what is said of them."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import distill_core
import numpy as np
import pytest
import soundfile
import torch
from distill_core.errors import AudioError, ConfigError
from distill_core.modelfile import read_model_file, write_model_file
from torch import Tensor, nn

from .. import definitions
from ..conftest import TINY, Result, call
from ..plugins import registry

Distill = Callable[..., Result]

KEYS = {
    "mel_distance", "band_energy_error", "waveform_match", "si_sdr", "bitrate",
    "bitrate_efficiency", "codebooks", "encode_rtf", "decode_rtf", "files",
}  # fmt: skip
SMALL = TINY[: TINY.index("--prior-encodings")]
HELD = {"a-short.wav": 0.2, "b-long.wav": 5.0, "c-tail.wav": 1.0, "d-plain.wav": 0.8}  # seconds
CLOSE = 1e-4  # the network's own arithmetic is float32


def pluck(seed: int, seconds: float, rate: int, channels: int) -> np.ndarray:
    """Make a decaying tone in some noise, float32 [T, C], its last third silent."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate))[:, None] / rate
    tones = [np.sin(2 * np.pi * (150 + 37 * seed + 5 * each) * t) for each in range(channels)]
    wave = np.hstack(tones) * np.exp(-3 * t / seconds) * 0.5
    wave += 0.02 * rng.standard_normal(wave.shape)
    wave[round(len(wave) * 2 / 3) :] = 0
    return wave.astype(np.float32)


def write_sounds(folder: Path, rate: int, channels: int) -> Path:
    """Write sounds to train on beside those of HELD: floats, so that nothing is rounded."""
    folder.mkdir()
    lengths = HELD | {f"train-{number}.wav": 0.6 for number in range(8)}
    for seed, (name, seconds) in enumerate(lengths.items()):
        wave = pluck(seed, seconds, rate, channels)
        soundfile.write(folder / name, wave, rate, format="WAV", subtype="FLOAT")
    return folder


def train(folder: Path, model: Path, rate: int, channels: int) -> Path:
    """Train a codec for a moment, HELD held out."""
    globs = [word for name in HELD for word in ("--hold-out", name)]
    sizes = ["--sample-rate", rate, "--channels", channels, "--codebook-size", "32"]
    result = call(
        "train", folder, "-o", model, "--only", "--steps", "6", "--seed", "1", *globs, *SMALL,
        *sizes,
    )  # fmt: skip
    assert result.code == 0, result.err
    return model


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write mono sounds at 48 kHz."""
    return write_sounds(tmp_path_factory.mktemp("data") / "sounds", 48_000, 1)


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory, sounds: Path) -> Path:
    """Train a codec on them; read-only."""
    return train(sounds, tmp_path_factory.mktemp("model") / "codec.distill", 48_000, 1)


@pytest.fixture
def noting(codec: Path, tmp_path: Path) -> Callable[..., Path]:
    """Copy the codec's file with other words about its training."""

    def note(**words: object) -> Path:
        file = read_model_file(codec)
        told = dict(file.header.told)
        told["training"] = json.dumps(file.header.training | words)
        path = tmp_path / "noted.distill"
        write_model_file(path, told, {"vqvae": file.part("vqvae")})
        return path

    return note


def expected(model: Path, folder: Path) -> dict[str, float]:
    """Evaluate a codec by the definitions, straight through its network."""
    network = distill_core.load(model).host.network
    rate, channels = network.sample_rate, network.channels
    found: dict[str, list[float]] = {"mel": [], "band": [], "match": [], "si_sdr": []}
    for name in HELD:
        wave, written = soundfile.read(folder / name, dtype="float32", always_2d=True)
        assert written == rate
        sound = definitions.excerpt(wave, rate)
        heard = torch.tensor(np.stack([sound] * channels)[None], dtype=torch.float32)
        with torch.inference_mode():
            again = network.decode(network.encode(heard), len(sound))[0].double().numpy().mean(0)
        found["mel"].append(definitions.mel_distance(sound, again, rate))
        found["band"].append(definitions.band_energy_error(sound, again, rate))
        found["match"].append(definitions.waveform_match(sound, again))
        found["si_sdr"].append(definitions.si_sdr(sound, again))
    codes = []
    for path in sorted(folder.glob("*.wav")):
        wave, _ = soundfile.read(path, dtype="float32", always_2d=True)
        with torch.inference_mode():
            codes.append(network.encode(torch.from_numpy(wave.T.copy())[None])[0].numpy())
    return {
        "mel_distance": statistics.fmean(found["mel"]),
        "band_energy_error": statistics.fmean(found["band"]),
        "waveform_match": statistics.fmean(found["match"]),
        "si_sdr": statistics.median(found["si_sdr"]),
        "bitrate": network.levels * math.log2(network.entries) * rate / network.hop,
        "bitrate_efficiency": definitions.efficiency(np.concatenate(codes, 1), network.entries),
    }


def test_the_figures_are_those_of_the_definitions(
    distill: Distill, codec: Path, sounds: Path
) -> None:
    """Short files padded, long ones cut, before they enter the model; nothing left to taste."""
    result = distill("evaluate", codec, sounds, "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert set(told) == KEYS
    assert told["files"] == list(HELD)
    for name, figure in expected(codec, sounds).items():
        assert told[name] == pytest.approx(figure, rel=CLOSE), name
    assert told["encode_rtf"] > 0
    assert told["decode_rtf"] > 0
    assert [set(book) for book in told["codebooks"]] == 3 * [
        {"level", "utilization", "perplexity", "dead"}
    ]
    assert [book["level"] for book in told["codebooks"]] == [0, 1, 2]
    for book in told["codebooks"]:
        assert book["utilization"] == pytest.approx(1 - book["dead"] / 32)
    assert "Measured the 4 files held out of its training." in result.err
    assert "Warning" not in result.err


def test_a_stereo_model_of_another_rate_hears_the_mono_mix(
    distill: Distill, tmp_path: Path
) -> None:
    """And what it makes is mixed to mono, too; its codes are those of both channels."""
    folder = write_sounds(tmp_path / "wide", 22_050, 2)
    model = train(folder, tmp_path / "wide.distill", 22_050, 2)
    told = json.loads(distill("evaluate", model, folder, "--json").out)
    assert told["files"] == list(HELD)
    for name, figure in expected(model, folder).items():
        assert told[name] == pytest.approx(figure, rel=CLOSE), name


def test_people_get_a_table(distill: Distill, codec: Path, sounds: Path) -> None:
    """With units, with what is good, and what is natural next."""
    result = distill("evaluate", codec, sounds)
    assert result.code == 0, result.err
    for words in ("codec: vqvae 2, 4 files, cpu", "Mel distance", "lower is better", " dB",
                  "kbit/s", "Codebook 2", "Decoding"):  # fmt: skip
        assert words in result.out
    assert f"Next: distill train-prior {codec} DATA" in result.err


def test_a_moved_copy_of_the_sounds_is_known_by_its_names(
    distill: Distill, codec: Path, sounds: Path, tmp_path: Path
) -> None:
    """People move their folders, and name them by other paths."""
    moved = shutil.copytree(sounds, tmp_path / "elsewhere")
    told = json.loads(distill("evaluate", codec, f"{moved}/../elsewhere/", "--json").out)
    assert told["files"] == list(HELD)


def test_missing_held_out_files_are_counted(
    distill: Distill, codec: Path, sounds: Path, tmp_path: Path
) -> None:
    """Those that are there are measured; a figure of fewer files is another figure."""
    fewer = shutil.copytree(sounds, tmp_path / "fewer")
    (fewer / "a-short.wav").unlink()
    (fewer / "c-tail.wav").write_bytes(b"RIFF")
    result = distill("evaluate", codec, fewer, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["files"] == ["b-long.wav", "d-plain.wav"]
    assert "2 of 4 held-out files are not in DATA" in result.err
    assert "Skipped 1 of 11 files (c-tail.wav: " in result.err


def test_other_sounds_are_measured_all_and_said_to_flatter(
    distill: Distill, codec: Path, pack: Path
) -> None:
    """Nobody can know whether a stranger's model was trained on them."""
    result = distill("evaluate", codec, pack, "--json")
    assert len(json.loads(result.out)["files"]) == 18
    assert "All 18 files are measured" in result.err
    assert "flatter" in result.err


def test_a_namesake_in_a_folder_below_is_not_taken_for_a_held_out_file(
    distill: Distill, codec: Path, sounds: Path, tmp_path: Path
) -> None:
    """Below the folder that was trained on lie files that it may well have heard."""
    shutil.copytree(sounds, tmp_path / "above" / "sounds")
    result = distill("evaluate", codec, tmp_path / "above", "--json")
    assert len(json.loads(result.out)["files"]) == 12
    assert "flatter" in result.err


def test_a_part_of_the_folder_has_its_held_out_files(
    distill: Distill, noting: Callable[..., Path], sounds: Path
) -> None:
    """Their names lack the beginning; where they lie still tells that they are the same."""
    model = noting(held_out=[f"sounds/{name}" for name in HELD])
    assert json.loads(distill("evaluate", model, sounds, "--json").out)["files"] == list(HELD)


@pytest.mark.parametrize(
    "held_out", [None, 7, "a-short.wav", {"a-short.wav": 1}, ["a-short.wav", 3], [], [""]]
)
def test_a_header_that_lists_nonsense_lists_nothing(
    distill: Distill, noting: Callable[..., Path], sounds: Path, held_out: object
) -> None:
    """A stranger's file ends in no traceback, and in no figure that looks honest and is not."""
    result = distill("evaluate", noting(held_out=held_out), sounds, "--json")
    assert result.code == 0, result.err
    assert len(json.loads(result.out)["files"]) == 12
    assert "lists no held-out files" in result.err


def test_only_the_tail_is_measured_where_only_the_tail_was_held_out(
    noting: Callable[..., Path], tmp_path: Path
) -> None:
    """The rest of that clip was trained on."""
    rate = 48_000
    rng = np.random.default_rng(0)
    wave = np.zeros((20 * rate, 1), np.float32)
    wave[18 * rate :] = 0.2 * rng.standard_normal((2 * rate, 1))  # the last tenth
    wave[: 18 * rate : 100] = 0.5
    (tmp_path / "one").mkdir()
    soundfile.write(tmp_path / "one" / "all.wav", wave, rate, subtype="FLOAT")
    model = noting(held_out=["all.wav"], held_out_tail=True)
    network = distill_core.load(model).host.network
    tail = wave[18 * rate :, 0]
    with torch.inference_mode():
        again = network.decode(network.encode(torch.from_numpy(tail)[None, None]), len(tail))
    found = distill_core.evaluate(model, tmp_path / "one")
    assert found.selection.tail
    assert found.mel_distance == pytest.approx(
        definitions.mel_distance(tail.astype(float), again[0, 0].double().numpy(), rate), rel=CLOSE
    )
    result = call("evaluate", model, tmp_path / "one", "--json")
    assert "the last 2.00 s of all.wav" in result.err


def test_faults_have_their_exit_codes(
    distill: Distill, codec: Path, sounds: Path, tmp_path: Path
) -> None:
    """One line, nothing on stdout."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("x")
    (tmp_path / "bad.distill").write_bytes(b"nonsense")
    for code, words in (
        (3, [codec, tmp_path / "text"]),
        (2, [codec, tmp_path / "nowhere"]),
        (2, [tmp_path / "none.distill", sounds]),
        (2, [codec]),
        (4, [tmp_path / "bad.distill", sounds]),
    ):
        result = distill("evaluate", *words, "--json")
        assert (result.code, result.out) == (code, ""), result.err
        assert result.err.startswith("Error: ")
        assert result.err.count("\n") == 1


class Echo(nn.Module):
    """A network without codes that gives back what it gets, times something."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain

    def reconstruct(self, audio: Tensor) -> Tensor:
        """Give [B, C, T] of the same shape."""
        return audio * self.gain


@pytest.fixture
def echoing(codec: Path) -> Iterator[Callable[[float], distill_core.Model]]:
    """Give a model that multiplies."""
    model = distill_core.load(codec)

    def make(gain: float) -> distill_core.Model:
        return attrs.evolve(model, host=attrs.evolve(model.host, network=Echo(gain)))

    return make


def test_a_type_without_codes_has_no_figures_of_codes(
    echoing: Callable[[float], distill_core.Model], sounds: Path
) -> None:
    """null, and not 0; a perfect reconstruction gives the most that JSON can hold."""
    told = distill_core.evaluate(echoing(1.0), sounds).as_json()
    assert (told["mel_distance"], told["band_energy_error"]) == (0, 0)
    assert (told["waveform_match"], told["si_sdr"]) == (100.0, 100.0)
    rest = ("bitrate", "bitrate_efficiency", "codebooks", "encode_rtf", "decode_rtf")
    assert [told[name] for name in rest] == [None] * 5
    json.dumps(told, allow_nan=False)


def test_a_network_that_makes_no_sound_is_refused(
    echoing: Callable[[float], distill_core.Model], sounds: Path
) -> None:
    """NaN is no figure, and JSON has no word for it."""
    with pytest.raises(AudioError, match="NaN or infinity"):
        distill_core.evaluate(echoing(math.nan), sounds)


def test_a_silent_network_has_finite_figures(
    echoing: Callable[[float], distill_core.Model], sounds: Path
) -> None:
    """It brings back nothing: 0 dB of match, and the least SI-SDR that is told."""
    told = distill_core.evaluate(echoing(0.0), sounds).as_json()
    assert (told["waveform_match"], told["si_sdr"]) == (0.0, -100.0)
    json.dumps(told, allow_nan=False)


def test_a_type_that_brings_nothing_back_is_told_so(tmp_path: Path, pack: Path) -> None:
    """There is nothing to measure, which is nobody's bug."""
    with registry("good") as found:
        run = distill_core.train(pack, "hush", out=tmp_path / "h.distill", steps=1, registry=found)
        with pytest.raises(ConfigError, match="brings no sounds back"):
            distill_core.evaluate(run.model, pack, registry=found)
