"""Records as read from a file, and what a row becomes: a chat, a text, or a rejection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..rendering.template import Message

# Characters of a record that lists of rejected rows show.
SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Record:
    """A parsed record. `row`: the physical line where it begins; `raw`: its text in the file (of a
    Parquet row: as JSON)."""

    row: int
    fields: Mapping[str, Any]
    raw: str

    @property
    def shown(self) -> str:
        """The first characters, for lists."""
        return self.raw[:SHOWN_CHARACTERS]


@dataclass(frozen=True)
class Rejection:
    """A row that can't be used. `reason`: one of those in docs/protocol.md; `text`: the beginning
    of the row."""

    row: int
    reason: str
    message: str
    text: str


@dataclass(frozen=True)
class Chat:
    messages: tuple[Message, ...]

    @property
    def last_answer(self) -> int:
        """The index of the last assistant message; every chat has one."""
        return max(
            index for index, message in enumerate(self.messages) if message["role"] == "assistant"
        )


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Invalid:
    """Why the fields of a record can't be used: a rejection without its row."""

    reason: str
    message: str


@dataclass(frozen=True)
class ColumnMapping:
    prompt: str
    answer: str


def json_type(value: Any) -> str:  # noqa: ANN401 - parsed JSON
    """The JSON type of a value with its article, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, bytes):
        return "binary data"
    return f"a {type(value).__name__}"
