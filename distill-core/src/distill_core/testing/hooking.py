"""Whether the hooks of a plugin are those of the contract, with arguments that core gives."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any

from .. import hookspecs
from ..errors import nearest
from ..model_type import ModelType
from ..skew import known_hooks, meant_hook
from .failing import fail
from .marks import MARK, hooks, missing
from .subject import Subject

ALL = "See distill_core.hookspecs for all that there are"


class HookTests(Subject):
    """What core can ask the plugin's module."""

    def test_every_hook_is_marked(self, plugin: Any) -> None:
        """Without @hookimpl nobody ever asks a function."""
        for name, function in vars(plugin).items():
            ours = name.startswith(f"{hookspecs.PROJECT}_") and isinstance(function, FunctionType)
            if ours and function.__module__ == plugin.__name__ and not hasattr(function, MARK):
                fail(
                    f"{name} has no @hookimpl, so that core does not ask it",
                    "Write @hookimpl (from distill_core) above it, or, where it is no hook, give it"
                    " a name that does not begin as one.",
                )

    def test_every_hook_is_known(self, plugin: Any) -> None:
        """A misspelt hook would never be asked, and its work never done."""
        known = known_hooks()
        for name, _ in hooks(plugin):
            if name not in known:
                meant = meant_hook(name)
                fail(
                    f"{name} is no hook of the installed core",
                    (f"Did you mean {meant}? " if meant else "")
                    + "Correct the name, or upgrade distill-core if it is a newer one's."
                    f" {ALL}.",
                )

    def test_every_hook_argument_is_known(self, plugin: Any) -> None:
        """Core gives each argument by its name, and only those that have no default."""
        known = known_hooks()
        for name, function in hooks(plugin):
            given = known.get(name)
            if given is None:
                continue  # told by the test of names
            for argument in inspect.signature(function).parameters.values():
                self._check_argument(name, argument, given)

    def _check_argument(self, name: str, asked: inspect.Parameter, given: tuple[str, ...]) -> None:
        wanted = f"{name} takes {asked.name}"
        listed = ", ".join(given) or "none"
        if asked.kind in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            fail(f"{wanted} for any arguments, which core leaves empty", f"Name those: {listed}.")
        if asked.name not in given:
            meant = nearest(asked.name, given).lstrip()
            fail(
                f"{wanted}, which the installed core does not give",
                f"{meant} Take of {listed}, or upgrade distill-core for a newer one's.".lstrip(),
            )
        if asked.default is not inspect.Parameter.empty or asked.kind is asked.KEYWORD_ONLY:
            fail(
                f"{wanted} with a default or as a keyword, and would never be given it",
                f"Write it plainly: def {name}(…, {asked.name}, …).",
            )

    def test_every_needed_hook_is_there(self, plugin: Any, record: ModelType) -> None:
        """Core has no answer of its own to these."""
        lacks = missing(plugin, record)
        if lacks:
            fail(
                f"It has no {' and no '.join(lacks)}",
                "Add each with @hookimpl to the module that the entry point names, or write"
                " plays=False where only distill_generate is missing and a companion is to play.",
            )
