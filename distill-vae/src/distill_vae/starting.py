"""Where a network begins: at the statistics and principal components of what it is to learn.

Letters: B batch, C channels, T samples, N frames, L latent frames, P patches, R numbers of a patch,
D numbers of a latent.

A linear autoencoder is at its best with the principal components of its data (Baldi and Hornik
1989), which need no training at all; the blocks then learn what a straight path cannot say.
"""

from __future__ import annotations

import torch
from distill_core import Run
from torch import Tensor, nn

from .configs import VAETraining
from .network import ConvVAE, patch_size
from .shifting import shift_bands
from .spectrogram import normalize

MEASURED_SECONDS = 600.0  # of training sound that the statistics are measured on
PIECE_SECONDS = 20.0  # of a clip are measured at once
LEAST_VARIANCE = 1e-4  # of a channel
MOST_PATCHES, MOST_NUMBERS = 6000, 8_000_000  # that components are found from: 32 MB
MOST_BATCHES = 512
POWER_ROUNDS = 4  # of the randomised decomposition; more bring nothing here
SPARE = 8  # directions it follows beyond those that are kept
LEAST_DEVIATION = 1e-2  # along a component, in deviations of the magnitudes; less is rounding
NOISE = 0.3  # of the first posteriors, in deviations of the magnitudes
LOUDEST_NOISE = 0.9  # in deviations of a latent


@torch.no_grad()
def start(model: ConvVAE, config: VAETraining, run: Run) -> None:
    """Set a new network's statistics, and its straight paths to the principal components."""
    _measure_stats(model, run)
    _start_straight(model, _draw_patches(model, config, run))


def _start_straight(model: ConvVAE, patches: Tensor) -> None:
    """Let latents be the principal components of patches [P, R], each of deviation 1."""
    mean, size = patches.mean(0), model.latent_size
    centred = patches - mean
    kept = min(size, *centred.shape)
    followed = min(kept + SPARE, *centred.shape)
    *_, directions = torch.svd_lowrank(centred, q=followed, niter=POWER_ROUNDS)  # [R, q]
    directions = directions.T[:kept]  # [D', R]
    deviations = (centred @ directions.T).std(0, correction=0).clamp_min(LEAST_DEVIATION)
    inwards, outwards = model.encoder, model.decoder
    for layer in (inwards.straight, outwards.straight, inwards.leave, outwards.leave):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    inwards.straight.weight[:kept] = directions / deviations[:, None]
    inwards.straight.bias[:kept] = -(directions @ mean) / deviations
    outwards.straight.weight[:, :kept] = (directions * deviations[:, None]).T
    outwards.straight.bias.copy_(mean)
    noise = (NOISE / deviations).clamp_max(LOUDEST_NOISE)
    inwards.leave.bias[size : size + kept] = 2 * torch.log(noise)


def _draw_patches(model: ConvVAE, config: VAETraining, run: Run) -> Tensor:
    """Draw patches [P, R] of normalised magnitudes as the training will see them."""
    size = patch_size(model.config)
    wanted = max(model.latent_size + 1, min(MOST_PATCHES, MOST_NUMBERS // size))
    samples = round(config.crop_seconds * model.sample_rate)
    found: list[Tensor] = []
    count = 0
    for step in range(MOST_BATCHES):
        run.leave_if_stopping()
        audio = run.dataset.crops(run.seed, step, config.batch, samples).audio.to(run.device)
        made = shift_bands(model.spectrograms(audio), config.band_shift)  # [B, C, 2, M, N]
        frames = normalize(made, model.normalization_stats).permute(0, 4, 1, 2, 3).flatten(2)
        found.append(model.encoder.patches(frames).flatten(0, 1))
        count += len(found[-1])
        if count >= wanted:
            break
    return torch.cat(found)[:wanted]


def _measure_stats(model: ConvVAE, run: Run) -> None:
    """Measure mean and deviation of both channels on the training clips, as far as needed."""
    piece = round(PIECE_SECONDS * model.sample_rate)
    left = MEASURED_SECONDS
    sums = torch.zeros(2, 3, dtype=torch.float64)  # of each channel: values, their squares, count
    for clip in run.dataset.train:
        for audio in torch.split(run.dataset.waveform(clip), piece, -1):  # [C, T]
            run.leave_if_stopping()
            made = model.spectrograms(audio[None].to(run.device)).transpose(1, 2).flatten(2)[0]
            for channel, values in enumerate(made.double().cpu()):
                counted = values[values != 0] if channel else values  # masked ones tell nothing
                sums[channel] += torch.stack(
                    [counted.sum(), counted.square().sum(), torch.tensor(float(len(counted)))]
                )
            left -= audio.shape[-1] / model.sample_rate
        if left <= 0:
            break
    means = sums[:, :2] / sums[:, 2:].clamp_min(1)
    mean, variance = means[:, 0], means[:, 1] - means[:, 0].square()
    deviation = variance.clamp_min(LEAST_VARIANCE).sqrt()
    model.stats.copy_(torch.stack([mean, deviation], 1).flatten())
