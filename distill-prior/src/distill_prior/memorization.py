"""Whether a prior learns its clips by heart, judged by clips that it never saw."""

from __future__ import annotations

import attrs

RISEN = 1.02  # a held-out loss this far over its best is no accident
APART = 1.25  # a held-out loss this far over the training loss is a gap


@attrs.frozen(kw_only=True)
class Memorization:
    """Whether a prior learns its clips by heart, and what to do."""

    memorizing: bool
    gap: float  # held-out loss over training loss
    advice: str


def check_memorization(
    train_loss: float,
    held_out_loss: float | None,
    best_held_out_loss: float | None = None,
    best_epoch: int | None = None,
) -> Memorization:
    """Judge by clips that were never trained on; training loss alone says nothing.

    Args:
        train_loss: nats per code on training batches.
        held_out_loss: nats per code on held-out clips, None when nothing is held out.
        best_held_out_loss: the best so far.
        best_epoch: the epoch of the best.
    """
    if held_out_loss is None:
        advice = "Nothing is held out, so memorising would go unseen: add more clips."
        return Memorization(memorizing=False, gap=1.0, advice=advice)
    gap = held_out_loss / max(train_loss, 1e-9)
    risen = best_held_out_loss is not None and held_out_loss > RISEN * best_held_out_loss
    if risen:
        when = "at the best epoch" if best_epoch is None else f"at epoch {best_epoch}"
        advice = f"It learns its clips by heart: stop {when}, or give more data, more dropout or "
        return Memorization(memorizing=True, gap=gap, advice=advice + "a smaller model.")
    if gap > APART:
        advice = "It knows its clips better than unseen ones, but these still gain: go on."
        return Memorization(memorizing=False, gap=gap, advice=advice)
    return Memorization(memorizing=False, gap=gap, advice="No sign of memorising.")
