"""No pickle can be reached, and no text becomes code (reliability R8)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .sources import ROOT, files, tree

# modules that have no other use, and what is forbidden of modules that have
MODULES = {
    "_pickle", "cPickle", "cloudpickle", "code", "codeop", "dill", "joblib", "marshal",
    "multiprocessing", "pickle", "runpy", "shelve", "torch.hub", "torch.package",
}  # fmt: skip
NAMES = {
    "asyncio.create_subprocess_shell", "builtins.__import__", "builtins.compile", "builtins.eval",
    "builtins.exec", "importlib.__import__", "importlib.util.spec_from_file_location",
    "numpy.lib.format.read_array", "os.popen", "os.system", "pandas.read_pickle",
    "subprocess.getoutput", "subprocess.getstatusoutput", "torch.export.load", "torch.jit.load",
    "torch.load", "torch.serialization.load", "yaml.full_load", "yaml.load", "yaml.load_all",
    "yaml.unsafe_load",
}  # fmt: skip
BUILTIN = {"<eval>", "<exec>", "<compile>", "<__import__>"}  # as a name that nothing imports
IMPORTERS = {"importlib.import_module", "importlib.util.find_spec"}
ALLOW_PICKLE = 2  # the place of `allow_pickle` among numpy.load's arguments


def everything() -> list[Path]:
    """List the sources, and what else of ours is run."""
    return [*files(), ROOT / "noxfile.py", *sorted((ROOT / "benchmarks").rglob("*.py"))]


def aliases(module: ast.Module) -> dict[str, str]:
    """Map a file's names to what they were imported as: np to numpy, read to torch.load."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                found[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def faults(module: ast.Module) -> list[str]:
    """List what a file names or calls that is forbidden, with its lines.

    Naming is enough: `read = torch.load` and `map(eval, texts)` call it later.
    """
    known, said = aliases(module), []
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            said += [f"{node.lineno}: {name}" for name in _imported(node) if _is_forbidden(name)]
        elif isinstance(node, ast.Name | ast.Attribute):
            name = _full(node, known)
            if _is_forbidden(name) or name in BUILTIN:
                said.append(f"{node.lineno}: {name}")
        elif isinstance(node, ast.Call):
            said += [f"{node.lineno}: {fault}" for fault in _call(node, known)]
    return said


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [] if node.level else [f"{node.module}.{alias.name}" for alias in node.names]


def _is_forbidden(name: str) -> bool:
    return name in NAMES or any(name == each or name.startswith(each + ".") for each in MODULES)


def _full(node: ast.expr, known: dict[str, str]) -> str:
    """Give the full name of what is named: t.load is torch.load, a variable's is its own."""
    first, *rest = ast.unparse(node).split(".")
    return ".".join([known.get(first, f"<{first}>"), *rest])


def _call(node: ast.Call, known: dict[str, str]) -> list[str]:
    """Judge what a call is given."""
    name = _full(node.func, known)
    options = {word.arg: ast.unparse(word.value) for word in node.keywords}
    if name == "numpy.load" and len(node.args) > ALLOW_PICKLE:
        options["allow_pickle"] = ast.unparse(node.args[ALLOW_PICKLE])
    found = [
        f"{name}({option}={options[option]})"
        for option in ("allow_pickle", "shell")
        if options.get(option, "False") != "False"
    ]
    if name in IMPORTERS and not (node.args and _is_ours(node.args[0])):
        found.append(f"{name} of a name that comes from elsewhere")
    return found


def _is_ours(name: ast.expr) -> bool:
    """Say whether a module's name is written out, or is below our own package at least."""
    if isinstance(name, ast.JoinedStr):
        name = name.values[0]
        return isinstance(name, ast.Constant) and str(name.value).startswith(".")
    return isinstance(name, ast.Constant)


def test_r8_no_source_can_unpickle_or_run_text() -> None:
    """A model file from a stranger never runs code, however it is built."""
    said = [
        f"{file.relative_to(ROOT)}:{each}" for file in everything() for each in faults(tree(file))
    ]
    assert len(everything()) > 60
    assert not said


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ntorch.load('x')",
        "from torch import load as read\nread('x')",
        "from torch import jit\njit.load('x')",
        "import torch as t\nt.jit.load('x')",
        "import torch\nread = torch.load",
        "import torch.serialization\ntorch.serialization.load('x')",
        "from torch.hub import load_state_dict_from_url",
        "def f():\n    from pickle import loads\n    loads(b'')",
        "import pickle as p",
        "import marshal",
        "from shelve import open as look",
        "import joblib",
        "import dill",
        "from cloudpickle import loads",
        "import multiprocessing.connection",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=maybe)",
        "import numpy as np\nnp.load('x', None, True)",
        "from numpy import load\nload('x', None, True)",
        "import yaml\nyaml.load('x')",
        "from yaml import load\nload('x')",
        "eval('1')",
        "list(map(eval, texts))",
        "exec(file.read())",
        "from builtins import exec as run\nrun('1')",
        "__import__(name)",
        "code = compile(text, 'x', 'exec')",
        "import importlib\nimportlib.import_module(header['backend'])",
        "from importlib import import_module as get\nget(name)",
        "from importlib import import_module\nimport_module(f'{name}.x')",
        "import runpy\nrunpy.run_path('x')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.Popen('ls', shell=1)",
        "from subprocess import getoutput\ngetoutput('ls')",
        "import os\nos.system('ls')",
        "from os import popen as p\np('ls')",
        "import asyncio\nasyncio.create_subprocess_shell('ls')",
    ],
)
def test_the_rule_finds_what_it_forbids(text: str) -> None:
    """A rule that cannot fail would be a comfort and no more."""
    assert faults(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "model.eval()",
        "import json\njson.load(file)",
        "import re\nre.compile('x')",
        "import torch\ntorch.compile(model)",
        "from .loading import load\nload('kit.distill')",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import numpy as np\nnp.load('x', 'r')",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "from importlib import import_module\nimport_module(f'.{name}', __package__)",
        "from importlib import import_module\nimport_module('torch')",
    ],
)
def test_the_rule_lets_the_ordinary_pass(text: str) -> None:
    """A network's eval is not the builtin, and our own load reads no pickle."""
    assert not faults(ast.parse(text))
