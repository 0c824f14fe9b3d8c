"""The VAE begins well, learns on, says how its latents do, and follows its training presets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import distill_core as distill
import pytest
import torch
from distill_core import Configs, Facts
from distill_core.evaluating import measures
from distill_vae import ConvVAE, VAEModel, VAETraining, adapt
from distill_vae.adapting import PRESETS
from distill_vae.shifting import shift_bands
from distill_vae.spectrogram import MAGNITUDE_FLOOR
from distill_vae.training import compare_spectrograms

from ..conftest import call

TINY: dict[str, Any] = {
    "hidden_size": 32, "layers": 1, "slow_layers": 1, "encoder_layers": 1, "batch": 4,
    "n_mels": 96, "phase_rounds": 2, "latent_size": 16,
}  # fmt: skip
FACTS = Facts(clips=20, seconds=100.0, median_seconds=0.8, minutes=5.0, device="cpu")


def train(pack: Path, out: Path, **told: Any) -> tuple[distill.Trained, list[distill.Event]]:
    """Train a tiny one; give the run and all that was told."""
    events: list[distill.Event] = []
    run = distill.train(
        pack, model_type="vae", out=out, seed=1, on_event=events.append,
        **(TINY | {"steps": 3} | told),
    )  # fmt: skip
    return run, events


@pytest.fixture(scope="module")
def trained(
    pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[distill.Model, list[distill.Event]]:
    """Train three steps."""
    run, events = train(pack, tmp_path_factory.mktemp("vae") / "v.distill")
    return distill.load(run.model), events


def network(model: distill.Model) -> ConvVAE:
    """Give the network that was loaded."""
    found = model.host.network
    assert isinstance(found, ConvVAE)
    return found


def test_it_brings_sounds_back_after_a_step_or_two(
    trained: tuple[distill.Model, list[distill.Event]], pack: Path
) -> None:
    """It begins at the principal components, which know the kind of sounds before any step."""
    model, _ = trained
    sound = distill.Sound.read(sorted(pack.glob("*.wav"))[0])
    again = model.reconstruct(sound)
    distance = measures.measure_band_error(sound.samples[0], again.samples[0], sound.sample_rate)
    silence = measures.measure_band_error(sound.samples[0], 0 * again.samples[0], sound.sample_rate)
    assert distance < silence / 3


def test_the_straight_path_stays_as_it_was_found(pack: Path, tmp_path: Path) -> None:
    """Steps of the usual size would take it apart (see benchmarks/FINDINGS.md)."""
    paths = []
    for steps in (1, 4):
        run, _ = train(pack, tmp_path / f"{steps}.distill", steps=steps)
        found = network(distill.load(run.model))
        paths.append([found.encoder.straight.weight, found.decoder.straight.weight])
        assert not torch.equal(found.decoder.leave.weight, torch.zeros(()))
    for one, other in zip(*paths, strict=True):
        assert torch.equal(one, other)
        assert one.abs().max() > 0


def test_statistics_are_in_the_file(
    trained: tuple[distill.Model, list[distill.Event]], pack: Path
) -> None:
    """They are measured on what is trained on, and the file alone must suffice."""
    found = network(trained[0])
    assert set(found.normalization_stats) == {"mag_mean", "mag_std", "if_mean", "if_std"}
    held_out = set(trained[0].header.training["held_out"])
    logs, frequencies = [], []
    for path in sorted(pack.glob("*.wav")):
        if path.name in held_out:
            continue
        sound = distill.Sound.read(path).to(sample_rate=found.sample_rate, channels=1)
        made = found.spectrograms(torch.from_numpy(sound.samples)[None])[0, 0]
        logs.append(made[0].flatten())
        frequencies.append(made[1][made[1] != 0])
    stats = found.normalization_stats
    assert stats["mag_mean"] == pytest.approx(float(torch.cat(logs).mean()), abs=1e-3)
    assert stats["mag_std"] == pytest.approx(float(torch.cat(logs).std()), abs=1e-3)
    assert stats["if_mean"] == pytest.approx(float(torch.cat(frequencies).mean()), abs=1e-3)
    assert stats["if_std"] == pytest.approx(float(torch.cat(frequencies).std()), abs=1e-3)


def test_each_epoch_tells_how_many_latent_numbers_are_in_use(
    trained: tuple[distill.Model, list[distill.Event]],
) -> None:
    """Whose sliders will move nothing should know it while it trains."""
    told = [each.as_json() for each in trained[1] if each.event == "epoch"]
    assert told
    for epoch in told:
        assert 0 < epoch["active_dimensions"] <= epoch["latent_size"] == TINY["latent_size"]
        assert epoch["kl_divergence"] > 0
        assert epoch["reconstruction_loss"] > 0
    assert trained[0].header.training["final_active_dimensions"] > 0


def test_a_collapsed_posterior_is_warned_of(pack: Path, tmp_path: Path) -> None:
    """The field's commonest fault of this network, with its cause and its cure."""
    run, events = train(
        pack, tmp_path / "v.distill", steps=150, kl_weight=10.0, free_bits=0.0, annealing=0.0,
        lr=0.01, batch=2,
    )  # fmt: skip
    warned = [each.as_json()["message"] for each in events if each.event == "warning"]
    assert [each for each in warned if each.startswith("Posterior collapse:")]
    assert any("--kl-weight" in each for each in warned)
    assert distill.load(run.model).generate(duration=0.1, seed=1).audio.samples.any()


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_training_preset_sets_what_is_left_to_it(preset: Any) -> None:
    """All at once, or each singly."""
    configs = Configs(VAEModel(), VAETraining(preset=preset))
    filled = adapt(configs, FACTS).training
    for name, value in PRESETS[preset].items():
        assert getattr(filled, name) == value
    single = attrs.evolve(configs, training=VAETraining(preset=preset, kl_weight=0.5))
    assert adapt(single, FACTS).training == attrs.evolve(filled, kl_weight=0.5)


