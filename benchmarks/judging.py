"""Hold what a model invents against the material that it learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import distill_core as distill
from generation import copying, generation_score

FIRST_SEEDS = (500, 1500, 2500, 3500, 4500)  # of each set of 64 takes


def judge_takes(model: distill.Model, data: Path) -> dict[str, Any]:
    """Hold sets of 64 takes against the material: do they resemble it, are they copies?

    One set says little: the score moves by tens between sets of one model.
    """
    rate, held = model.sample_rate, set(model.header.training["held_out"])
    real = {
        path.name: distill.Sound.read(path).to(sample_rate=rate, channels=1).samples[0]
        for path in sorted(data.glob("*.*"))
        if path.suffix in {".wav", ".flac", ".ogg", ".mp3", ".aiff"}
    }
    sets = [
        [take.audio.to(channels=1).samples[0] for take in model.takes(range(first, first + 64))]
        for first in FIRST_SEEDS
    ]
    made = sets[0]
    unseen = [wave for name, wave in real.items() if name in held]
    known = [wave for name, wave in real.items() if name not in held]
    copies = copying(made, unseen, known, rate)
    scores = sorted(generation_score(each, known, rate) for each in sets)
    lengths = sorted(len(wave) / rate for wave in made)
    return {
        "generation score (50 is real, 95 passes), median": scores[len(scores) // 2],
        "generation score, lowest to highest": f"{scores[0]} to {scores[-1]}",
        "nearest clip: takes, dB": copies["takes"],
        "nearest clip: unseen files, dB": copies["unseen"],
        "takes nearer than unseen files, share": copies["share"],
        "length of takes, 10 %": lengths[6],
        "length of takes, median": lengths[32],
        "length of takes, 90 %": lengths[57],
    }
