"""What two-channel spectrograms keep of a sound, with no network in between.

    .nox/distill/bin/python benchmarks/round_trip.py [--data FOLDER] [--threads 2]

Every tenth file, as the held-out files of a training are chosen; without --data it needs
DISTILL_REFERENCE.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from distill_core.audio.dataset import open_dataset
from distill_core.evaluating import measures
from distill_vae import ComplexSpectrogram, ComplexSpectrogramConfig

RATE = 48_000
MELS = (128, 256, 320, 512)
ROUNDS = (0, 2, 4, 6, 8, 16)


def main() -> None:
    """Print a row for the default, then one for each other size and count of rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    reference = os.environ.get("DISTILL_REFERENCE")
    parser.add_argument("--data", type=Path, default=reference and Path(reference))
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args()
    if not told.data:
        parser.error("name a folder of sounds with --data or DISTILL_REFERENCE")
    torch.set_num_threads(told.threads)
    sounds = held_out(told.data)
    usual = ComplexSpectrogramConfig()
    print("mels  rounds   mel distance   waveform match   band energy   x real time")
    others = [(mels, rounds) for mels in MELS for rounds in ROUNDS]
    for mels, rounds in [(usual.n_mels, usual.phase_rounds), *others]:
        found = judge(sounds, ComplexSpectrogramConfig(n_mels=mels, phase_rounds=rounds))
        print(
            f"{mels:4}  {rounds:6}   {found['mel']:12.3f}   {found['match']:11.2f} dB"
            f"   {found['band']:8.2f} dB   {found['speed']:11.0f}"
        )


def held_out(data: Path) -> list[torch.Tensor]:
    """Give the beginnings of the held-out clips, float32 [T] each."""
    dataset = open_dataset([data], RATE, 1)
    clips = [dataset.waveform(clip)[0] for clip in dataset.held_out]
    return [measures.cut_for_measuring(clip, RATE) for clip in clips]


def round_trip_figures(data: Path) -> dict[str, Any]:
    """Give the default representation's figures, a row each."""
    found = judge(held_out(data), ComplexSpectrogramConfig())
    return {
        "round trip: mel distance": found["mel"],
        "round trip: waveform match, dB": found["match"],
        "round trip: band-energy error, dB": found["band"],
    }


def send_through(representation: ComplexSpectrogram, sound: torch.Tensor) -> torch.Tensor:
    """Send a sound [T] there and back, [1, 1, T']."""
    spectrogram = representation.waveform_to_complex_mel(sound[None, None], RATE)
    return representation.complex_mel_to_waveform(spectrogram, sample_rate=RATE)


def judge(sounds: list[torch.Tensor], config: ComplexSpectrogramConfig) -> dict[str, float]:
    """Send sounds [T] there and back; give mean distances, and how fast it went."""
    representation = ComplexSpectrogram(config)
    send_through(representation, sounds[0])  # warm
    mels, bands, matches = [], [], []
    spent = 0.0
    for sound in sounds:
        began = time.perf_counter()
        made = send_through(representation, sound)
        spent += time.perf_counter() - began
        again = made[0, 0, : len(sound)]
        mels.append(measures.measure_mel_distance(sound, again, RATE))
        bands.append(measures.measure_band_error(sound, again, RATE))
        match = measures.measure_match(sound, again)
        if match is not None:
            matches.append(match.waveform_match)
    seconds = sum(len(sound) for sound in sounds) / RATE
    return {
        "mel": statistics.fmean(mels), "band": statistics.fmean(bands),
        "match": statistics.fmean(matches), "speed": seconds / spent,
    }  # fmt: skip


if __name__ == "__main__":
    main()
