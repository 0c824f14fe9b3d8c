"""How well a codec brings held-out files back, and how fast it works: the figures of a model."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import distill_core as distill
import numpy as np
import torch
from measures import (
    compute_bitrate,
    cut_for_measuring,
    match_to_si_sdr,
    measure_band_error,
    measure_efficiency,
    measure_match,
    measure_mel_distance,
)

DECODED_SECONDS = 10.0


def held_out_figures(model: distill.Model, data: Path) -> dict[str, Any]:
    """Measure the files that the header says were held out."""
    rate = model.sample_rate
    mels, bands, matches = [], [], []
    for name in model.header.training["held_out"]:
        sound = distill.Sound.read(data / name).to(sample_rate=rate, channels=1)
        heard = cut_for_measuring(sound.samples[0], rate).numpy()  # [T]
        again = model.reconstruct(distill.Sound(heard, rate)).to(channels=1).samples[0]
        mels.append(measure_mel_distance(heard, again, rate))
        bands.append(measure_band_error(heard, again, rate))
        matches.append(measure_match(heard, again))
    match = statistics.fmean(matches)
    return {
        "mel_distance": statistics.fmean(mels),
        "band_energy_error": statistics.fmean(bands),
        "waveform_match": match,
        "si_sdr": statistics.median(match_to_si_sdr(each) for each in matches),
        "files": len(mels),
    }


def code_figures(model: distill.Model, data: Path) -> dict[str, Any]:
    """Count the codes of all clips: bitrate, how much of it is used, dead entries at the end."""
    codec = model.host.network
    assert isinstance(codec, distill.Tokenizer)
    found = []
    for path in sorted(data.glob("*.*")):
        try:
            found.append(model.encode(distill.Sound.read(path))[0])
        except distill.AudioError:
            continue
    codes = np.concatenate(found, 1)  # [K, N]
    used = [len(np.unique(level)) for level in codes]
    return {
        "bitrate": compute_bitrate(codec.levels, codec.entries, codec.sample_rate / codec.hop),
        "bitrate_efficiency": measure_efficiency(codes, codec.entries),
        "unused": [codec.entries - count for count in used],
    }


def decoding_speed(model: distill.Model, repeats: int = 5) -> float:
    """Give seconds of sound decoded per second of work, the best of some tries."""
    codec = model.host.network
    assert isinstance(codec, distill.Tokenizer)
    frames = round(DECODED_SECONDS * codec.sample_rate / codec.hop)
    codes = torch.randint(codec.entries, (1, codec.levels, frames))
    took = []
    with torch.inference_mode():
        for _ in range(repeats):
            began = time.perf_counter()
            codec.decode(codes, frames * codec.hop)
            took.append(time.perf_counter() - began)
    return frames * codec.hop / codec.sample_rate / min(took)


def take_speed(model: distill.Model, seconds: float = 10.0) -> float:
    """Give seconds of sound made per second of work by the default settings, one stream."""
    model.generate(duration=1.0, seed=0)
    began = time.perf_counter()
    model.generate(duration=seconds, seed=1)
    return seconds / (time.perf_counter() - began)
