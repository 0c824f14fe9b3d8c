"""JSON without surprises: no key twice, no NaN, and only the kind of value that was asked for."""

from __future__ import annotations

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """Parse JSON, refusing duplicate keys and the constants that JSON does not have.

    Raises:
        ValueError: what is wrong, for a message.
    """
    try:
        return json.loads(text, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("its JSON is nested too deeply") from error


def parse_table(text: str | bytes) -> dict[str, Any]:
    """Parse a JSON object.

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


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
