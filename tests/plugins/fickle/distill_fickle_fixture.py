"""Hush under another name, which fails where the environment tells it to.

FICKLE="distill_build raises" makes that hook do that: see ACTIONS. `good` must be there, too.
"""

import errno
import os

import attrs
import distill_hush_fixture as hush
from distill_core import hookimpl


class Stop(BaseException):
    """What `except Exception` does not catch."""


def ours():
    """Give an error of Distill's own."""
    from distill_core import DatasetError

    return DatasetError("too few sounds for fickle", "Record more.")


def accelerator():
    """Give what torch raises when an accelerator's memory is used up."""
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")


ERRORS = {
    "raises": lambda: ValueError("a fickle\nmood"),
    "quits": lambda: SystemExit(0),
    "stops": lambda: Stop("no further"),
    "exhausts": MemoryError,
    "fills": accelerator,
    "unlinks": lambda: OSError("libfickle.so.7: cannot open shared object file"),
    "overflows": lambda: OSError(errno.ENOSPC, "No space left on device", "/somewhere"),
    "complains": ours,
    "interrupts": KeyboardInterrupt,
}
ANSWERS = {"nothing": None, "number": 7, "nan": {"slider": float("nan")}, "object": {"x": object()}}


def answer(hook, own):
    """Do as the environment tells, or as hush does."""
    told, _, action = os.environ.get("FICKLE", "").partition(" ")
    if told != hook:
        return own()
    if action in ERRORS:
        raise ERRORS[action]()
    return ANSWERS[action]


@hookimpl
def distill_model_types():
    """Say what it brings."""
    return [attrs.evolve(hush.distill_model_types()[0], name="fickle")]


@hookimpl
def distill_adapt(configs, facts):
    """Fill what is automatic."""
    return answer("distill_adapt", lambda: hush.distill_adapt(configs, facts))


@hookimpl
def distill_build(config):
    """Build."""
    return answer("distill_build", lambda: hush.distill_build(config))


@hookimpl
def distill_load(file, device, host):
    """Leave it to core."""
    return answer("distill_load", lambda: None)


@hookimpl
def distill_train(model, config, run):
    """Train first, so that there is something to lose."""
    done = hush.distill_train(model, config, run) if run else {}
    return answer("distill_train", lambda: done)


@hookimpl
def distill_generate(model, config, request):
    """Yield, and then do as told."""
    if model is not None:
        yield from hush.distill_generate(model, config, request)
    answer("distill_generate", lambda: None)


@hookimpl
def distill_detect(header):
    """Claim nothing."""
    return answer("distill_detect", lambda: None)
