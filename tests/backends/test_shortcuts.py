"""The names that earlier users of Distill know do what they did."""

from __future__ import annotations

import shutil
from pathlib import Path

import distill_core as distill
import numpy as np
from distill_prior import generate_audio_from_prior, save_prior_to_model, train_prior


def test_generate_audio_from_prior_gives_the_audio_and_the_seed(kit: Path) -> None:
    """The seed is what brings the sound back."""
    model = distill.load(kit)
    told: list[float] = []
    audio, seed = generate_audio_from_prior(
        model, temperature=0.9, duration_s=1.0, progress_callback=told.append
    )
    again, same = generate_audio_from_prior(model, temperature=0.9, duration_s=1.0, seed=seed)
    assert audio.shape == (1, 48_000)
    assert same == seed
    assert np.array_equal(audio, again)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_prior_put_into_a_model_plays_as_it_did(kit: Path, tmp_path: Path) -> None:
    """Its config, its weights and what is told of it travel with the file."""
    model = distill.load(kit)
    loaded = model.companions["prior"]
    path = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    told = {"epochs_trained": 3, "best_perplexity": 4.5, "extras": dict(loaded.extras)}
    save_prior_to_model(path, loaded.network, loaded.config, told)
    header = distill.header(str(path))
    assert header.companions["prior"]["training"] == {"epochs_trained": 3, "best_perplexity": 4.5}
    one, two = (distill.load(each).generate(seed=5).audio.samples for each in (kit, path))
    assert np.array_equal(one, two)


def test_train_prior_trains_one_into_a_model(kit: Path, pack: Path, tmp_path: Path) -> None:
    """Under its old name, with core's settings."""
    path = Path(shutil.copy(kit, tmp_path / "kit.distill"))
    done = train_prior(path, pack, steps=1, encodings=1, hidden_size=16, layers=1, heads=1)
    assert done.model == path
    assert distill.header(str(path)).companions["prior"]["training"]["steps"] == 1
