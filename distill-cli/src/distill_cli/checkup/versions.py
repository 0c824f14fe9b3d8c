"""Compare versions as PEP 440 orders them, as far as requirements of ours need it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<stage>a|b|c|rc|alpha|beta|pre|preview|post|rev|r|dev)[-_.]?(?P<number>\d*))?"
    r"[^+]*(?:\+(?P<local>.*))?$",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"(~=|===|==|!=|<=|>=|<|>)\s*(\S+)")
STAGES = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1,
          "preview": -1, "post": 1, "rev": 1, "r": 1}  # fmt: skip
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

Key = tuple[int, tuple[int, ...], int, int]


def release(version: str) -> tuple[int, ...] | None:
    """Give the numbers of a version, (2, 11, 0) of 2.11.0+cpu; None for what is no version."""
    found = VERSION.match(version.strip())
    return tuple(map(int, found["release"].split("."))) if found else None


def satisfies(version: str, specifier: str) -> bool | None:
    """Say whether a version lies within ">=2.11,<2.12"; None where that cannot be told."""
    clauses = [each.strip() for each in specifier.split(",") if each.strip()]
    judged = [_holds(version, each) for each in clauses]
    if False in judged:
        return False
    return None if None in judged else True


def _holds(version: str, clause: str) -> bool | None:
    """Judge one clause."""
    found = CLAUSE.fullmatch(clause)
    if found is None:
        return None
    sign, wanted = found.groups()
    own, other = _key(version), _key(wanted.removesuffix(".*"))
    if own is None or other is None or sign == "===":
        return None
    if sign in {"==", "!="}:
        prefix = release(wanted.removesuffix(".*")) if wanted.endswith(".*") else None
        same = _begins(version, prefix) if prefix else own == other
        return same is (sign == "==")
    if sign == "~=":
        prefix = release(wanted)
        return own >= other and prefix is not None and _begins(version, prefix[:-1])
    if sign == "<" and own[:2] == other[:2] and own[2] < 0 <= other[2]:
        return False  # 2.12rc1 is not what <2.12 means
    return ORDERS[sign](own, other)


def _begins(version: str, prefix: tuple[int, ...]) -> bool:
    """Say whether a version's numbers begin with some; what it does not name is 0."""
    numbers = release(version) or ()
    return (*numbers, *[0] * len(prefix))[: len(prefix)] == prefix


def _key(version: str) -> Key | None:
    """Give what versions are ordered by; what stands after + does not count."""
    found = VERSION.match(version.strip())
    if found is None:
        return None
    numbers = [int(each) for each in found["release"].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()  # 2.0 and 2 are the same
    stage = STAGES[found["stage"].lower()] if found["stage"] else 0
    return int(found["epoch"] or 0), tuple(numbers), stage, int(found["number"] or 0)
