"""Make hooks.md: every hook, the records that hooks exchange, public names, entry points."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import distill_core
import docstrings
import signatures
from distill_core import claims, errors, events, hookspecs, protocols
from distill_core.audio import crops, dataset
from distill_core.registry import EVERYONES
from distill_core.skew import known_hooks
from distill_core.testing import BackendTests
from distill_core.training import run, schedule

HERE = Path(__file__).parent
EXAMPLES = HERE / "hush.py"
OPENING = """# Hooks

A plugin answers hooks: functions with these names, marked with `@hookimpl`, in the module that its
entry point names. [backends.md](backends.md) shows how to write one; this page is for looking up.

A function takes those of a hook's arguments that it needs, by name, in any order. Hooks only ever
grow: arguments and hooks are added, none is taken away or renamed, so that an older plugin works
with a newer core of the same series.

Letters: B batch, C channels, T samples, K levels, N frames of codes, V entries of a codebook.
"""
GROUPS = {
    claims.BACKENDS: "a model type, by its name. The value is the module whose hooks answer for it;"
    " it is imported when the type is named.",
    claims.COMPANIONS: "a model type that lives in another one's file. Brings the command"
    " `distill train-NAME`.",
    claims.COMMANDS: "a command of its own: `distill NAME`. The value is a Click command; the"
    " distribution's description is its line in `distill --help`.",
    claims.PLUGINS: "what listens (`distill_event`, `distill_detect`) or stands around others"
    " (`@hookimpl(wrapper=True)`). The name is free; it is imported before a run or a take.",
}
RECORDS: dict[str, list[type]] = {
    "What a backend says of itself": [distill_core.ModelType],
    "Settings and facts": [distill_core.Configs, distill_core.Facts],
    "Training": [
        distill_core.Run, distill_core.Objective, distill_core.CropObjective, schedule.Budget,
        run.Outcome,
    ],
    "Sounds": [distill_core.Dataset, dataset.Clip, crops.Crops],
    "Playing": [distill_core.Request, distill_core.Partner, distill_core.Chunk],
    "Loading": [distill_core.Part, distill_core.Header],
    "Protocols": [
        protocols.Tokenizer,
        protocols.ShowsVectors,
        protocols.Reconstructs,
        protocols.Morphs,
        protocols.Blends,
    ],
    "Testing": [BackendTests],
    "From Python": [
        distill_core.Trained, distill_core.Model, distill_core.Take, distill_core.Sound,
        distill_core.Evaluation,
    ],
    "Events": [
        events.Event, events.Started, events.StepMetrics, events.EpochMetrics, events.Warned,
        events.Preview, events.Saved, events.Done,
    ],
}  # fmt: skip
ABOUT = {
    "Protocols": "A network keeps a protocol by having its methods; a type promises it in"
    " `ModelType.provides`.",
    "Events": "Frozen records. A backend adds figures of its own to an epoch by a subclass of"
    " `EpochMetrics`.",
    "Training": "`Run` comes from core; an `Objective` is what a backend supplies to its loop.",
    "Playing": "A request comes from core; chunks are what a backend yields.",
    "Sounds": "Audio is float32 [C, T] within -1…1, at the model's rate, with its channels.",
}


def hooks() -> dict[str, Callable[..., Any]]:
    """Collect the hooks of the contract, in the order of their source."""
    return {name: getattr(hookspecs, name) for name in known_hooks()}


def page() -> str:
    """Write the page."""
    parts = [
        OPENING,
        *_contents(),
        "## Hooks\n",
        _stand(),
        *(part for name, hook in hooks().items() for part in _hook(name, hook)),
        *(part for title, some in RECORDS.items() for part in _section(title, some)),
        *_functions(),
        *_errors(),
        *_groups(),
        *_names(),
    ]
    return "\n".join(parts)


def _contents() -> Iterator[str]:
    for name, hook in hooks().items():
        yield f"* [`{name}`](#{name}): {_uncapped(docstrings.read(hook).first)}"
    others = [*RECORDS, "Functions", "Errors", "Entry points", "Public names"]
    links = ", ".join(f"[{each}](#{each.lower().replace(' ', '-')})" for each in others)
    yield f"* {links}\n"


def _stand() -> str:
    code = EXAMPLES.read_text(encoding="utf-8").partition('"""\n\n')[2].rstrip()
    return (
        "The examples below are pieces of one backend, hush, which works when they are put behind"
        " this:\n\n<details><summary>hush's settings, network and objective</summary>\n\n"
        f"```python\n{code}\n```\n\n</details>\n\n"
        "In a backend of more than one page, what needs torch stands in a module of its own, which"
        " the hooks import when they are called: `distill --help` must not wait for torch.\n"
    )


