"""A model type together with the plugin that answers for it: whom core asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .claims import Claim
from .diagnosis import cure
from .errors import BackendError
from .model_type import ModelType
from .skew import CORE

if TYPE_CHECKING:
    from .registry import Registry


def needed(kind: ModelType) -> tuple[str, ...]:
    """List the hooks of a model type that core has no answer of its own to."""
    return ("distill_build", "distill_train", *("distill_generate",) * kind.plays)


@frozen
class Owner:
    """A model type together with the plugin that answers for it."""

    registry: Registry = field(repr=False)
    claim: Claim
    plugin: Any = field(repr=False)
    type: ModelType

    @property
    def name(self) -> str:
        """Name the model type."""
        return self.type.name

    @property
    def backend(self) -> str:
        """Name the distribution and its version, as model files and recipes do."""
        return f"{self.claim.distribution} {self.claim.version}"

    def wrappers(self, hook: str) -> list[str]:
        """Name who stands around the owner's hook, with versions, the innermost first."""
        caller = self.registry.ask(self.plugin, hook)
        around = [
            each.plugin for each in caller.get_hookimpls() if each.wrapper or each.hookwrapper
        ]
        claims = [self.registry.whose(plugin) for plugin in around]
        named = [f"{claim.distribution} {claim.version}" for claim in claims if claim is not None]
        return list(dict.fromkeys(named))

    def call(self, hook: str, **arguments: Any) -> Any:
        """Ask the owner (with core's defaults behind it and wrappers around it).

        Raises:
            BackendError: the hook failed, or its answer is not what the contract says.
            DistillError: whatever the hook says in our words.
        """
        from .answers import AnswerError, checked
        from .asking import also_naming, blaming, guarded_chunks

        around = self._around(hook)
        with blaming(hook, self._culprit):
            if not self.answers(hook):
                raise AnswerError("it has no such hook, and core has no answer of its own")
            caller = self.registry.ask(self.plugin, hook)
            answer = caller(model_type=self.type.name, **arguments)
            with also_naming(around):
                checked(hook, answer, self.type, arguments)
        if hook == "distill_generate":
            return guarded_chunks(answer, arguments["request"], self._culprit, around)
        return answer

    def answers(self, hook: str) -> bool:
        """Say whether the owner, or core for it, has something to say to a hook."""
        impls = self.registry.ask(self.plugin, hook).get_hookimpls()
        return not all(each.wrapper or each.hookwrapper for each in impls)

    def check_whole(self) -> None:
        """Refuse a backend that lacks a hook, before hours of training.

        Raises:
            BackendError: it cannot be built, trained or, where its type plays, played.
        """
        lacking = [hook for hook in needed(self.type) if not self.answers(hook)]
        if lacking:
            told = f"{self.name} has no {' and no '.join(lacking)} that is marked with @hookimpl"
            raise BackendError(f"{self.claim.distribution} is broken: {told}.", cure(self.claim))

    def failure(self, hook: str, told: str) -> BackendError:
        """Say in the backend's name what was wrong with what a hook gave."""
        from .answers import AnswerError
        from .asking import failure

        return failure(hook, self.claim, AnswerError(f"{told}{self._around(hook)}"))

    def _around(self, hook: str) -> str:
        """Say in passing who stands around a hook: nobody can tell whose answer came out of it."""
        wrappers = [each for each in self.wrappers(hook) if not each.startswith(f"{CORE} ")]
        return f" (it went through {' and '.join(wrappers)})" if wrappers else ""

    def _culprit(self, error: BaseException) -> Claim:
        return self.registry.culprit(self.claim, error)
