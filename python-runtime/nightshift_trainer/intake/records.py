"""Records as read from a file, and what a row becomes: a chat, a text, or a rejection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..rendering.template import Message
from ..rendering.thinking import has_thinking

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
    """`untrained`: indexes of the assistant messages that the record excludes from training. They
    stay as context; at least one other assistant message is trained."""

    messages: tuple[Message, ...]
    untrained: frozenset[int] = frozenset()

    @property
    def last_answer(self) -> int:
        """The index of the last assistant message that is trained; every chat has one."""
        return max(
            index
            for index, message in enumerate(self.messages)
            if message["role"] == "assistant" and index not in self.untrained
        )

    @property
    def has_thinking(self) -> bool:
        return any(
            message["role"] == "assistant" and has_thinking(message["content"])
            for message in self.messages
        )

    @property
    def marked_messages(self) -> tuple[Mapping[str, Any], ...]:
        """The messages as a record that is read again: those without loss have the weight 0."""
        return tuple(
            {**message, "weight": 0} if index in self.untrained else message
            for index, message in enumerate(self.messages)
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
    """Roles of columns. `prompt`, `answer`, `system`: the name of a column, or a text in which
    `{column}` stands for its value. With the format `text` or `messages`, `column` holds a raw text
    or a list of messages, and only `system` applies."""

    prompt: str = ""
    answer: str = ""
    system: str = ""
    format: Literal["columns", "text", "messages"] = "columns"
    column: str = ""


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
