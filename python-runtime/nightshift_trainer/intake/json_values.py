"""JSON as data sets write it: NaN, Infinity and numbers beyond a float are missing values, and an
object that names a field twice is an error, because one of the two values would be lost."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# How files write that a field has no value.
EMPTY_TEXTS = frozenset(("", "[]", "{}", "null", "none", "nan"))


class FieldTwice(ValueError):
    """An object names a field twice; the message says which. `end`: where the whole value ends."""

    end = 0


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise FieldTwice(f"The field `{name}` appears twice.")
        seen.add(name)
    return fields


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _missing(_name: str) -> None:
    return None


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_missing, parse_float=_finite)


def parse_json(text: str) -> Any:  # noqa: ANN401 - parsed JSON
    """Raises `FieldTwice`, ValueError and RecursionError."""
    return _DECODER.decode(text)


def parse_json_at(text: str, position: int) -> tuple[Any, int]:
    """The value that begins at `position`, and where it ends."""
    try:
        return _DECODER.raw_decode(text, position)
    except FieldTwice as error:
        _, error.end = json.JSONDecoder().raw_decode(text, position)
        raise


def is_missing(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """No value at all: null, or a number that is none (Parquet has real NaN values)."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Decimal):
        return not value.is_finite()
    return value is None


def is_blank(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """No value, or a text of white space."""
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def is_empty(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """No value, or one without content: an empty text or list, a struct of empty values."""
    if is_missing(value):
        return True
    if isinstance(value, str):
        return value.strip().lower() in EMPTY_TEXTS
    if isinstance(value, Mapping):
        return all(map(is_empty, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_empty, value))
    return False
