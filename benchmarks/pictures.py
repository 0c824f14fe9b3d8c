"""Draw takes beside real clips as spectrograms: what a table of distances does not show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import distill_core as distill
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch

WINDOW, HOP = 2048, 256
QUIETEST = -90.0  # dB, of what is drawn
SHOWN_SECONDS = 2.0


def draw(rows: Sequence[tuple[str, Sequence[Path]]], path: Path, rate: int = 48_000) -> None:
    """Draw rows of sounds, each with its title, into one PNG."""
    columns = max(len(sounds) for _, sounds in rows)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(2.2 * columns, 2.4 * len(rows)), squeeze=False
    )
    for (title, sounds), line in zip(rows, axes, strict=True):
        for place, axis in enumerate(line):
            axis.set_xticks([])
            axis.set_yticks([])
            if place < len(sounds):
                _draw_one(axis, sounds[place], rate)
        line[0].set_ylabel(title)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_one(axis: plt.Axes, path: Path, rate: int) -> None:
    sound = distill.Sound.read(path).to(sample_rate=rate, channels=1)
    wave = torch.from_numpy(np.array(sound.cut(round(SHOWN_SECONDS * rate)).samples[0]))
    spectrum = torch.stft(
        wave, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True
    ).abs()  # [F, N]
    decibels = 20 * torch.log10(spectrum / (WINDOW / 4) + 1e-9)
    # logarithmic in frequency: row i shows the bin at 40 Hz * (Nyquist / 40 Hz) ** (i / rows)
    rows = torch.logspace(np.log10(40), np.log10(rate / 2 * 0.99), 160)
    bins = (rows / (rate / WINDOW)).long().clamp_max(spectrum.shape[0] - 1)
    image = decibels[bins].numpy()
    axis.imshow(image, origin="lower", aspect="auto", cmap="magma", vmin=QUIETEST, vmax=0)
    axis.set_title(f"{path.stem[:18]}\n{sound.seconds:.2f} s", fontsize=7)
