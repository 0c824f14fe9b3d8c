"""The record by which a backend says what it brings."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class NoSettings:
    """What a type has where nothing can be set."""


@attrs.frozen(kw_only=True)
class ModelType:
    """One kind of model: its name, the file versions it reads, its settings, and what it can do.

    Attributes:
        name: as in the model file and in `--type`; equal to the entry point's name.
        versions: the versions of its part it reads; the last is the one it writes.
        summary: one sentence for people.
        model: config class of what shapes the network; with `sample_rate` and `channels` unless
            the type is a companion, which has its host's.
        training: config class of how it learns; left out where nothing can be set.
        generating: config class of how it plays, likewise.
        plays: whether `distill_generate` makes sounds from such a model.
        widens: whether `distill_generate` makes two channels with a model of one, where
            `request.channels` is 2.
        provides: protocols that its network keeps (see `distill_core.protocols`).
        needs: for a companion, the protocols that its host must keep.
        rank: the highest-ranking installed type is the default of `distill train`.
    """

    name: str
    versions: tuple[int, ...]
    summary: str
    model: type
    training: type = NoSettings
    generating: type = NoSettings
    plays: bool = True
    widens: bool = False
    provides: frozenset[type] = frozenset()
    needs: frozenset[type] = frozenset()
    rank: int = 0

    def fits(self, host: ModelType) -> bool:
        """Say whether this companion can sit on a host of that type."""
        return self.needs <= host.provides


@attrs.frozen(kw_only=True)
class Facts:
    """What `distill_adapt` may reckon with.

    Attributes:
        clips: number of training clips.
        seconds: of training audio.
        median_seconds: length of the median training clip.
        minutes: the time this stage may take, None when it is told in steps or epochs.
        device: "cpu", "cuda", "mps".
        host: the network a companion will sit on, else None. Where both are trained by one
            command it is not trained yet: look at its sizes only.
    """

    clips: int
    seconds: float
    median_seconds: float
    minutes: float | None
    device: str
    host: object | None = None
