"""Train on a folder as a user would, and print what is claimed about speed and sound.

    nox -s bench -- [--data FOLDER] [--minutes 5] [--prior-minutes 4] [--seed 0] [--out FOLDER]

Without --data it needs DISTILL_REFERENCE. Times hold for the machine they were measured on; the
ratios travel better.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import distill_core as distill
import pictures
import starting
from arguments import read_arguments
from judging import judge_takes

COMPANION = "prior"


def main() -> None:
    """Run everything and print a table."""
    told = read_arguments(__doc__)
    model_path = told.out / "kit.distill"
    rows: dict[str, Any] = {}
    if not told.judge:
        train_codec(told, model_path)
        train_companion(told, model_path)
    rows |= codec_training(model_path) | companion_training(model_path)
    model = distill.load(model_path)
    rows |= codec_figures(model, told.data)
    rows["a take, x real time"] = take_speed(model)
    rows |= {f"{name}, ms": took for name, took in starting.answer_times(model_path).items()}
    show_takes(model, told)
    rows |= judge_takes(model, told.data)
    print(f"{platform.processor() or platform.machine()}, {told.threads} threads, seed {told.seed}")
    for name, value in rows.items():
        print(f"{name:44} {value if not isinstance(value, float) else format(value, '.3f')}")
    (told.out / "figures.json").write_text(json.dumps(rows, indent=1))


def train_codec(told: argparse.Namespace, path: Path) -> None:
    """Train the default type alone."""
    distill.train(
        told.data, out=path, minutes=told.minutes, only=True, force=True, seed=told.seed,
        threads=told.threads,
    )  # fmt: skip


def codec_training(path: Path) -> dict[str, Any]:
    """Read from the header how the training went."""
    training = distill.header(str(path)).training
    config = training["config"]
    seconds = training["steps"] * config["batch"] * config["crop_seconds"]
    return {
        "codec: seconds in all": training["seconds"],
        "codec: steps": training["steps"],
        "codec: training, x real time": seconds / training["seconds"],
        "codec: held-out loss": training["held_out_loss"],
    }


def codec_figures(model: distill.Model, data: Path) -> dict[str, Any]:
    """Give what `distill evaluate` measures, a row each."""
    figures = distill.evaluate(model, data).as_json()
    books = figures.pop("codebooks")
    figures["files"] = len(figures["files"])
    return figures | {
        "entries' worth of each level": ", ".join(f"{each['perplexity']:.0f}" for each in books),
        "dead entries of each level": ", ".join(str(each["dead"]) for each in books),
    }


def take_speed(model: distill.Model, seconds: float = 10.0) -> float:
    """Give seconds of sound made per second of work by the default settings, one stream."""
    model.generate(duration=1.0, seed=0)
    began = time.perf_counter()
    model.generate(duration=seconds, seed=1)
    return seconds / (time.perf_counter() - began)


def train_companion(told: argparse.Namespace, path: Path) -> None:
    """Train the companion on top."""
    distill.train_companion(
        path, told.data, COMPANION, minutes=told.prior_minutes, seed=told.seed,
        threads=told.threads,
    )  # fmt: skip


def companion_training(path: Path) -> dict[str, Any]:
    """Read from header and journal how the companion's training went."""
    training = distill.header(str(path)).companions[COMPANION]["training"]
    bits, usual = best_bits(path, COMPANION)
    return {
        "prior: seconds in all": training["seconds"],
        "prior: steps": training["steps"],
        "prior: best held-out perplexity": training.get("best_perplexity"),
        "prior: held-out bits a second": bits,
        "prior: bits a second by frequencies": usual,
        "prior: share of that": bits / usual,
    }


def best_bits(path: Path, companion: str) -> tuple[float, float]:
    """Read from the run's journal the fewest held-out bits, and what frequencies give."""
    journal = path.with_name(f"{path.stem}.{companion}.run") / "events.jsonl"
    epochs = [json.loads(line) for line in journal.read_text().splitlines()]
    epochs = [each for each in epochs if each["event"] == "epoch"]
    best = min(epochs, key=lambda each: each["held_out_loss"])
    return best["bits_per_second"], best["frequencies_bits_per_second"]


def show_takes(model: distill.Model, told: argparse.Namespace) -> None:
    """Write sixteen takes, and draw them beside held-out clips and their reconstructions."""
    takes, again = [], []
    for take in model.takes(range(16)):
        takes.append(take.save(told.out / f"take-{take.seed}.wav"))
    real = [told.data / name for name in model.header.training["held_out"][:8]]
    for path in real:
        out = told.out / f"again-{path.stem}.wav"
        model.reconstruct(distill.Sound.read(path)).save(out)
        again.append(out)
    rows = [
        ("held out", real), ("reconstructed", again), ("new", takes[:8]), ("new", takes[8:])
    ]  # fmt: skip
    pictures.draw(rows, told.out / "takes.png")


if __name__ == "__main__":
    main()
