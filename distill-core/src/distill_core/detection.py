"""Ask around whose a model file is, when its header names no type that is installed."""

from __future__ import annotations

from .asking import blaming, failure
from .claims import Claim
from .errors import BackendError
from .header import Header
from .registry import Registry


def ask_around(header: Header, registry: Registry) -> tuple[set[str], list[BackendError]]:
    """Show a header to every plugin, one at a time: a bad answer must not silence the others.

    Returns:
        The installed model types that it is claimed as, and what failed on the way.
    """
    known = {claim.name for claim in registry.named("backend")}
    claimed: set[str] = set()
    failed: list[BackendError] = []
    for claim in registry.working():
        try:
            answers = _ask(header, registry, claim)
        except BackendError as error:
            failed.append(error)
            continue
        for answer in answers:
            if isinstance(answer, str) and answer in known:
                claimed.add(answer)
            else:
                wrong = TypeError(f"it names {answer!r}, which is no installed backend's type")
                failed.append(failure("distill_detect", claim, wrong))
    return claimed, failed


def _ask(header: Header, registry: Registry, claim: Claim) -> list[object]:
    with blaming("distill_detect", lambda _: claim):
        return list(registry.ask_one(claim, "distill_detect")(header=header))
