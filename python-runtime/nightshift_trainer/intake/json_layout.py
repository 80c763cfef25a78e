"""How the JSON of a file is laid out, decided from its first 64 kB. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

Layout = Literal["lines", "values"]

# A field of a record by one of these names makes an object a record, not a container of rows.
RECORD_FIELDS = frozenset(
    (
        "messages",
        "conversations",
        "question",
        "prompt",
        "instruction",
        "text",
        # Two conversations each: preference data.
        "chosen",
        "rejected",
    )
)
LIST_OF_OBJECTS = re.compile(rb":\s*\[\s*\{")
ARRAY_START = re.compile(rb'\[\s*[\[{"\]]')


def json_layout(head: bytes, is_whole: bool, prefers_values: bool) -> Layout:
    """`lines`: one JSON value per line; `values`: an array, objects over several lines, or rows
    under a key. `is_whole`: `head` is the whole file. `prefers_values`: the file is a `.json`."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    if not lines:
        return "lines"
    first = lines[0].strip()
    is_complete = is_whole or len(lines) > 1
    if first.startswith(b"["):
        return _array_layout(head, first, len(lines), prefers_values)
    if not first.startswith(b"{"):
        return "lines"
    value = _parsed(first) if is_complete else None
    if isinstance(value, dict):
        return "lines" if len(lines) > 1 else "values"
    if _is_followed(first):
        return "values"
    if len(lines) == 1:
        # Too long for the head, or cut off: rows under a key, or one record.
        is_record = _first_key(first) in RECORD_FIELDS or not LIST_OF_OBJECTS.search(first)
        return "lines" if is_record else "values"
    return "values" if _goes_on(first, lines[1].strip()) else "lines"


def _array_layout(head: bytes, first: bytes, lines: int, prefers_values: bool) -> Layout:
    if prefers_values:
        return "values"
    value = _parsed(first)
    if isinstance(value, list) and lines > 1:
        # One list of messages per line, or several arrays of records.
        return "lines" if is_list_of_messages(value) or not _has_objects(value) else "values"
    return "values" if ARRAY_START.match(head.lstrip()) else "lines"


def is_list_of_messages(value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(item, dict) and ("role" in item or "from" in item) for item in value)
    )


def _has_objects(value: list[Any]) -> bool:
    return any(isinstance(item, dict) for item in value)


def _goes_on(first: bytes, second: bytes) -> bool:
    """Whether an object that begins on a line continues on the next one, rather than being a
    broken record."""
    if first.endswith((b"{", b"[", b":")):
        return not second.startswith(b"{") or first.endswith((b"[", b":"))
    return second.startswith((b'"', b"}", b"]", b",")) and first.endswith((b",", b"}", b"]", b'"'))


def _is_followed(first: bytes) -> bool:
    """An object with a comma or the next object behind it on the line."""
    try:
        text = first.decode("utf-8")
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and text[end:].lstrip()[:1] in (",", "{")


def _first_key(text: bytes) -> str | None:
    found = re.match(rb'\{\s*"([^"\\]*)"\s*:', text)
    return found[1].decode("utf-8", "replace") if found is not None else None


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - parsed JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
