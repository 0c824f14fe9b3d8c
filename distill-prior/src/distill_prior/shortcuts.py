"""The names that earlier users of Distill know, over what core does today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_core import Configs, Model, Trained, put_companion, train_companion

from .configs import PriorModel
from .network import CodePrior

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "prior"
DEFAULT_SECONDS = 10.0
DEFAULT_OVERLAP = 2400  # samples: 50 ms at 48 kHz


def train_prior(
    model_path: str | Path, data: str | Path | Sequence[str | Path], **settings: Any
) -> Trained:
    """Train a prior into a model file; settings and errors as of `distill_core.train_companion`."""
    return train_companion(model_path, data, NAME, **settings)


def save_prior_to_model(
    model_path: str | Path,
    prior_model: CodePrior,
    prior_config: PriorModel | Configs,
    prior_metadata: Mapping[str, Any],
) -> None:
    """Put a trained prior into a model file; every other part stays bit for bit.

    Args:
        model_path: of the file, rewritten atomically.
        prior_model: the network.
        prior_config: what rebuilds it, nothing automatic left.
        prior_metadata: what the header tells of its training (epochs_trained, final_perplexity,
            best_perplexity, training_date and what else is known); `extras`, if there, is kept
            apart and handed to generating.

    Raises:
        ModelFileError: the file is no Distill model, or damaged.
        ConfigError: there is no such file.
    """
    config = prior_config.model if isinstance(prior_config, Configs) else prior_config
    training = {key: value for key, value in prior_metadata.items() if key != "extras"}
    put_companion(model_path, NAME, prior_model, config, training, prior_metadata.get("extras"))


def generate_audio_from_prior(
    loaded: Model,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 0.9,
    duration_s: float = DEFAULT_SECONDS,
    overlap_samples: int = DEFAULT_OVERLAP,
    seed: int | None = None,
    progress_callback: Callable[[float], object] | None = None,
) -> tuple[NDArray[np.float32], int]:
    """Make one sound.

    Args:
        loaded: what `distill_core.load` gave.
        temperature: 0.1 to 2.
        top_k: 0 for all.
        top_p: 0 for all.
        duration_s: seconds.
        overlap_samples: of one sound's tail under the next.
        seed: drawn when it is not given.
        progress_callback: told the share that is made, 0 to 1.

    Returns:
        The audio, float32 [C, T], and the seed that was used.

    Raises:
        ConfigError: a setting that cannot be used, or no prior in the model yet.
    """
    total = max(1, round(duration_s * loaded.sample_rate))

    def tell(samples: int) -> None:
        if progress_callback is not None:
            progress_callback(min(1.0, samples / total))

    take = next(
        loaded.takes(
            [seed], duration_s, progress=tell, temperature=float(temperature), top_k=top_k,
            top_p=float(top_p), overlap=overlap_samples / loaded.sample_rate * 1000,
        )
    )  # fmt: skip
    return take.audio.samples, take.seed
