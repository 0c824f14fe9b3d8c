"""Which clips are measured: those that the model never heard, as far as its header tells."""

from __future__ import annotations

from attrs import evolve, frozen

from ..audio.dataset import Clip
from ..audio.holdout import split_tail
from ..header import Header


@frozen
class Selection:
    """The clips that are measured.

    Attributes:
        clips: some or all of the dataset's.
        held_out: whether they were held out of the model's training, so that they do not flatter.
        tail: whether only the last part of the one clip was held out, and is measured.
        listed: how many held-out names the header lists.
        missing: those of them that are not among the dataset's usable clips.
    """

    clips: tuple[Clip, ...]
    held_out: bool
    tail: bool = False
    listed: int = 0
    missing: tuple[str, ...] = ()


def select(header: Header, clips: tuple[Clip, ...]) -> Selection:
    """Choose the held-out clips by the header's list; all, if none of them is there."""
    training = header.training
    names = _held_out_names(training.get("held_out"))
    found = {name: clip for name in names if (clip := _find(name, clips)) is not None}
    if not found:
        return Selection(clips, held_out=False, listed=len(names), missing=names)
    chosen = tuple(found.values())
    tail = training.get("held_out_tail") is True
    if tail:
        chosen = tuple(_tail(clip) for clip in chosen)
    missing = tuple(name for name in names if name not in found)
    return Selection(chosen, held_out=True, tail=tail, listed=len(names), missing=missing)


def _held_out_names(told: object) -> tuple[str, ...]:
    """Read the header's list; what a stranger wrote in its place lists nothing."""
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
        return ()
    return tuple(dict.fromkeys(name for name in told if name))


def _find(name: str, clips: tuple[Clip, ...]) -> Clip | None:
    """Find a clip by its name, also where DATA is now a folder within what was trained on.

    There names lack their beginning, and the clip's path must have it. The other way round nothing
    is guessed: below a folder above, another clip may well have the name.
    """
    for clip in clips:
        if clip.name == name:
            return clip
    shorter = (clip for clip in clips if name.endswith(f"/{clip.name}"))
    return next((clip for clip in shorter if _path(clip).endswith(f"/{name}")), None)


def _path(clip: Clip) -> str:
    return clip.path.absolute().as_posix()


def _tail(clip: Clip) -> Clip:
    """Take the part of a clip that training never came near."""
    _, start = split_tail(clip.frames, crop=0)  # the gap of a crop lies before it
    return evolve(clip, first=clip.first + start, frames=clip.frames - start)
