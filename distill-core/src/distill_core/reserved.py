"""The flags and keywords that core owns, by job: no knob may take one.

Flags that are promised and not built yet are listed, too: a knob that had one would lose its option
on the day when the command gets it.
"""

from __future__ import annotations

from .controls import Control

TRAINING, COMPANION, GENERATING = "distill train", "distill train-…", "distill generate"

# -q, -v and --no-color may stand after each command's name; --model and --data are what people try
# who know that the command wants one
EVERYWHERE = frozenset(
    {
        "-h", "--help", "--version", "-q", "--quiet", "-v", "--verbose", "--no-color", "--json",
        "-d", "--device", "--threads", "--seed", "--model", "--data",
    }
)  # fmt: skip
BUDGET = frozenset({"--minutes", "-e", "--epochs", "--steps"})
_TRAINING = (
    EVERYWHERE
    | BUDGET
    | {
        "--hold-out", "--dry-run", "--strict", "--data-license", "--fingerprints",
        "--no-fingerprints", "--from-scratch",
    }
)  # fmt: skip
RESERVED = {
    TRAINING: _TRAINING | {"-o", "--out", "--type", "--name", "--only", "--force", "--resume"},
    COMPANION: _TRAINING,
    GENERATING: EVERYWHERE
    | {
        "-o", "--out", "--duration", "--count", "--batch", "--format", "--bit-depth",
        "--sample-rate", "--meta", "--recipe", "--like", "--variation", "--spatial", "--width",
        "--azimuth", "--loop", "--bpm", "--beats", "--preset", "--blend", "--normalize", "--stream",
        "--reject-copies", "--from", "--force",
    },
}  # fmt: skip
_KEYWORDS = {
    "data", "minutes", "epochs", "steps", "device", "threads", "seed", "hold_out", "on_event",
    "on_open", "cancel", "registry",
}  # fmt: skip
KEYWORDS = {  # of the functions that take knobs beside their own arguments
    TRAINING: frozenset(_KEYWORDS | {"model_type", "out", "name", "only", "force"}),
    COMPANION: frozenset(_KEYWORDS | {"model", "companion"}),
    GENERATING: frozenset(
        {
            "duration",
            "seed",
            "seeds",
            "batch",
            "cancel",
            "progress",
            "preset",
            "spatial",
            "width",
            "azimuth",
            "blend",
        }
    ),
}
CALLS = {
    TRAINING: "distill_core.train", COMPANION: "distill_core.train_companion",
    GENERATING: "model.generate or model.takes",
}  # fmt: skip


def spellings(knob: Control) -> tuple[str, ...]:
    """List every way to type a knob's option: `--gain`, `-g`, and a switch's `--no-gain`."""
    short = (f"-{knob.told.short}",) if knob.told.short else ()
    off = (f"--no-{knob.flag.removeprefix('--')}",) if knob.kind == "bool" else ()
    return (knob.flag, *short, *off)


def taken(knob: Control, job: str) -> list[str]:
    """List the flags of a knob that a command owns, in the job that it is for."""
    return [each for each in spellings(knob) if each in RESERVED[job]]
