"""How long a stage trains, and the learning rate on the way."""

from __future__ import annotations

import math
import time

from attrs import define, frozen

from ..errors import ConfigError

MOST = 10**9  # of anything that is counted
WARMUP = 50  # steps; enough for AdamW's second moments, short against any budget
FLOOR = 0.02  # of the peak: the last steps still move
TIMED_SHARE = 0.04  # of the minutes are spent before the number of steps is fixed
TIMED_LEAST = 12  # steps; the first few are slower (allocation, caches)
UNTIMED = 3  # steps not counted in the timing
RESERVE = 0.97  # of the time left is planned; evaluation and saving take the rest
FIRST_SHARE = 0.6  # of the minutes go to the first stage when companions follow


@frozen
class Budget:
    """How long to train: exactly one of three is told.

    Attributes:
        minutes: for all stages together.
        epochs: of this stage.
        steps: of this stage.
    """

    minutes: float | None = None
    epochs: int | None = None
    steps: int | None = None

    @classmethod
    def of(cls, minutes: float | None, epochs: int | None, steps: int | None) -> Budget:
        """Take what the user gave; ten minutes when that was nothing.

        Raises:
            ConfigError: more than one, or none above zero.
        """
        names = {"--minutes": minutes, "--epochs": epochs, "--steps": steps}
        given = {name: value for name, value in names.items() if value is not None}
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(sorted(given))} contradict each other.", "Give one.")
        for name, value in given.items():
            whole = name == "--minutes" or isinstance(value, int)
            if not whole or isinstance(value, bool | str) or not 0 < value <= MOST:
                kind = "a number" if name == "--minutes" else "a whole number"
                raise ConfigError(f"{name}: {value!r} must be {kind} more than 0, at most {MOST}.")
        return cls(minutes, epochs, steps) if given else cls(minutes=10.0)

    def share(self, index: int, stages: int) -> float | None:
        """Give the minutes of a stage: the first has its share, the others divide the rest."""
        if self.minutes is None or stages == 1:
            return self.minutes
        part = FIRST_SHARE if index == 0 else (1 - FIRST_SHARE) / (stages - 1)
        return self.minutes * part


@define
class Pace:
    """Turns a budget into a number of steps, once, after timing the first ones.

    Attributes:
        budget: what was asked for.
        epoch_steps: steps per epoch.
        deadline: when the stage should end, on `time.monotonic`'s clock, for minutes.
        steps: the number of steps in all; None until it is known.
        origin: the step at which the schedule begins; more than 0 where a run was extended.
    """

    budget: Budget
    epoch_steps: int
    deadline: float | None = None
    steps: int | None = None
    origin: int = 0
    _timing_since: float = 0.0
    _timing_from: int = 0
    _timing_until: float = 0.0

    def begin(self, step: int) -> None:
        """Start before the first step; a resumed stage knows its number already."""
        if self.steps is not None:
            return
        if self.budget.steps is not None:
            self.steps = self.origin + self.budget.steps
        elif self.budget.epochs is not None:
            self.steps = self.origin + self.budget.epochs * self.epoch_steps
        elif self.budget.minutes is not None:
            if self.deadline is None:  # an extension that was stopped before it was timed
                self.deadline = time.monotonic() + self.budget.minutes * 60
            left = self.deadline - time.monotonic()
            self._timing_until = time.monotonic() + left * TIMED_SHARE
            self._timing_from = step + UNTIMED

    def after(self, step: int) -> None:
        """Look at the clock after `step` steps are made."""
        if self.steps is not None or self.deadline is None:
            return
        now = time.monotonic()
        if step == self._timing_from:
            self._timing_since = now
        timed = step - self._timing_from
        if now >= self.deadline:
            self.steps = step
        elif timed >= TIMED_LEAST - UNTIMED and now >= self._timing_until:
            each = (now - self._timing_since) / timed
            planned = step + max(1, int((self.deadline - now) * RESERVE / each))
            whole = planned - planned % self.epoch_steps  # so that the last epoch's figures are
            self.steps = whole if whole > step else planned  # those of a whole one

    def extend(self, step: int, budget: Budget, deadline: float | None) -> None:
        """Begin another schedule at `step`, for as long as `budget` says."""
        self.budget, self.origin, self.steps, self.deadline = budget, step, None, deadline

    def progress(self, step: int) -> float:
        """Say how far the schedule is, 0 … 1; 0 while the number of steps is unknown."""
        if self.steps is None:
            return 0.0
        return min(1.0, (step - self.origin) / max(1, self.steps - self.origin))

    def rate(self, peak: float, step: int) -> float:
        """Give the learning rate of a step."""
        length = None if self.steps is None else self.steps - self.origin
        return learning_rate(peak, step - self.origin, length)


def learning_rate(peak: float, step: int, steps: int | None) -> float:
    """Give the rate of a step: linear warm-up, then a cosine down to a small floor.

    While the number of steps is not known yet it stays at the peak after warming up.
    """
    rising = min(1.0, (step + 1) / WARMUP)
    if steps is None:
        return peak * rising
    falling = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    return peak * rising * falling
