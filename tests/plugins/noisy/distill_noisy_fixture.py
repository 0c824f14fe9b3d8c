"""Works, but does at its import what nobody asked for: prints, warns, leaves the folder."""

import os
import tempfile
import threading
import warnings

import attrs
from distill_core import ModelType, hookimpl, knob

print("Thank you for choosing noisy!")
warnings.warn("noisy is deprecated", stacklevel=1)
warnings.simplefilter("error")
os.chdir(tempfile.gettempdir())
threading.Thread(target=threading.Event().wait, args=(0.01,)).start()


@attrs.frozen(kw_only=True)
class NoisyModel:
    """What shapes the network."""

    sample_rate: int = knob(16000, help="Sample rate.")
    channels: int = knob(1, help="Channels.")


@attrs.frozen(kw_only=True)
class Nothing:
    """No settings."""


@hookimpl
def distill_model_types():
    """Say what it brings, aloud."""
    print("Here it comes!")
    return [
        ModelType(
            name="noisy", versions=(1,), summary="", model=NoisyModel, training=Nothing,
            generating=Nothing, rank=-2,
        )
    ]  # fmt: skip


@hookimpl
def distill_build(config):
    """Build next to nothing."""
    import torch

    return torch.nn.Linear(1, 1)


@hookimpl
def distill_train(model, config, run):
    """Learn nothing."""


@hookimpl
def distill_generate(model, config, request):
    """Play nothing at all."""
    import torch

    yield torch.zeros(len(request.rngs), 1, request.samples or 1)
