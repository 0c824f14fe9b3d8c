"""A model type together with the plugin that answers for it: whom core asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from .claims import Claim
from .model_type import ModelType

if TYPE_CHECKING:
    from .registry import Registry


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
        from .asking import blaming, guarded_chunks

        with blaming(hook, self._culprit):
            caller = self.registry.ask(self.plugin, hook)
            if all(each.wrapper or each.hookwrapper for each in caller.get_hookimpls()):
                raise AnswerError("it has no such hook, and core has no answer of its own")
            answer = caller(model_type=self.type.name, **arguments)
            answer = checked(hook, answer, self.type, arguments)
        if hook == "distill_generate":
            return guarded_chunks(answer, arguments["request"], self._culprit)
        return answer

    def _culprit(self, error: BaseException) -> Claim:
        return self.registry.culprit(self.claim, error)
