"""JSON without surprises: no key twice, no NaN, and only the kind of value that was asked for."""

from __future__ import annotations

import json
import math
import re
from typing import Any

HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # how JSON spells what UTF-8 cannot
DEEPEST = 32  # tables within tables; ours have six, and deeper ones exhaust those who write them


def parse(text: str | bytes) -> Any:
    """Parse JSON that can be written again: each key once, finite numbers, whole characters.

    Raises:
        ValueError: what is wrong, for a message.
    """
    try:
        text = text if isinstance(text, str) else text.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_refuse_duplicates,
            parse_constant=_refuse,
            parse_float=_finite,
        )
        if HALF_CHARACTER.search(text):  # rare, so that the rest pays nothing
            json.dumps(value, ensure_ascii=False).encode()
        if text.count("[") + text.count("{") > DEEPEST:
            _refuse_depths(value)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error
    except UnicodeError as error:
        raise ValueError("it holds what is no text") from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if "int_max_str_digits" in str(error):  # Python's own limit, in words for its programmers
            raise ValueError("it holds a number of thousands of digits") from error
        raise
    return value


def parse_table(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object, as `parse` does.

    Raises:
        ValueError: it is no JSON, or another kind of value.
    """
    table = parse(text)
    if not isinstance(table, dict):
        raise ValueError("it is not a table")
    return table


def dump(value: Any) -> str:
    """Write compact JSON with sorted keys: equal values give equal text.

    Raises:
        ValueError: a NaN or infinity, which JSON cannot hold.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("it has a key twice")
    return table


def _refuse_depths(value: Any) -> None:
    """Go down level by level, all of a level at once."""
    level = [value]
    for _ in range(DEEPEST + 1):
        nested = [each for each in level if isinstance(each, dict | list)]
        level = [
            inner
            for each in nested
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError("its JSON is nested too deeply")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):  # as 1e999, which could not be written again
        raise ValueError("it holds a number beyond all bounds")
    return number
