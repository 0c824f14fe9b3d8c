"""The contract between core and plugins: every hook, when it is called, and what it must give.

A plugin's function takes those of a hook's arguments that it needs, by name, in any order. Hooks
only ever grow: an argument may be added, none is taken away or renamed.

Letters: B batch, C channels, T samples.
"""

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
    from .model_type import Facts, ModelType
    from .part import Part
    from .training.run import Run

PROJECT = "distill"

hookspec = pluggy.HookspecMarker(PROJECT)  # marks a function as a hook of the contract
hookimpl = pluggy.HookimplMarker(PROJECT)  # marks a plugin's function as its answer to a hook


@hookspec
def distill_model_types() -> list[ModelType]:  # type: ignore[empty-body]
    """Say which model types a backend brings.

    Called once a process, when a command first needs the backend; for `--help`, too. Must give a
    list of records, one for each of the backend's entry points, and equal ones at every call. Must
    not import torch or anything else that is heavy, print, or look at files.

        @hookimpl
        def distill_model_types():
            return [ModelType(name="hush", versions=(1,), summary="Plays what was loud, quietly.",
                              model=HushModel, training=HushTraining, generating=HushGenerating)]
    """


@hookspec(firstresult=True)
def distill_adapt(model_type: str, configs: Configs, facts: Facts) -> Configs | None:
    """Fill what the user left automatic (None) from the data and the machine.

    Called once for each stage of a new run, after the sounds were read and before anything is
    built; a run that is resumed knows its settings. Must give the configs with every None filled
    that the backend cannot do without. Must not change what is not None. Core's default keeps the
    configs as they are.

    Args:
        model_type: which of the owner's types.
        configs: the settings of its network and of its training, as the user gave them.
        facts: what is known of the sounds, the time and the machine.

        @hookimpl
        def distill_adapt(configs, facts):
            width = configs.model.width or (4 if facts.seconds < 600 else 8)
            return attrs.evolve(configs, model=attrs.evolve(configs.model, width=width))
    """


@hookspec(firstresult=True)
def distill_build(model_type: str, config: Any, host: nn.Module | None) -> nn.Module | None:
    """Build an untrained network from its model config.

    Called before training, and twice before loading: first on torch's meta device, where tensors
    have shapes and no values. Must give a torch module; all that it has learnt later must be in
    its `state_dict`, whose names and shapes may follow from `config` and `host` alone. Must not
    look at values of tensors, read files, or seed: core has seeded the global generator, from
    which initial weights may be drawn, and puts it back.

    Args:
        model_type: which of the owner's types.
        config: an object of its model config class, as `distill_adapt` left it.
        host: for a companion, the network that it sits on; else None.

        @hookimpl
        def distill_build(config):
            return Hush(config)
    """


@hookspec(firstresult=True)
def distill_load(
    model_type: str, file: Part, device: str, host: nn.Module | None
) -> nn.Module | None:
    """Give a network ready to play.

    Called when a model file is loaded, once for the model and once for each companion in it. Must
    give the network on the device and in eval mode. Must not believe the file more than core does:
    a tensor that is missing or of another shape is an error. Core's default builds the network
    from the file's config and requires every tensor to find its place; few backends need more,
    but one that reads an older version of its own part does; `file.filled` builds and checks.

    Args:
        model_type: which of the owner's types.
        file: the part of the file that is the type's: config, tensors, extras.
        device: where the network is to be: "cpu", "cuda" or "mps".
        host: for a companion, the loaded network that it sits on; else None.

        @hookimpl
        def distill_load(file, device, host):
            tensors = dict(file.tensors)
            if "loudness" in tensors:  # as version 1 called it
                tensors["levels"] = tensors.pop("loudness")
            return file.filled(host, tensors).to(device).eval()
    """


@hookspec(firstresult=True)
def distill_train(
    model_type: str, model: nn.Module, config: Configs, run: Run
) -> dict[str, Any] | None:
    """Train a network in place, through core's loop (`run.fit`) or one of its own.

    Called once a stage, and once more when a run is resumed; `run.fit` then goes on where it was,
    a loop of its own begins anew. Must leave in the network what is to be saved, and give a
    JSON-able table of what is known only afterwards (kept with the model as its extras), an empty
    one, or None. A loop of its own must also look at `run.stopping` between steps and tell them
    (`run.tell_step`). Must not write outside `run.folder`, nor seed anything: core has seeded
    torch's global generator, and seeds it again before each step of `run.fit`; draw from that.

    Args:
        model_type: which of the owner's types.
        model: the untrained network, on the device to train on.
        config: its settings, nothing left automatic that `distill_adapt` fills.
        run: the sounds, the budget, the host, and a voice to tell events with.

        @hookimpl
        def distill_train(model, config, run):
            run.fit(HushObjective(model, config.training, run))
            return {"seconds_heard": round(run.dataset.seconds, 3)}
    """


@hookspec(firstresult=True)
def distill_generate(
    model_type: str, model: nn.Module, config: Any, request: Request
) -> Iterator[Tensor | Chunk] | None:
    """Make sounds: yield chunks that join without a seam.

    Called once for each batch of takes, within `torch.inference_mode()`; core closes the iterator
    when it has enough, or when the user stops, which happens between chunks. Must yield float32
    tensors [B, C, T_i] at the model's sample rate, where B is `len(request.rngs)` and C
    `request.channels`, or `Chunk` records where takes end at different times; in all,
    `request.samples` of each take, or one sound to its natural end where that is None. Must not
    draw from anything but `request.rngs`, one generator a take, so that a take is the same alone
    and among others; nor change the network, nor a chunk that was yielded, nor let memory follow
    the length where that can be avoided.

    Args:
        model_type: which of the owner's types.
        model: the loaded network, in eval mode.
        config: an object of its generating config class.
        request: how many takes, how long, and what to draw them from.

        @hookimpl
        def distill_generate(model, config, request):
            shape = (model.channels, request.samples or model.sample_rate)
            noise = torch.stack([torch.randn(shape, generator=rng) for rng in request.rngs])
            yield config.loudness * model() * noise  # [B, C, T]
    """


@hookspec
def distill_detect(header: Header) -> str | None:
    """Name the model type of a header that names none, or one that nobody here brings.

    Called when such a file is loaded; every plugin is asked, so that a second claimant shows.
    Must give the name of an installed type whose backend can read the file, or None. Must not
    read anything but the header, nor claim what it only might be.

    Args:
        header: the words of the file about itself, and the names and shapes of its tensors.

        @hookimpl
        def distill_detect(header):
            return "hush" if header.told.get("made_by") == "hush 0.1" else None
    """


@hookspec
def distill_event(event: Event) -> None:
    """Watch a run.

    Called for every event of a run, in the training process, as soon as it was written to the
    run's journal. What it gives is not looked at. Must not take long (training waits for it) and
    must not change anything of the run; a failure here is told as a warning and ends nothing.

    Args:
        event: what happened; its class, or `event.event`, tells which kind it is.

        @hookimpl
        def distill_event(event):
            if event.event == "done":
                print(f"{event.model} is ready.", file=sys.stderr)
    """
