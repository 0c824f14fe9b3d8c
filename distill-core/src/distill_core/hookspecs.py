"""The contract between core and plugins: every hook, when it is called, and what it must give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .configs import Configs
    from .events import Event
    from .generating.request import Chunk, Request
    from .header import Header
    from .loading import Part
    from .model_type import Facts, ModelType
    from .training.run import Run

PROJECT = "distill"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def distill_model_types() -> list[ModelType]:  # type: ignore[empty-body]
    """Say which model types a backend brings.

    Called once, when the backend is first needed. Must not import torch.

        @hookimpl
        def distill_model_types():
            return [ModelType(name="hush", versions=(1,), summary="Plays silence.",
                              model=HushModel, training=HushTraining, generating=HushGenerating)]
    """


@hookspec(firstresult=True)
def distill_adapt(model_type: str, configs: Configs, facts: Facts) -> Configs | None:
    """Fill what the user left automatic (None) from the data and the machine.

    Called after the data was scanned and before anything is built. Must not change what is not
    None. Core's default keeps the configs as they are.

        @hookimpl
        def distill_adapt(configs, facts):
            width = configs.model.width or (64 if facts.seconds < 600 else 128)
            return attrs.evolve(configs, model=attrs.evolve(configs.model, width=width))
    """


@hookspec(firstresult=True)
def distill_build(model_type: str, config: Any, host: nn.Module | None) -> nn.Module | None:
    """Build an untrained network from its model config.

    Called before training and before loading, there also on torch's meta device, so it must
    not look at values. Must not seed: core has seeded the global generator and restores it.

    Args:
        model_type: which of the owner's types.
        config: an object of its model config class, without None.
        host: for a companion, the loaded network it sits on.

        @hookimpl
        def distill_build(config, host):
            return Hush(config.sample_rate, config.channels)
    """


@hookspec(firstresult=True)
def distill_load(
    model_type: str, file: Part, device: str, host: nn.Module | None
) -> nn.Module | None:
    """Give a network ready to play, on the device and in eval mode.

    Core's default builds it from the file's config and requires every tensor to find its place;
    few backends need more.

        @hookimpl
        def distill_load(file, device, host):
            network = Hush(file.config.sample_rate, file.config.channels)
            network.load_state_dict(file.tensors)
            return network.to(device).eval()
    """


@hookspec(firstresult=True)
def distill_train(
    model_type: str, model: nn.Module, config: Configs, run: Run
) -> dict[str, Any] | None:
    """Train a network in place, through core's loop (`run.fit`) or one of its own.

    Must look at `run.stopping` between steps, report through `run.emit`, draw randomness from
    torch's global generator only, and not write outside `run.folder`. What it returns (a
    JSON-able table, or an empty one) is kept with the model as its extras.

        @hookimpl
        def distill_train(model, config, run):
            run.fit(HushObjective(model, config.training, run.dataset))
            return {}
    """


@hookspec(firstresult=True)
def distill_generate(
    model_type: str, model: nn.Module, config: Any, request: Request
) -> Iterator[Tensor | Chunk] | None:
    """Make sounds: yield seamless chunks, float32 [B, C, T_i], at the model's sample rate.

    B is `len(request.rngs)`, one generator a take, and all randomness must come from them. The
    chunks of a take join without a seam. `request.samples` is the length of each take, or None
    for one sound to its natural end. Where takes end at different times, yield `Chunk` records.

        @hookimpl
        def distill_generate(model, config, request):
            yield torch.zeros(len(request.rngs), model.channels, request.samples or 48_000)
    """


@hookspec
def distill_detect(header: Header) -> str | None:
    """Name the model type of a header that names none, or one that nobody here brings; else None.

    Every plugin is asked, so that a second claimant shows. Must read nothing but the header.

        @hookimpl
        def distill_detect(header):
            return "hush" if "hush_level" in header.told else None
    """


@hookspec
def distill_event(event: Event) -> None:
    """Watch a run. Called in the training process; a failure here is reported and ends nothing.

    @hookimpl
    def distill_event(event):
        if event.event == "done":
            print("Done.")
    """