def _hook(name: str, hook: Callable[..., Any]) -> Iterator[str]:
    told = docstrings.read(hook)
    everyone = name in EVERYONES
    yield f"### `{name}`\n"
    yield f"```python\ndef {signatures.signature(hook)}\n```\n"
    asked = "every plugin" if everyone else "the one who owns the model type"
    yield f"{told.prose}\n\nAsked of {asked}.\n"
    rows = [
        (f"`{each}`", f"`{kind}`", told.entries["Args"][each])
        for each, kind in signatures.parameters(hook).items()
    ]
    if rows:
        yield _table(("argument", "type", "what it is"), rows)
    yield f"```python\n{told.code}\n```\n"


def _section(title: str, records: list[type]) -> Iterator[str]:
    yield f"## {title}\n"
    if title in ABOUT:
        yield ABOUT[title] + "\n"
    for each in records:
        yield from _record(each)


def _record(cls: type) -> Iterator[str]:
    told = docstrings.read(cls)
    said = told.entries.get("Attributes", {})
    yield f"### `{cls.__name__}`\n"
    public = cls.__name__ in distill_core.__all__
    place = "distill_core" if public else cls.__module__.removesuffix(".backend")
    yield f"`{place}.{cls.__name__}`. {told.prose}\n"
    own = signatures.fields(cls)
    missing = [each for each in own if each not in said and each != "event"]
    if missing:
        raise SystemExit(f"{cls.__name__} says nothing of {', '.join(missing)} (Attributes:).")
    rows = [
        (f"`{name}`", f"`{kind}`", _code(signatures.default(cls, name)), said[name])
        for name, kind in own.items()
        if name in said
    ]
    if told.code:
        yield f"```python\n{told.code}\n```\n"
    if rows:
        yield _table(("attribute", "type", "unless told", "what it is"), rows)
    found = [
        (f"`{name if is_read else signatures.signature(function)}`", _meaning(function))
        for name, function, is_read in signatures.members(cls)
    ]
    if found:
        yield _table(("method or property", "what it does"), found)


def _meaning(function: Callable[..., Any]) -> str:
    """Say what a method does, in one cell: its prose, its arguments, its errors."""
    told = docstrings.read(function)
    said = [" ".join(told.prose.split())]
    if signatures.is_abstract(function):
        said.insert(0, "(must be there)")
    said += [f"`{name}`: {text}" for name, text in told.entries.get("Args", {}).items()]
    if "Returns" in told.text:
        said.append(f"Returns {told.text['Returns']}")
    said += [f"Raises `{name}`: {text}" for name, text in told.entries.get("Raises", {}).items()]
    return " ".join(said)


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    for name in sorted(distill_core.__all__):
        found = getattr(distill_core, name)
        if not inspect.isfunction(found):
            continue
        told = docstrings.read(found)
        yield f"### `{name}`\n"
        yield f"```python\n{signatures.signature(found)}\n```\n"
        yield f"{told.prose}\n"
        said = told.entries.get("Args", {})
        if said:
            rows = [(f"`{each}`", _text(text)) for each, text in said.items()]
            yield _table(("argument", "what it is"), rows)
        for section in ("Returns", "Yields"):
            if section in told.text:
                yield f"{section}: {told.text[section]}\n"
        raised = told.entries.get("Raises", {})
        if raised:
            rows = [(f"`{each}`", text) for each, text in raised.items()]
            yield _table(("raises", "when"), rows)


def _text(text: str) -> str:
    return text.replace("*", "\\*")


def _errors() -> Iterator[str]:
    yield "## Errors\n"
    yield (
        "What a user can mend is a `DistillError`: one line that says what was wrong, what was"
        " found and what to do, without a traceback. Anything else that a hook raises is told as a"
        " fault of its distribution (exit code 6).\n"
    )
    found = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.DistillError)
    ]
    rows = [(f"`{e.__name__}`", str(e.exit_code), docstrings.read(e).first) for e in found]
    yield _table(("error", "exit code", "what it is for"), rows)


def _groups() -> Iterator[str]:
    yield "## Entry points\n"
    yield 'In `pyproject.toml`, as `[project.entry-points."GROUP"]` with `NAME = "module"`.\n'
    rows = [(f"`{group}`", GROUPS[group]) for group in claims.KINDS]
    yield _table(("group", "what an entry brings"), rows)


def _names() -> Iterator[str]:
    yield "## Public names\n"
    yield "All that `distill_core` has for others. What stands elsewhere in it may change.\n"
    rows = [(f"`{name}`", _sentence(name)) for name in sorted(distill_core.__all__, key=str.lower)]
    yield _table(("name", "what it is"), rows)


def _sentence(name: str) -> str:
    """Give the first sentence of a public name's docstring; of a constant, its comment."""
    found = getattr(distill_core, name)
    if isinstance(found, type) or inspect.isfunction(found):
        return docstrings.read(found).first
    for file in sorted(Path(distill_core.__file__).parent.rglob("*.py")):
        told = re.search(rf"^{name} = .*  # (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        if told:
            return f"{told[1][0].upper()}{told[1][1:]}."
    raise SystemExit(f"{name} says nothing of itself (a comment behind it).")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _code(value: str | None) -> str:
    return "" if value is None else f"`{value}`"


def _uncapped(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
