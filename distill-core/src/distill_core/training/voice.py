"""How a training job speaks: events to its journal, its caller and the listeners."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import define, field

from ..asking import innermost
from ..diagnosis import what_happened
from ..events import Done, Event, Warned
from ..registry import Registry
from .folder import RunFolder

Listener = Callable[[Event], object]


@define
class Voice:
    """Tells what happens in a job; the clock that events carry begins with the command.

    Attributes:
        registry: whose listeners hear.
        folder: whose journal keeps.
        on_event: the caller's own ear, or None.
        warned: the warnings that were told, each once.
    """

    registry: Registry
    folder: RunFolder
    on_event: Listener | None
    began: float = field(factory=time.monotonic)
    warned: list[str] = field(factory=list)

    @property
    def seconds(self) -> float:
        """Give the seconds since the command began."""
        return round(time.monotonic() - self.began, 3)

    def warn(self, stage: str, step: int, message: str) -> None:
        """Tell a warning once; it is repeated at the end."""
        if message not in self.warned:
            self.warned.append(message)
            self.tell(Warned(stage=stage, step=step, seconds=self.seconds, message=message))

    def tell(self, event: Event) -> None:
        """Give an event to the journal, the caller and the listeners."""
        self.folder.remember(event)
        if self.on_event is not None:
            self.on_event(event)
        try:
            self.registry.everyone().distill_event(event=event)
        except (Exception, SystemExit) as error:  # a listener's fault must not end a run
            self._tell_fault(event, error)

    def _tell_fault(self, event: Event, error: BaseException) -> None:
        """Tell once that a listener failed, but not to the listeners."""
        claim = innermost(error, iter(self.registry.claims))
        whose = f" ({claim.distribution} {claim.version})" if claim is not None else ""
        message = f"A listener failed{whose}: {what_happened(error)}."
        if message in self.warned:
            return
        self.warned.append(message)
        told = Warned(stage=event.stage, step=event.step, seconds=event.seconds, message=message)
        if not isinstance(event, Done):  # which is the journal's last
            self.folder.remember(told)
        if self.on_event is not None:
            self.on_event(told)
