"""The flags that commands own are those that core keeps from knobs, and who meets one is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import distill_core as distill
import pytest
from distill_cli.main import main
from distill_core.reserved import COMPANION, GENERATING, RESERVED, TRAINING

from ..conftest import Result
from ..plugins import bring, found, importable

GRABBING = """
import attrs
from distill_core import ModelType, hookimpl, knob
from distill_hush_fixture import *
from distill_hush_fixture import HushGenerating, HushModel, HushTraining
from distill_hush_fixture import distill_adapt, distill_build, distill_generate, distill_train

@attrs.frozen(kw_only=True)
class Grabbing(HushGenerating):
    count: float = knob(1.0, help="How many.", min=0, max=9)
    model: float = knob(1.0, help="Which one.", min=0, max=9)

@hookimpl
def distill_model_types():
    return [ModelType(name="grabbing", versions=(1,), summary="Takes too much.", model=HushModel,
                      training=HushTraining, generating=Grabbing)]
"""


@pytest.mark.parametrize(
    ("words", "job"),
    [(["train"], TRAINING), (["train-prior"], COMPANION), (["generate"], GENERATING)],
)
def test_every_flag_of_a_command_is_reserved(words: list[str], job: str) -> None:
    """The table is what backends are held against, long before they meet the command."""
    context = click.Context(main, info_name="distill")
    command = main.get_command(context, words[0])
    assert command is not None
    own = click.Command.get_params(command, click.Context(command, parent=context))
    flags = {
        flag
        for param in own
        if isinstance(param, click.Option)
        for flag in (*param.opts, *param.secondary_opts)
    }
    assert {"--device", "--json", "--help"} <= flags
    assert flags <= RESERVED[job]


@pytest.fixture
def grabbing(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a backend with a knob called as an option of `generate`; give a model of it."""
    entries = "[distill.backends]\ngrabbing = distill_grabbing\n"
    folder = bring(tmp_path, "distill-grabbing", GRABBING, entries)
    with importable("good", folder):
        plugins = distill.Registry.installed(found("good", folder))
        for module in ("commands.generate", "options", "main"):
            monkeypatch.setattr(f"distill_cli.{module}.environment", lambda: plugins)
        monkeypatch.setattr("distill_core.loading.environment", lambda: plugins)
        out = tmp_path / "model.distill"
        yield distill.train(pack, "grabbing", out=out, steps=2, registry=plugins).model


def test_a_knob_with_the_commands_flag_costs_the_command_nothing(
    grabbing: Path, distill: Callable[..., Result], tmp_path: Path
) -> None:
    """A newer command must not break an older backend; whoever may mean the knob is told."""
    told = distill("generate", grabbing, "--count", "2", "--duration", "0.1", "-o", tmp_path)
    assert told.code == 0, told.err
    assert len(list(tmp_path.glob("*.wav"))) == 2
    assert "Warning: --count is the command's own. The setting of grabbing" in told.err
    quiet = distill("generate", grabbing, "--duration", "0.1", "-o", tmp_path)
    assert quiet.code == 0
    assert "command's own" not in quiet.err


def test_a_knob_may_be_called_as_an_argument_is(
    grabbing: Path, distill: Callable[..., Result], tmp_path: Path
) -> None:
    """MODEL is no flag, so that --model is free for those who insist."""
    told = distill("generate", grabbing, "--model", "2", "--duration", "0.1", "-o", tmp_path)
    assert told.code == 0, told.err
    assert "model 2.0" in told.err
