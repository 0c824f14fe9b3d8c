"""Train the VAE on a folder as a user would, and print what is claimed about it.

    .nox/distill/bin/python benchmarks/vae.py [--data FOLDER] [--minutes 5] [--seed 0]

Without --data it needs DISTILL_REFERENCE. Times hold for the machine they were measured on; the
ratios travel better.
"""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path
from typing import Any

import distill_core as distill
import pictures
from arguments import read_arguments
from judging import judge_takes
from round_trip import round_trip_figures

LONG_TAKE = 30.0  # seconds
POSITIONS = (-1.0, -0.5, 0.0, 0.5, 1.0)
SEED = 1
SHOWN = 4  # sliders, those that move most


def main() -> None:
    """Run everything and print a table."""
    told = read_arguments(__doc__)
    path = told.out / "sliders.distill"
    if not told.judge:
        distill.train(
            told.data, model_type="vae", out=path, minutes=told.minutes, force=True,
            seed=told.seed, threads=told.threads,
        )  # fmt: skip
    model = distill.load(path)
    rows = round_trip_figures(told.data) | training(path) | figures(model, told.data)
    rows |= speeds(model) | judge_takes(model, told.data)
    show(model, told.out)
    print(f"{platform.processor() or platform.machine()}, {told.threads} threads, seed {told.seed}")
    for name, value in rows.items():
        print(f"{name:44} {value if not isinstance(value, float) else format(value, '.3f')}")
    (told.out / "vae-figures.json").write_text(json.dumps(rows, indent=1))


def training(path: Path) -> dict[str, Any]:
    """Read from the header how the training went, and what it found."""
    header = distill.header(str(path))
    told = header.training
    config = told["config"]
    seconds = told["steps"] * config["batch"] * config["crop_seconds"]
    sliders = header.extras["vae"]["sliders"]
    return {
        "seconds in all": told["seconds"],
        "steps": told["steps"],
        "training, x real time": seconds / told["seconds"],
        "held-out loss": told["held_out_loss"],
        "latent numbers in use": told["final_active_dimensions"],
        "latent numbers": told["final_latent_size"],
        "sliders": ", ".join(f"{each['name']} {each['variance']:.0%}" for each in sliders),
    }


def figures(model: distill.Model, data: Path) -> dict[str, Any]:
    """Give what `distill evaluate` measures of sounds, a row each."""
    found = distill.evaluate(model, data).as_json()
    kept = ("mel_distance", "band_energy_error", "waveform_match", "si_sdr")
    return {name: found[name] for name in kept} | {"files": len(found["files"])}


def speeds(model: distill.Model) -> dict[str, float]:
    """Give the seconds that a long take needs in each mode, the model loaded."""
    took = {}
    model.generate(duration=1.0, seed=SEED)
    for mode in ("crossfade", "interpolate"):
        began = time.perf_counter()
        model.generate(duration=LONG_TAKE, seed=SEED, mode=mode)
        took[f"a take of {LONG_TAKE:.0f} s, {mode}, seconds"] = time.perf_counter() - began
    return took


def show(model: distill.Model, out: Path) -> None:
    """Write and draw each slider from low to high, and some takes."""
    rows = []
    for slider in model.header.extras["vae"]["sliders"][:SHOWN]:
        name, sounds = slider["name"], []
        for position in POSITIONS:
            take = model.generate(seed=SEED, slider={name: position})
            sounds.append(take.save(out / f"{name}{position:+.1f}.wav"))
        rows.append((name, sounds))
    takes = [take.save(out / f"take-{take.seed}.wav") for take in model.takes(range(5))]
    pictures.draw([*rows, ("random", takes)], out / "sliders.png")


if __name__ == "__main__":
    main()
