"""Find plugins in package metadata, import them one at a time, and ask the one who owns a type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution
from typing import Any

import pluggy
from attrs import define, field

from . import defaults, hookspecs
from .claims import Claim, installed_claims
from .diagnosis import Broken, diagnose, no_backend, refuse_rivals, unfit
from .errors import BackendError, ConfigError, nearest
from .importing import undisturbed
from .model_type import ModelType
from .owner import Owner

TYPES = ("backend", "companion")  # the kinds that own a model type; both share its name
ONE_OF_A_NAME = {"backend": TYPES, "companion": TYPES, "command": ("command",)}
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
    _loading: set[Claim] = field(factory=set)
    _types: dict[Claim, ModelType] = field(factory=dict)

    @classmethod
    def installed(
        cls, found: Iterable[Distribution] | None = None, narrow: str | None = None
    ) -> Registry:
        """Read the metadata of what is installed, without importing any of it.

        Args:
            found: the distributions to use instead of the environment's (tests).
            narrow: distribution names, comma-separated; defaults to DISTILL_BACKENDS.
        """
        return cls(installed_claims(found, narrow))

    def named(self, *kinds: str) -> list[Claim]:
        """List the claims of some kinds (backend, companion, command, plugin) that have a name."""
        return [claim for claim in self.claims if claim.kind in kinds and claim.nameable]

    def claim(self, name: str, *kinds: str) -> Claim:
        """Find who brings a model type (or a command, when that kind is asked for).

        Raises:
            ConfigError: nobody does.
            BackendError: two distributions do, or one does twice; neither is imported.
        """
        found = self.named(*(kinds or TYPES))
        rivals = [each for each in found if each.name == name]
        if not rivals:
            known = sorted({each.name for each in found})
            listed = f" Installed: {', '.join(known)}." if known else " No backend is installed."
            raise ConfigError(f"No model type {name or repr(name)}.{nearest(name, known)}{listed}")
        refuse_rivals(rivals, self.claims)
        return rivals[0]

    def load(self, claim: Claim) -> Any:
        """Import a claim and register it; a plugin that fails is unregistered and remembered.

        Raises:
            BackendError: it is broken (the reason and the cure are in `broken` too), or has rivals.
        """
        if claim in self._loaded:
            return self._loaded[claim]
        if claim.nameable and claim.kind in ONE_OF_A_NAME:
            self.claim(claim.name, *ONE_OF_A_NAME[claim.kind])  # of rivals none is imported
        broken = self.broken.get(claim) or unfit(claim)
        if broken is not None:
            self.broken[claim] = broken
            raise self._error(claim)
        if claim in self._loading:
            raise BackendError(f"{claim.distribution} asks for itself while it is imported.")
        self._loading.add(claim)
        try:
            self._loaded[claim] = self._register(claim)
        except KeyboardInterrupt:  # it cannot be told from the user's own
            raise
        except BaseException as error:  # a stranger's code may do anything, also quit
            self.broken[claim] = diagnose(claim, error)
            raise self._error(claim) from error
        finally:
            self._loading.discard(claim)
        return self._loaded[claim]

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
        return [record for record in self._working_types("companion") if record.fits(host)]

    def default_type(self) -> str:
        """Name the highest-ranking installed type that works.

        Raises:
            BackendError: none is installed, or none works.
        """
        ranked = [(record.rank, record.name) for record in self._working_types("backend")]
        if ranked:
            return max(ranked)[1]
        raise no_backend(self.named("backend"), self.failures("backend"))

    def failures(self, *kinds: str) -> dict[str, BackendError]:
        """Say why installed types cannot be used, by name: their backend is broken, or has rivals.

        Args:
            kinds: "backend", "companion".
        """
        found = {}
        for name in dict.fromkeys(claim.name for claim in self.named(*kinds)):
            try:
                self.model_type(name, *kinds)
            except BackendError as error:
                found[name] = error
        return found

    def _working_types(self, kind: str) -> list[ModelType]:
        """Import all of a kind; those that fail are left to `failures`, and to `plugins`."""
        names = dict.fromkeys(claim.name for claim in self.named(kind))
        failed = self.failures(kind)
        return [self.model_type(name, kind) for name in names if name not in failed]

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

    def working(self) -> Iterator[Claim]:
        """Import every plugin that answers hooks; give those that work, each plugin once."""
        seen = set()
        for claim in self.named("backend", "companion", "plugin"):
            with suppress(BackendError):
                self.load(claim)
                if claim.place not in seen:
                    seen.add(claim.place)
                    yield claim

    def ask_one(self, claim: Claim, hook: str) -> Any:
        """Narrow a hook that everyone is asked to one plugin, which works."""
        plugins = self._manager.get_plugins()
        others = [each for each in plugins if each is not self._loaded[claim]]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def whose(self, plugin: Any) -> Claim | None:
        """Find the claim that a loaded plugin came from; core's own has none."""
        return next((claim for claim, each in self._loaded.items() if each is plugin), None)

    def culprit(self, owner: Claim, error: BaseException) -> Claim:
        """Say whose code failed while an owner was asked: a wrapper stands around it, too."""
        from .asking import innermost

        return innermost(error, iter(self._loaded)) or owner

    def _register(self, claim: Claim) -> Any:
        assert claim.point is not None  # unfit would have said so
        with undisturbed():
            plugin = claim.point.load()
            return plugin if claim.kind == "command" else self._admit(claim, plugin)

    def _admit(self, claim: Claim, plugin: Any) -> Any:
        """Let a plugin answer hooks, once it is what its entry point says."""
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
        from .vetting import vetted

        told = self.ask(plugin, "distill_model_types")()
        return vetted(told, claim.name, claim.kind == "companion")

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

    def ask(self, plugin: Any, hook: str) -> Any:
        """Narrow a hook to one owner; core's defaults, listeners and wrappers stay in."""
        owners = self._owners()
        loaded = [each for claim, each in self._loaded.items() if claim.place in owners]
        others = [each for each in loaded if each is not plugin]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def _error(self, claim: Claim) -> BackendError:
        broken = self.broken[claim]
        return BackendError(f"{claim.distribution} is broken: {broken.reason}.", broken.cure)


@cache
def environment() -> Registry:
    """Give the registry of this process's environment."""
    return Registry.installed()


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(defaults, "distill-core")
    return manager
