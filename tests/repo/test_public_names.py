"""Whoever brings a model type uses core's public names alone, ours as much as a stranger's."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import distill_core
import pytest
from distill_core import Model, reserved
from distill_core.training.train import train, train_companion

from .sources import DISTRIBUTIONS, ROOT, files, project, tree

GROUPS = {"distill.backends", "distill.companions", "distill.commands", "distill.plugins"}
BACKENDS = [name for name in DISTRIBUTIONS if GROUPS & set(project(name).get("entry-points", {}))]
EXAMPLES = sorted(ROOT.glob("examples/*/pyproject.toml"))
TESTING = "distill_core.testing"


def faults(module: ast.Module, *, test: bool = False) -> list[str]:
    """List what a file takes of core that is not public.

    Args:
        module: the file.
        test: whether it is a test, which may inherit the conformance suite.
    """
    found, called = [], set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "distill_core":
                    called.add(alias.asname or alias.name)
                elif alias.name.startswith("distill_core."):
                    found.append(f"{node.lineno}: import {alias.name}")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = {alias.name for alias in node.names}
            if node.module == "distill_core":
                found += [f"{node.lineno}: {each}" for each in sorted(names - PUBLIC)]
            elif test and node.module == TESTING and names == {"BackendTests"}:
                continue
            elif str(node.module).startswith("distill_core."):
                found.append(f"{node.lineno}: from {node.module}")
    return found + [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in called
        and node.attr not in PUBLIC
    ]


PUBLIC = set(distill_core.__all__)


def test_there_are_backends_to_look_at() -> None:
    """The rule must have something to hold."""
    assert len(BACKENDS) >= 2


@pytest.mark.parametrize("name", BACKENDS)
def test_our_backends_use_public_names_alone(name: str) -> None:
    """What they took from within core, a stranger's could not rely on."""
    said = {str(file.relative_to(ROOT)): faults(tree(file)) for file in files(name)}
    assert not {file: lines for file, lines in said.items() if lines}


@pytest.mark.parametrize("found", EXAMPLES, ids=[each.parent.name for each in EXAMPLES])
def test_examples_use_public_names_alone(found: Path) -> None:
    """They are what strangers begin from."""
    assert tomllib.loads(found.read_text(encoding="utf-8"))["project"]["dependencies"]
    sources = sorted(found.parent.rglob("*.py"))
    said = {
        str(file.relative_to(ROOT)): faults(tree(file), test=file.name.startswith("test_"))
        for file in sources
    }
    assert said
    assert not {file: lines for file, lines in said.items() if lines}


def test_every_public_name_is_there() -> None:
    """A name that is listed and cannot be had would be found by strangers first."""
    assert sorted(PUBLIC) == sorted(set(distill_core.__all__))
    for name in PUBLIC:
        assert getattr(distill_core, name) is not None
    assert set(distill_core.LAZY) <= PUBLIC


def test_public_names_cost_nothing_until_they_are_used() -> None:
    """Backends import core at their top level, which every --help does."""
    code = (
        "import sys, distill_core\n"
        "heavy = {'torch', 'torchaudio', 'numpy', 'soundfile', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert distill_core.one_after_another and 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_setting_takes_a_name_that_core_uses_itself() -> None:
    """Settings and core's own arguments are keywords of one call, in Python."""
    for job, functions in {
        reserved.TRAINING: [train],
        reserved.COMPANION: [train_companion],
        reserved.GENERATING: [Model.generate, Model.takes],
    }.items():
        own = {name for each in functions for name in inspect.signature(each).parameters}
        assert own - {"self", "knobs"} <= reserved.KEYWORDS[job], job


@pytest.mark.parametrize(
    "text",
    [
        "from distill_core.registry import environment",
        "import distill_core.registry",
        "from distill_core import registry",
        "def f():\n    from distill_core.knobs import knob",
        "import distill_core as distill\ndistill.registry.environment()",
    ],
)
def test_the_rule_finds_what_it_forbids(text: str) -> None:
    """A rule that cannot fail would be a comfort and no more."""
    assert faults(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "from distill_core import knob, Crops",
        "from .registry import environment",
        "import distill_core as distill\ndistill.train('x')",
    ],
)
def test_the_rule_lets_public_names_pass(text: str) -> None:
    """Also those that are imported when they are used."""
    assert not faults(ast.parse(text))
