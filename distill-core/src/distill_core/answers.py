"""Hold what a plugin's hooks answer against the contract: nonsense is named where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .configs import Configs
from .header import LONGEST
from .modelfile import unstorable
from .strict import dump, parse

if TYPE_CHECKING:
    from .generating.request import Request
    from .model_type import ModelType

MOST_EXTRAS = LONGEST // 2  # bytes; a model file whose header is longer could not be read again


class AnswerError(TypeError):
    """A hook answered something else than its contract says; the plugin's bug."""


def checked(hook: str, answer: Any, kind: ModelType, asked: Mapping[str, Any]) -> Any:
    """Check the answer of a model type's owner.

    Args:
        hook: which was asked.
        answer: what came back.
        kind: the model type that was asked about.
        asked: the hook's arguments.

    Raises:
        AnswerError: the answer cannot be used.
    """
    check = CHECKS.get(hook)
    if check is not None:
        check(answer, kind, asked)
    return answer


def check_chunk(given: Any, request: Request) -> list[int]:
    """Check one piece of sound that `distill_generate` yielded; give the takes that it is of.

    Raises:
        AnswerError: it is not float32 [B', C, T], a row a take, C as was asked for.
    """
    import torch

    from .generating.request import Chunk

    every = range(len(request.rngs))
    chunk = Chunk.of(given, len(every))
    samples, takes = chunk.samples, list(chunk.takes)
    if not isinstance(samples, torch.Tensor):
        raise AnswerError(f"it yields a {type(samples).__name__}, not a tensor")
    if samples.dtype != torch.float32 or samples.ndim != 3 or len(samples) != len(takes):
        raise AnswerError(
            f"it yields {samples.dtype} {list(samples.shape)}, not float32 [{len(takes)}, C, T]"
        )
    if takes and samples.shape[1] != request.channels:
        raise AnswerError(
            f"it yields {list(samples.shape)}, which has not the channels that were"
            f" asked for: [{len(takes)}, {request.channels}, T]"
        )
    if any(take not in every for take in takes) or len(set(takes)) < len(takes):
        raise AnswerError(f"it yields a chunk of the takes {takes}; there are {len(every)}")
    _check_attached(chunk.attached, every)
    return takes


def _check_attached(attached: Any, takes: range) -> None:
    if attached is None:
        return
    if not isinstance(attached, Mapping) or any(take not in takes for take in attached):
        raise AnswerError("what it attaches is not a table by take")
    _check_json(list(attached.values()), "what it attaches")


def _check_configs(answer: Any, kind: ModelType, asked: Mapping[str, Any]) -> None:
    """Check that only what was None was filled."""
    if not isinstance(answer, Configs):
        raise AnswerError(f"it answers with a {type(answer).__name__}, not with Configs")
    for role in ("model", "training"):
        given, filled = getattr(asked["configs"], role), getattr(answer, role)
        if type(filled) is not type(given):
            raise AnswerError(f"its Configs.{role} is a {type(filled).__name__}")
        for field in attrs.fields(type(given)):
            old, new = getattr(given, field.name), getattr(filled, field.name)
            if old is not None and new != old:
                raise AnswerError(f"it changes {field.name}, which is {old!r}, to {new!r}")


def _check_network(answer: Any, kind: ModelType, asked: Mapping[str, Any]) -> None:
    """Check that it is a network that keeps the protocols which its type promises."""
    from torch import nn

    if not isinstance(answer, nn.Module):
        raise AnswerError(f"it answers with a {type(answer).__name__}, not with a torch module")
    for protocol in kind.provides:
        if not isinstance(answer, protocol):
            raise AnswerError(f"its network is no {protocol.__name__}, which {kind.name} promises")
    odd = unstorable(answer.state_dict())
    if odd is not None:
        raise AnswerError(
            f"in its network's state {odd}, which no model file can hold; keep plain tensors of"
            " numbers that are not complex"
        )


def _check_extras(answer: Any, kind: ModelType, asked: Mapping[str, Any]) -> None:
    if answer is None:
        return
    if not isinstance(answer, dict):
        raise AnswerError(f"it answers with a {type(answer).__name__}, not with a table")
    size = len(_check_json(answer, "its answer").encode())
    if size > MOST_EXTRAS:
        raise AnswerError(f"its answer takes {size} bytes of a header; {MOST_EXTRAS} are the most")


def _check_iterator(answer: Any, kind: ModelType, asked: Mapping[str, Any]) -> None:
    if not isinstance(answer, Iterable):
        raise AnswerError(f"it answers with a {type(answer).__name__}, not with chunks")


def _check_json(value: Any, what: str) -> str:
    try:
        text = dump(value)
        parse(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerError(f"{what} cannot be written as JSON: {error}") from error
    return text


CHECKS: dict[str, Callable[[Any, ModelType, Mapping[str, Any]], None]] = {
    "distill_adapt": _check_configs,
    "distill_build": _check_network,
    "distill_load": _check_network,
    "distill_train": _check_extras,
    "distill_generate": _check_iterator,
}
