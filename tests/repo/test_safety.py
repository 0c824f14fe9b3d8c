"""No pickle can be reached, and no text becomes code (reliability R8)."""

from __future__ import annotations

import ast

import pytest

from .sources import ROOT, files, tree

PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
UNPICKLING = {"torch.load", "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter"}
BUILTIN = {"eval", "exec", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
NUMPY_SAFE = False  # the only value that `allow_pickle` may have


def aliases(module: ast.Module) -> dict[str, str]:
    """Map a file's names to what they were imported as: np to numpy, load to torch.load."""
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
    """List the forbidden imports and calls of a file, with their lines."""
    known, said = aliases(module), []
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)] if not node.level else []
            said += [f"{node.lineno}: {each}" for each in names if each.split(".")[0] in PICKLES]
        elif isinstance(node, ast.Call):
            said += [f"{node.lineno}: {fault}" for fault in _call(node, known)]
    return said


def _call(node: ast.Call, known: dict[str, str]) -> list[str]:
    """Judge one call by the full name of what is called."""
    first, *rest = ast.unparse(node.func).split(".")
    name = ".".join([known.get(first, first), *rest])
    options = {word.arg: ast.unparse(word.value) for word in node.keywords}
    found = []
    if name in UNPICKLING | BUILTIN | SHELLS or name.split(".")[0] in PICKLES:
        found.append(name)
    if options.get("allow_pickle", str(NUMPY_SAFE)) != str(NUMPY_SAFE):
        found.append(f"{name}(allow_pickle={options['allow_pickle']})")
    if options.get("shell", "False") != "False":
        found.append(f"{name}(shell={options['shell']})")
    return found


def test_no_source_can_unpickle_or_run_text() -> None:
    """A model file from a stranger never runs code, however it is built."""
    said = [f"{file.relative_to(ROOT)}:{each}" for file in files() for each in faults(tree(file))]
    assert len(files()) > 20
    assert not said


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ntorch.load('x')",
        "from torch import load as read\nread('x')",
        "import torch as t\nt.jit.load('x')",
        "def f():\n    from pickle import loads\n    loads(b'')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=maybe)",
        "eval('1')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import os\nos.system('ls')",
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
        "from .loading import load\nload('kit.distill')",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
    ],
)
def test_the_rule_lets_the_ordinary_pass(text: str) -> None:
    """A network's eval is not the builtin, and our own load reads no pickle."""
    assert not faults(ast.parse(text))
