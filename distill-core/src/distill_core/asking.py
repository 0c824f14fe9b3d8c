"""Ask plugins through their hooks; what fails in one is told in its name, in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from .answers import AnswerError, check_chunk
from .claims import Claim, told_by
from .diagnosis import what_happened
from .errors import BackendError, ConfigError, DistillError

if TYPE_CHECKING:
    from types import FrameType

    from .generating.request import Request

# what takes less memory, by the hook that had too little
LIGHTER = {
    "distill_train": "Use a smaller --batch or a smaller model, or another --device.",
    "distill_generate": "Use a smaller --batch or --duration, or another --device.",
}
OURS = "distill_core"  # the suite's own plugins are in it, and it is in every error's way
HEARING = {OURS, "pluggy"}  # what telling an event goes through besides the caller's ear
Culprit = Callable[[BaseException], Claim]


@contextmanager
def blaming(what: str, culprit: Culprit) -> Iterator[None]:
    """Name the plugin when something fails in it.

    What the user can mend passes as it is: our own errors, a full disk (an OSError of the system),
    Ctrl-C; and what the caller's own `on_event` raises is the caller's.

    Args:
        what: was asked of it, as a hook's name.
        culprit: says whose fault an error is.

    Raises:
        BackendError: the plugin failed; its own error is the cause.
        ConfigError: the machine has too little memory for what was asked.
    """
    try:
        yield
    except (DistillError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a stranger's code may do anything, also quit
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if _from_listener(error):
            raise
        if _is_memory(error):
            raise ConfigError(
                f"There is not enough memory for what was asked ({what_happened(error)}).",
                LIGHTER.get(what, "Use a smaller model, or another --device."),
            ) from error
        raise failure(what, culprit(error), error) from error


@contextmanager
def also_naming(around: str) -> Iterator[None]:
    """Say of an answer that is wrong who else may have made it so."""
    try:
        yield
    except AnswerError as error:
        raise AnswerError(f"{error}{around}") from error


def failure(what: str, claim: Claim, error: BaseException) -> BackendError:
    """Say whose hook failed, and how."""
    told = told_by(error) if isinstance(error, AnswerError) else what_happened(error)
    owner = claim.distribution
    return BackendError(
        f"{owner} {claim.version} failed in {what}: {told}.",
        f"Upgrade it (pip install --upgrade {owner}), or tell its author; -v shows more.",
    )


def guarded_chunks(
    chunks: Any, request: Request, culprit: Culprit, around: str = ""
) -> Iterator[Any]:
    """Pass on what `distill_generate` yields, each chunk checked when it comes.

    Stops asking once every take has more than its length: what goes on for ever would fill memory.

    Args:
        chunks: what it answered.
        request: what it was asked.
        culprit: says whose fault an error is.
        around: says in passing who else had the chunks in hand.
    """
    made = [0] * len(request.rngs)
    with blaming("distill_generate", culprit):
        source = iter(chunks)
    try:
        while request.samples is None or min(made, default=0) <= request.samples:
            with blaming("distill_generate", culprit):
                try:
                    given = next(source)
                except StopIteration:
                    return
                with also_naming(around):
                    takes = check_chunk(given, request)
                for take in takes:
                    made[take] += getattr(given, "samples", given).shape[-1]
            yield given
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            with blaming("distill_generate", culprit):
                close()


def innermost(error: BaseException, claims: Iterator[Claim]) -> Claim | None:
    """Find whose code an error came from: the plugin that is nearest to where it was raised."""
    packages = {claim.package: claim for claim in claims if claim.package != OURS}
    modules = [*map(_module, _frames(error)), _refused(error)]
    for module in reversed(modules):
        found = packages.get(module.partition(".")[0])
        if found is not None:
            return found
    return None


def _from_listener(error: BaseException) -> bool:
    """Say whether the caller's own `on_event` raised it, which core called within a hook."""
    from .training.voice import Voice

    frames = _frames(error)
    for frame, inner in zip(frames, [*frames[1:], None], strict=True):
        if frame.f_code is Voice.tell.__code__:
            return inner is None or _module(inner).partition(".")[0] not in HEARING
    return False


def _frames(error: BaseException) -> list[FrameType]:
    """List the frames that an error came through, the innermost last."""
    return [frame for frame, _ in walk_tb(error.__traceback__)]


def _refused(error: BaseException) -> str:
    """Name the module of a wrapper that pluggy refuses (it yields twice, or never), or ""."""
    frames = _frames(error)
    wrapper = frames[-1].f_locals.get("wrap_controller") if frames else None
    if wrapper is None:
        return ""
    file, modules = wrapper.gi_code.co_filename, list(sys.modules.items())
    return next((name for name, each in modules if getattr(each, "__file__", "") == file), "")


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_memory(error: BaseException) -> bool:
    """Recognise too little memory; torch tells it in several ways, and is not imported here."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    told = told_by(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in told or "can't allocate memory" in told
    )
