"""What must be written, and what must not be, in sources and tracked files."""

from __future__ import annotations

import ast
import inspect
import subprocess
from collections.abc import Callable
from typing import Any

import pluggy
import pytest
from distill_core import hookspecs

from .sources import ROOT, files, tree

# written in halves, so that this file does not contain them
MACHINE = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "C:" + "\\Users")
REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "download.py" + "torch.org",
    "anaconda" + ".org",
)
READ_BY_PEOPLE = {".py", ".toml", ".md", ".txt", ".yml", ".yaml", ".json", ".cfg", ".sh", ""}


def hooks() -> dict[str, Callable[..., Any]]:
    """Collect the hooks of the contract."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    return {
        name: found
        for name, found in vars(hookspecs).items()
        if inspect.isfunction(found) and manager.parse_hookspec_opts(hookspecs, name) is not None
    }


def example(hook: Callable[..., Any]) -> ast.FunctionDef:
    """Read the example out of a hook's docstring."""
    lines = (inspect.getdoc(hook) or "").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip() == "@hookimpl")
    (found,) = ast.parse(inspect.cleandoc("\n".join(["", *lines[start:]]))).body
    assert isinstance(found, ast.FunctionDef)
    return found


def test_the_contract_has_hooks() -> None:
    """The rules about hooks must have something to look at."""
    assert {"distill_model_types", "distill_event", "distill_generate"} <= set(hooks())


@pytest.mark.parametrize("name", sorted(hooks()))
def test_every_hook_shows_a_plugin(name: str) -> None:
    """The docstring is where a stranger starts: its example must fit the hook it stands under."""
    hook = hooks()[name]
    shown = example(hook)
    assert shown.name == name
    known = set(inspect.signature(hook).parameters)
    assert {argument.arg for argument in shown.args.args} <= known
    assert len(inspect.getdoc(hook) or "") > 100


def test_hooks_are_verbs_of_distill() -> None:
    """One prefix, so that a plugin's other names never become hooks by accident."""
    assert all(name.startswith(hookspecs.PROJECT + "_") for name in hooks())


def test_every_source_file_says_what_it_is_for() -> None:
    """A reader decides by the first line whether to read on."""
    bare = [
        str(file.relative_to(ROOT))
        for file in files()
        if len((ast.get_docstring(tree(file)) or "").splitlines()[:1]) == 0
    ]
    assert not bare


def tracked() -> list[str]:
    """List what git has, or would have with the next commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(set(done.stdout.splitlines()))


def test_no_file_holds_a_path_of_this_machine_or_a_package_registry() -> None:
    """Both end at the next machine; where packages come from is for pip's own settings to say."""
    words = (*MACHINE, *REGISTRIES, f"{ROOT}/")
    looked_at, said = 0, []
    for name in tracked():
        file = ROOT / name
        if file.suffix not in READ_BY_PEOPLE or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8")
        looked_at += 1
        said += [f"{name}: {word}" for word in words if word in text]
    assert looked_at > 50
    assert not said
