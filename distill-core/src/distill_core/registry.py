"""Find plugins in package metadata, import them one at a time, and ask the one who owns a type."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any

import pluggy
from attrs import define, field, frozen

from . import defaults, hookspecs
from .claims import NARROW, Claim, installed_claims, plain_name
from .controls import controls
from .diagnosis import Broken, diagnose
from .errors import BackendError, ConfigError, nearest
from .model_type import ModelType

EVERYONES = {"distill_detect", "distill_event"}  # the hooks that are not for owners only


@define
class Registry:
    """The plugins of this environment, imported only when they are needed.

    Attributes:
        claims: everything that installed distributions say they bring.
        broken: why a claim failed to load, by claim.
    """

    claims: tuple[Claim, ...]
    broken: dict[Claim, Broken] = field(factory=dict)
    _manager: pluggy.PluginManager = field(factory=lambda: _manager())  # noqa: PLW0108 - defined below
    _loaded: dict[Claim, Any] = field(factory=dict)
    _types: dict[Claim, ModelType] = field(factory=dict)

    @classmethod
    def installed(
        cls, points: Iterable[EntryPoint] | None = None, narrow: str | None = None
    ) -> Registry:
        """Read the metadata of what is installed, without importing any of it.

        Args:
            points: the entry points to use instead of the environment's (tests).
            narrow: distribution names, comma-separated; defaults to DISTILL_BACKENDS.
        """
        return cls(installed_claims(points, narrow))

    def named(self, *kinds: str) -> list[Claim]:
        """List the claims of some kinds (backend, companion, command, plugin)."""
        return [claim for claim in self.claims if claim.kind in kinds]

    def claim(self, name: str, *kinds: str) -> Claim:
        """Find who brings a model type.

        Raises:
            ConfigError: nobody does.
            BackendError: two distributions do; both are named and neither is imported.
        """
        found = self.named(*(kinds or ("backend", "companion")))
        rivals = [each for each in found if each.name == name]
        names = " and ".join(sorted({plain_name(each.distribution) for each in rivals}))
        if " and " in names:
            raise BackendError(
                f"Both {names} claim the model type {name}.",
                f"Uninstall one, or choose with {NARROW}={rivals[0].distribution},….",
            )
        if not rivals:
            known = sorted({each.name for each in found})
            listed = f" Installed: {', '.join(known)}." if known else " No backend is installed."
            raise ConfigError(f"No model type {name}.{nearest(name, known)}{listed}")
        return rivals[0]

    def load(self, claim: Claim) -> Any:
        """Import a claim and register it; a plugin that fails is unregistered and remembered.

        Raises:
            BackendError: it is broken (the reason and the cure are in `broken` too), or has rivals.
        """
        if claim in self._loaded:
            return self._loaded[claim]
        if claim.owns:
            self.claim(claim.name)  # rivals: neither is imported
        if claim not in self.broken:
            try:
                self._loaded[claim] = self._register(claim)
            except (Exception, SystemExit) as error:  # a stranger's code may do anything
                self.broken[claim] = diagnose(claim, error)
                raise self._error(claim) from error
            return self._loaded[claim]
        raise self._error(claim)

    def model_type(self, name: str, *kinds: str) -> ModelType:
        """Give the record of a model type, importing its backend.

        Raises:
            ConfigError: nobody brings it.
            BackendError: its backend is broken, or two claim it.
        """
        claim = self.claim(name, *kinds)
        self.load(claim)
        return self._types[claim]

    def owner(self, name: str, *kinds: str) -> Owner:
        """Give the one who answers the hooks of a model type."""
        claim = self.claim(name, *kinds)
        return Owner(self, claim, self.load(claim), self.model_type(name))

    def companions(self, host: ModelType) -> list[ModelType]:
        """List the installed, working companions that fit a host's type, sorted by name."""
        found = []
        for claim in self.named("companion"):
            try:
                record = self.model_type(claim.name, "companion")
            except BackendError:
                continue  # stays in `broken`; plugins tells of it
            if record.fits(host):
                found.append(record)
        return found

    def default_type(self) -> str:
        """Name the highest-ranking installed type that works.

        Raises:
            BackendError: none is installed, or none works.
        """
        ranked = []
        for claim in self.named("backend"):
            try:
                ranked.append((self.model_type(claim.name, "backend").rank, claim.name))
            except BackendError:
                continue
        if not ranked:
            raise BackendError("No backend is installed that works.", "See: distill plugins.")
        return max(ranked)[1]

    def listen(self) -> list[Broken]:
        """Load the listeners (`distill.plugins`) before a run or a take; say which are broken."""
        for claim in self.named("plugin"):
            try:
                self.load(claim)
            except BackendError:
                continue
        return [self.broken[claim] for claim in self.named("plugin") if claim in self.broken]

    def everyone(self) -> Any:
        """Give pluggy's callers for the hooks that are asked of everyone loaded."""
        return self._manager.hook

    def _register(self, claim: Claim) -> Any:
        with redirect_stdout(sys.stderr):  # a stranger's print would spoil what --json writes
            plugin = claim.point.load()
        if claim.kind == "command":
            return plugin
        name = claim.place
        try:
            if not self._manager.has_plugin(name):
                self._manager.register(plugin, name)
                self._manager.check_pending()  # a typo in a hook's name is an error
            if claim.owns:
                self._types[claim] = self._own_type(claim, plugin)
            elif claim.place not in self._owners():
                self._only_wraps(plugin)
        except BaseException:
            if self._manager.is_registered(plugin) and plugin not in self._loaded.values():
                self._manager.unregister(plugin)  # pluggy leaves it answering hooks half-way
            raise
        return plugin

    def _own_type(self, claim: Claim, plugin: Any) -> ModelType:
        """Hold what a plugin says of itself against its entry point."""
        told = [each for found in self._ask(plugin, "distill_model_types")() for each in found]
        records = {each.name: each for each in told if isinstance(each, ModelType)}
        if claim.name not in records:
            raise TypeError(f"distill_model_types brings {sorted(records)}, not {claim.name!r}")
        record = records[claim.name]
        for cls in (record.model, record.training, record.generating):
            controls(cls)  # one that is no config class would end every command's help
        return record

    def _only_wraps(self, plugin: Any) -> None:
        """Refuse a listener that would answer for model types it does not bring."""
        for caller in self._manager.get_hookcallers(plugin) or ():
            for each in caller.get_hookimpls():
                wraps = each.wrapper or each.hookwrapper
                if each.plugin is plugin and not wraps and caller.name not in EVERYONES:
                    raise TypeError(f"{caller.name} is its owner's to answer; make it a wrapper")

    def _owners(self) -> set[str]:
        """Name the plugins that bring model types (and may listen as well)."""
        return {claim.place for claim in self.claims if claim.owns}

    def _ask(self, plugin: Any, hook: str) -> Any:
        """Narrow a hook to one owner; core's defaults, listeners and wrappers stay in."""
        owners = self._owners()
        loaded = [each for claim, each in self._loaded.items() if claim.place in owners]
        others = [each for each in loaded if each is not plugin]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def _error(self, claim: Claim) -> BackendError:
        broken = self.broken[claim]
        return BackendError(f"{claim.distribution} is broken: {broken.reason}.", broken.cure)


@frozen
class Owner:
    """A model type together with the plugin that answers for it."""

    registry: Registry
    claim: Claim
    plugin: Any
    type: ModelType

    @property
    def name(self) -> str:
        """Name the model type."""
        return self.type.name

    @property
    def backend(self) -> str:
        """Name the distribution and its version, as model files and recipes do."""
        return f"{self.claim.distribution} {self.claim.version}"

    def call(self, hook: str, **arguments: Any) -> Any:
        """Ask the owner (with core's defaults behind it and wrappers around it)."""
        caller = self.registry._ask(self.plugin, hook)
        return caller(model_type=self.type.name, **arguments)


@cache
def environment() -> Registry:
    """Give the registry of this process's environment."""
    return Registry.installed()


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(defaults, "distill-core")
    return manager
