"""Backends of another contract than core's: newer ones are told of, older ones work."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import distill_core as distill
import numpy as np
import pytest
from distill_core.errors import BackendError
from distill_core.skew import meant_hook

from . import bring, registry

LACKS = f"which distill-core {version('distill-core')} does not"
ENTRIES = "[distill.backends]\nskewed = distill_skewed\n"
RIGHT = """
import attrs
from distill_core import ModelType, hookimpl, knob

@attrs.frozen(kw_only=True)
class Model:
    sample_rate: int = knob(8000, help="Sample rate.", min=8000, max=48000)
    channels: int = knob(1, help="1 is mono.", min=1, max=2)

@attrs.frozen(kw_only=True)
class Empty:
    pass

@hookimpl
def distill_model_types():
    return [ModelType(name="skewed", versions=(1,), summary="Is of another day.", model=Model,
                      training=Empty, generating=Empty)]
"""
# what a backend looked like before its hooks were given more
OLDER = (
    RIGHT
    + """
@hookimpl
def distill_adapt(configs):
    return configs

@hookimpl
def distill_build():
    from torch import nn
    return nn.Linear(1, 1)

@hookimpl
def distill_train(model):
    model.weight.data.fill_(0.25)

@hookimpl
def distill_load(file):
    from torch import nn
    network = nn.Linear(1, 1)
    network.load_state_dict(file.tensors)
    return network

@hookimpl
def distill_generate(model, request):
    import torch
    drawn = [torch.rand(1, request.samples, generator=rng) for rng in request.rngs]
    yield model.weight.detach() * torch.stack(drawn)

heard = []

@hookimpl
def distill_event():
    heard.append(1)
"""
)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "@hookimpl\ndef distill_quantum_foam(model): ...",
            f"it has a hook 'distill_quantum_foam', {LACKS} know",
        ),
        (
            "@hookimpl\ndef distill_generator(model): ...",
            f"it has a hook 'distill_generator', {LACKS} know; distill_generate may be meant",
        ),
        (
            "@hookimpl\ndef distill_build(config, weather): ...",
            f"its distill_build asks for 'weather', {LACKS} give",
        ),
        ("from distill_core import Dream", f"it imports distill_core.Dream, {LACKS} have"),
        ("import distill_core.dreams", f"it imports distill_core.dreams, {LACKS} have"),
        (
            "knob(1, help='How deep it sleeps.', dream=3)",
            f"it gives knob the argument 'dream', {LACKS} know",
        ),
        (
            "ModelType(name='skewed', dream=3)",
            f"it gives ModelType the argument 'dream', {LACKS} know",
        ),
    ],
)  # fmt: skip
def test_what_a_newer_contract_has_is_refused_by_name(
    tmp_path: Path, source: str, reason: str
) -> None:
    """It may be a typing error as well, so that the cure is for both."""
    folder = bring(tmp_path, "distill-skewed", f"{RIGHT}\n{source}\n", ENTRIES)
    with registry(folder) as found:
        with pytest.raises(BackendError) as caught:
            found.owner("skewed")
        (broken,) = found.broken.values()
    assert broken.reason == reason
    assert broken.cure == (
        "Upgrade distill-core (pip install --upgrade distill-core) or the plugin (pip install"
        " --upgrade distill-skewed), or remove it (pip uninstall distill-skewed)."
    )
    assert str(caught.value) == f"distill-skewed is broken: {reason}. {broken.cure}"


def test_a_backend_whose_hooks_take_fewer_arguments_works(pack: Path, tmp_path: Path) -> None:
    """Hooks only ever grow: what was written for fewer arguments is given those."""
    folder = bring(tmp_path, "distill-skewed", OLDER, ENTRIES)
    with registry(folder) as found:
        run = distill.train(pack, "skewed", out=tmp_path / "old.distill", steps=1, registry=found)
        model = distill.load(run.model, device="cpu", registry=found)
        take = model.generate(duration=0.5, seed=3)
        heard = found.claim("skewed").point.load().heard
    assert take.audio.samples.shape == (1, 4000)
    assert 0.2 < float(np.abs(take.audio.samples).max()) <= 0.25
    assert heard


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("distill_generat", "distill_generate"), ("distill_finish", None), ("distill_preset", None)],
)
def test_a_hook_is_guessed_by_its_own_word(typed: str, meant: str | None) -> None:
    """All hooks begin alike; a newer core's must not be taken for one that is misspelt."""
    assert meant_hook(typed) == meant
