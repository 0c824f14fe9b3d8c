"""Find plugins in package metadata, import them one at a time, and ask the one who owns a type."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy
from attrs import define, field, frozen

from . import defaults, hookspecs
from .controls import controls
from .errors import BackendError, ConfigError, nearest
from .model_type import ModelType

BACKENDS, COMPANIONS = "distill.backends", "distill.companions"
COMMANDS, PLUGINS = "distill.commands", "distill.plugins"
KINDS = {BACKENDS: "backend", COMPANIONS: "companion", COMMANDS: "command", PLUGINS: "plugin"}
NARROW = "DISTILL_BACKENDS"  # distribution names that backends and companions are narrowed to


@frozen
class Claim:
    """One entry point: a name, the kind of thing it names, and who brings it."""

    name: str
    kind: str
    distribution: str
    version: str
    summary: str
    point: EntryPoint = field(eq=False, repr=False)


@frozen
class Broken:
    """Why a plugin cannot be used, and what to do about it."""

    reason: str
    cure: str


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
        if points is None:
            points = [point for group in KINDS for point in entry_points(group=group)]
        if narrow is None:
            narrow = os.environ.get(NARROW)
        wanted = None if narrow is None else {_plain(word) for word in narrow.split(",")}
        seen: dict[tuple[str, str, str, str], Claim] = {}
        for point in points:
            claim = _claim(point)
            if claim is None or (
                wanted is not None
                and point.group in {BACKENDS, COMPANIONS}
                and _plain(claim.distribution) not in wanted
            ):
                continue
            # a distribution can be seen twice (editable leftovers, lib64)
            key = (point.group, point.name, _plain(claim.distribution), point.value)
            seen.setdefault(key, claim)
        return cls(tuple(sorted(seen.values(), key=lambda each: (each.kind, each.name))))

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
        names = " and ".join(sorted({_plain(each.distribution) for each in rivals}))
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
        if _owns(claim):
            self.claim(claim.name)  # rivals: neither is imported
        if claim not in self.broken:
            try:
                self._loaded[claim] = self._register(claim)
            except (Exception, SystemExit) as error:  # a stranger's code may do anything
                self.broken[claim] = _diagnose(claim, error)
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

    def owner(self, name: str) -> Owner:
        """Give the one who answers the hooks of a model type."""
        claim = self.claim(name)
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
        plugin = claim.point.load()
        if claim.kind == "command":
            return plugin
        name = _place(claim)
        try:
            if not self._manager.has_plugin(name):
                self._manager.register(plugin, name)
                self._manager.check_pending()  # a typo in a hook's name is an error
            if _owns(claim):
                self._types[claim] = self._own_type(claim, plugin)
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

    def _ask(self, plugin: Any, hook: str) -> Any:
        """Narrow a hook to one owner; core's defaults, listeners and wrappers stay in."""
        owners = {_place(claim) for claim in self.claims if _owns(claim)}  # also if it listens
        loaded = [each for claim, each in self._loaded.items() if _place(claim) in owners]
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


def _owns(claim: Claim) -> bool:
    return claim.kind in {"backend", "companion"}


def _place(claim: Claim) -> str:
    """Name a plugin, which may bring several types, and listen as well."""
    return f"{claim.distribution}:{claim.point.value}"


def _claim(point: EntryPoint) -> Claim | None:
    """Read an entry point's distribution; one without is a leftover that nothing owns."""
    told = {} if point.dist is None else point.dist.metadata.json
    if "name" not in told:
        return None
    name, version, summary = (str(told.get(key, "")) for key in ("name", "version", "summary"))
    return Claim(point.name, KINDS[point.group], name, version, summary, point)


def _plain(distribution: str) -> str:
    """Normalise a distribution's name (PEP 503)."""
    return distribution.strip().lower().replace("_", "-").replace(".", "-")


def _diagnose(claim: Claim, error: BaseException) -> Broken:
    """Say in one line why a plugin failed, and the cure."""
    owner = claim.distribution
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.split(".")[0]
        cure = f"Install {top}, or reinstall it whole: pip install --force-reinstall {owner}."
        return Broken(f"it needs the module {error.name}, which is not there", cure)
    cure = f"Upgrade it (pip install --upgrade {owner}) or remove it (pip uninstall {owner})."
    if isinstance(error, SystemExit):
        return Broken("it quits when it is imported", cure)
    if isinstance(error, pluggy.PluginValidationError):
        return Broken("it has a hook that core does not know: " + _line(error), cure)
    return Broken(f"{type(error).__name__}: {_line(error)}", cure)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
