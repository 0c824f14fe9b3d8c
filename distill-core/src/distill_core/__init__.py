"""Distill: small generative models of your own sounds, trained on the machine at hand.

    import distill_core as distill

    run = distill.train("samples/", minutes=5, out="kit.distill")
    take = distill.load(run.model).generate(duration=4, seed=7)
    take.save("take.wav")

Heavy names (anything that needs torch or numpy) are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .configs import Configs
from .errors import (
    AudioError,
    BackendError,
    ConfigError,
    DatasetError,
    DistillError,
    DivergedError,
    Interrupted,
    ModelFileError,
    PartialError,
    StorageError,
)
from .events import Done, EpochMetrics, Event, Preview, Saved, Started, StepMetrics, Warned
from .header import Header
from .hookspecs import hookimpl, hookspec
from .knobs import knob
from .library import find
from .model_type import Facts, ModelType
from .protocols import Blends, Morphs, Reconstructs, ShowsVectors, Tokenizer
from .registry import Registry

if TYPE_CHECKING:
    from .audio.crops import Crops
    from .audio.dataset import Clip, Dataset
    from .audio.sound import Sound
    from .audio.stitching import decode_in_pieces, one_after_another, tail_length
    from .companions import put_companion
    from .evaluating.evaluate import Evaluation, evaluate
    from .generating.request import SECONDS_GOING_ON, Chunk, Partner, Request
    from .generating.take import Take
    from .loading import load
    from .model import Model
    from .nn.blocks import ConvNeXtBlock
    from .nn.mels import mel_filters
    from .part import Part
    from .training.crop_objective import CropObjective
    from .training.job import Trained
    from .training.objective import Objective
    from .training.resume import resume
    from .training.run import Outcome, Run
    from .training.train import train, train_companion

LAZY = {
    "Chunk": "generating.request",
    "Clip": "audio.dataset",
    "ConvNeXtBlock": "nn.blocks",
    "CropObjective": "training.crop_objective",
    "Crops": "audio.crops",
    "Dataset": "audio.dataset",
    "Evaluation": "evaluating.evaluate",
    "Model": "model",
    "Objective": "training.objective",
    "Outcome": "training.run",
    "Part": "part",
    "Partner": "generating.request",
    "Request": "generating.request",
    "Run": "training.run",
    "SECONDS_GOING_ON": "generating.request",
    "Sound": "audio.sound",
    "Take": "generating.take",
    "Trained": "training.job",
    "decode_in_pieces": "audio.stitching",
    "evaluate": "evaluating.evaluate",
    "load": "loading",
    "mel_filters": "nn.mels",
    "one_after_another": "audio.stitching",
    "put_companion": "companions",
    "resume": "training.resume",
    "tail_length": "audio.stitching",
    "train": "training.train",
    "train_companion": "training.train",
}


def header(model: str) -> Header:
    """Read a model file's header by path, name or id, without torch.

    Raises:
        ConfigError: there is no such file.
        ModelFileError: it is no Distill model, or its header is damaged.
    """
    from .header import read_header

    return read_header(find(model))


def __getattr__(name: str) -> Any:
    """Import a heavy name when it is first used."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{LAZY[name]}", __name__), name)


__all__ = [
    "SECONDS_GOING_ON",
    "AudioError",
    "BackendError",
    "Blends",
    "Chunk",
    "Clip",
    "ConfigError",
    "Configs",
    "ConvNeXtBlock",
    "CropObjective",
    "Crops",
    "Dataset",
    "DatasetError",
    "DistillError",
    "DivergedError",
    "Done",
    "EpochMetrics",
    "Evaluation",
    "Event",
    "Facts",
    "Header",
    "Interrupted",
    "Model",
    "ModelFileError",
    "ModelType",
    "Morphs",
    "Objective",
    "Outcome",
    "Part",
    "PartialError",
    "Partner",
    "Preview",
    "Reconstructs",
    "Registry",
    "Request",
    "Run",
    "Saved",
    "ShowsVectors",
    "Sound",
    "Started",
    "StepMetrics",
    "StorageError",
    "Take",
    "Tokenizer",
    "Trained",
    "Warned",
    "decode_in_pieces",
    "evaluate",
    "find",
    "header",
    "hookimpl",
    "hookspec",
    "knob",
    "load",
    "mel_filters",
    "one_after_another",
    "put_companion",
    "resume",
    "tail_length",
    "train",
    "train_companion",
]
