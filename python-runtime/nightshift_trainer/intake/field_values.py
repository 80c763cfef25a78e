"""Fields as other programs write them: capital names, and lists that are held as a string."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from .record_formats import recognize

_NAMES = frozenset(
    ("messages", "conversations", "question", "answer", "instruction", "input", "output", "prompt",
     "completion", "response", "text", "system", "history")
)  # fmt: skip
_LISTS = ("messages", "conversations", "history")


def canonical_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields under the names that formats use, where that makes the format known."""
    if recognize(fields) is None:
        renamed = _lower_names(fields)
        if recognize(renamed) is not None:
            fields = renamed
    parsed = {name: _list_of(fields[name]) for name in _LISTS if isinstance(fields.get(name), str)}
    found = {name: value for name, value in parsed.items() if value is not None}
    return {**fields, **found} if found else fields


def _lower_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for name, value in fields.items():
        lower = name.strip().lower()
        is_free = lower not in fields and lower not in renamed
        renamed[lower if lower in _NAMES and is_free else name] = value
    return renamed


def _list_of(text: str) -> list[Any] | None:
    """A list written as JSON, or as Python prints it (what `DataFrame.to_csv` writes)."""
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(stripped)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return value if isinstance(value, list) else None
    return None