def test_training_presets_differ_in_one_direction() -> None:
    """A conservative one holds latents together more than an expressive one."""
    rows = [PRESETS[name] for name in ("conservative", "balanced", "expressive")]
    for name in ("kl_weight", "input_noise", "weight_decay"):
        values = [row[name] for row in rows]
        assert values == sorted(values, reverse=True)
        assert values[0] > values[-1]


def test_sizes_follow_the_data() -> None:
    """Few sounds need few numbers, and nothing is left automatic."""
    sizes = []
    for seconds in (5.0, 60.0, 3600.0):
        filled = adapt(Configs(VAEModel(), VAETraining()), attrs.evolve(FACTS, seconds=seconds))
        sizes.append(filled.model.latent_size)
        for config in (filled.model, filled.training):
            assert None not in attrs.asdict(config).values()
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    own = Configs(VAEModel(latent_size=7, gesture_seconds=0.3), VAETraining())
    assert adapt(own, FACTS).model == own.model


@pytest.mark.parametrize(
    "model", [VAEModel(n_fft=512, hop_length=512), VAEModel(n_fft=8192, hop_length=4096, stride=8)]
)
def test_settings_that_make_no_network_together_are_refused(model: VAEModel) -> None:
    """Each is within its bounds; together they leave holes, or lump a third of a second."""
    with pytest.raises(distill.ConfigError):
        adapt(Configs(model, VAETraining()), FACTS)


def test_shifted_bands_move_and_leave_silence() -> None:
    """A partial is learnt wherever it lies; what was not there before is silent."""
    torch.manual_seed(3)
    mels, most = 16, 5
    made = torch.zeros(64, 1, 2, mels, 3)
    made[:, :, 0] = torch.arange(mels, dtype=torch.float32)[:, None]
    made[:, :, 1] = 1.0
    moved = shift_bands(made, most)
    floor = torch.log10(torch.tensor(MAGNITUDE_FLOOR))
    seen = set()
    for example in moved[:, 0]:
        kept = example[1, :, 0] == 1
        assert torch.equal(example[0, ~kept, 0], floor.expand(int((~kept).sum())))
        by = {int(band) - int(value) for band, value in enumerate(example[0, :, 0]) if kept[band]}
        assert len(by) == 1
        seen |= by
    assert seen == set(range(-most, most + 1))
    assert torch.equal(shift_bands(made, 0), made)


def test_spectrograms_are_compared_by_what_is_heard() -> None:
    """Nothing is lost of equal ones; quiet bands' frequencies hardly count; dB count in full."""
    wanted = torch.zeros(1, 1, 2, 8, 16)
    wanted[:, :, 0, 4:] = -4.0  # the upper half is silent
    same = compare_spectrograms(wanted, wanted)
    assert float(same.magnitude) == float(same.energy) == float(same.frequency) == 0
    louder = wanted.clone()
    louder[:, :, 0] += 1
    assert float(compare_spectrograms(louder, wanted).magnitude) == pytest.approx(1)
    sounding, silent = wanted.clone(), wanted.clone()
    sounding[:, :, 1, :4] = 1
    silent[:, :, 1, 4:] = 1
    heard = float(compare_spectrograms(sounding, wanted).frequency)
    assert heard > 1000 * float(compare_spectrograms(silent, wanted).frequency)


def test_an_old_header_without_a_type_is_claimed(
    trained: tuple[distill.Model, list[distill.Event]], tmp_path: Path
) -> None:
    """Distill's first files did not say what they were; a header of another version is not ours."""
    from distill_core.modelfile import read_model_file, write_model_file

    file = read_model_file(trained[0].header.path)
    for version, claimed in (("1", True), (None, True), ("3", False)):
        told = {k: v for k, v in file.header.told.items() if k not in {"model_type", "version"}}
        if version is not None:
            told["version"] = version
        path = tmp_path / f"old-{version}.distill"
        write_model_file(path, told, file.parts())
        if claimed:
            assert distill.load(path).type == "vae"
            assert distill.load(path).generate(duration=0.2, seed=2).audio.samples.any()
        else:
            with pytest.raises(distill.BackendError):
                distill.load(path)


def test_a_preset_of_a_slider_that_there_is_not_is_refused(
    trained: tuple[distill.Model, list[distill.Event]], tmp_path: Path
) -> None:
    """It could be saved, and never be played."""
    path = tmp_path / "v.distill"
    path.write_bytes(trained[0].header.path.read_bytes())
    (first, *_) = [each["name"] for each in trained[0].header.extras["vae"]["sliders"]]
    before = path.read_bytes()
    done = call("presets", "save", path, "odd", "--slider", f"{first}x=0.5")
    assert (done.code, done.out) == (2, "")
    assert f"--slider: there is no {first}x." in done.err
    assert f"This model has: {first}" in done.err or f", {first}" in done.err
    assert path.read_bytes() == before
    assert call("presets", "save", path, "even", "--slider", f"{first}=0.5").code == 0
    assert call("generate", path, "--preset", "even", "-o", tmp_path / "takes").code == 0
