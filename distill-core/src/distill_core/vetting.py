"""Hold what a plugin says of its model types against the contract, before anything relies on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from .controls import Control, controls
from .model_type import ModelType

FLAG = re.compile(r"--[a-z][a-z0-9]*(-[a-z0-9]+)*")
SHORT = re.compile(r"[A-Za-z]")
SOUND = ("sample_rate", "channels")  # of every model config but a companion's, which has its host's
FIELDS = {"name": str, "summary": str, "plays": bool, "widens": bool, "rank": int}


def vetted(told: Iterable[Any], name: str, companion: bool) -> ModelType:
    """Pick the record of a model type out of what its plugin brings.

    Args:
        told: what each implementation of `distill_model_types` gave.
        name: the entry point's, which must be the type's.
        companion: whether it lives in another's file.

    Raises:
        TypeError: there is none of that name, or it is not as the contract says; its author's bug.
    """
    records: dict[str, ModelType] = {}
    for found in told:
        if not isinstance(found, list | tuple):
            raise TypeError(f"distill_model_types gives a {type(found).__name__}, not a list")
        for each in found:
            if not isinstance(each, ModelType):
                raise TypeError(f"distill_model_types lists a {type(each).__name__}, no ModelType")
            records[str(each.name)] = each
    if name not in records:
        raise TypeError(f"distill_model_types brings {sorted(records)}, not {name!r}")
    _check_record(records[name])
    _check_classes(records[name], companion)
    return records[name]


def _check_record(record: ModelType) -> None:
    """Check all but the config classes: what is compared and counted with later."""
    for field, kind in FIELDS.items():
        if type(getattr(record, field)) is not kind:
            raise TypeError(f"ModelType.{field} is {getattr(record, field)!r}, no {kind.__name__}")
    versions = record.versions
    if not isinstance(versions, tuple) or not versions or any(type(v) is not int for v in versions):
        raise TypeError(f"ModelType.versions is {versions!r}, not a tuple of whole numbers")
    for field in ("provides", "needs"):
        protocols = getattr(record, field)
        if not isinstance(protocols, frozenset) or not all(map(is_protocol, protocols)):
            raise TypeError(f"ModelType.{field} is {protocols!r}, not a frozenset of protocols")


def is_protocol(each: Any) -> bool:
    """Say whether something is a protocol that a network can be held against."""
    return isinstance(each, type) and getattr(each, "_is_runtime_protocol", False)


def _check_classes(record: ModelType, companion: bool) -> None:
    """Check the config classes; one that is none would end every command's help."""
    flags: dict[str, set[str]] = {"training": set(), "generating": set()}
    for role in ("model", "training", "generating"):
        cls = getattr(record, role)
        if not isinstance(cls, type) or not attrs.has(cls):
            raise TypeError(f"ModelType.{role} is {cls!r}, no attrs class")
        job = flags["generating" if role == "generating" else "training"]
        for each in controls(cls):
            where = f"{cls.__name__}.{each.name}"
            _check_knob(where, each)
            if each.flag in job:
                raise TypeError(f"{where} has the flag {each.flag}, which another knob has")
            job.add(each.flag)
        _check_frozen(cls)
    kinds = {each.name: each.kind for each in controls(record.model)}
    if not companion and any(kinds.get(each) != "int" for each in SOUND):
        raise TypeError(f"{record.model.__name__} needs the whole numbers {' and '.join(SOUND)}")


def _check_knob(where: str, knob: Control) -> None:
    """Check that a knob can be an option."""
    told = knob.told
    if not isinstance(told.help, str) or not told.help:
        raise TypeError(f"{where} has no help")
    if not FLAG.fullmatch(knob.flag):
        raise TypeError(f"{where} has the flag {knob.flag!r}: small letters, digits and - can be")
    if told.short is not None and not SHORT.fullmatch(told.short):
        raise TypeError(f"{where} has the short flag {told.short!r}, which is not one letter")
    for bound in (told.min, told.max):
        if bound is not None and type(bound) not in {int, float}:
            raise TypeError(f"{where} has the bound {bound!r}, which is no number")
    if knob.default is None and not knob.optional:
        raise TypeError(f"{where} has no default that it may have")


def _check_frozen(cls: type) -> None:
    """Make one of the defaults alone (each is held against its knob), and try to change it."""
    made = cls()
    for field in attrs.fields(cls):
        try:
            setattr(made, field.name, getattr(made, field.name))
        except attrs.exceptions.FrozenInstanceError:
            return
        raise TypeError(f"{cls.__name__} is not frozen")
