"""Why a text isn't JSON, in plain words."""

from __future__ import annotations

import json

# Beginnings of the messages of Python's decoder.
_WORDS: tuple[tuple[str, str], ...] = (
    ("Expecting value", "a value is missing"),
    ("Expecting property name", "a field name in double quotes is missing"),
    ("Illegal trailing comma", "a comma stands before the closing bracket"),
    ("Unterminated string", "a quote isn't closed"),
    ("Expecting ',' delimiter", "a comma or a closing bracket is missing"),
    ("Expecting ':' delimiter", "a colon is missing after a field name"),
    ("Extra data", "more text follows the end of the record"),
    ("Invalid control character", "a control character or a line break is inside quotes"),
    ("Invalid \\", "a backslash is not part of a valid escape"),
)


def json_problem(error: Exception) -> str:
    """Without the place; see `json_place`."""
    if isinstance(error, RecursionError):
        return "objects and lists are nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        # Python reads integers of up to 4,300 digits.
        return "a number has thousands of digits"
    return next(
        (words for beginning, words in _WORDS if error.msg.startswith(beginning)),
        "a character is not expected",
    )


def json_place(error: Exception) -> str:
    """` at character 24`, or nothing where the error has no place."""
    return f" at character {error.pos + 1:,}" if isinstance(error, json.JSONDecodeError) else ""
