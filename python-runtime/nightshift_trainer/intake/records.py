"""Records as found in a file, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..rendering.template import Message

RecordFormat = Literal["messages", "question_answer", "columns", "text"]


@dataclass(frozen=True)
class Record:
    """A parsed record; `row` is the physical line where it begins, `shown` its first characters."""

    row: int
    fields: Mapping[str, Any]
    shown: str


@dataclass(frozen=True)
class Rejection:
    row: int
    reason: str
    message: str
    text: str


@dataclass(frozen=True)
class Chat:
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Bad:
    """A record that cannot be used, before its row is known."""

    reason: str
    message: str


@dataclass(frozen=True)
class ColumnMapping:
    prompt: str
    answer: str


# Beside `text`, these columns say where a text is from and do not make it a flat record.
PROVENANCE = frozenset(
    ("id", "meta", "metadata", "source", "url", "timestamp", "date", "title", "lang", "language",
     "license", "licence")
)  # fmt: skip


def recognise(fields: Mapping[str, Any]) -> RecordFormat | None:
    """Which format a record has by its keys alone; null: flat columns that have to be mapped."""
    if "messages" in fields:
        return "messages"
    if "question" in fields and "answer" in fields:
        return "question_answer"
    if "question" in fields and len(fields) == 1:
        return "question_answer"
    if "text" in fields and all(name == "text" or name in PROVENANCE for name in fields):
        return "text"
    return None


def _content(value: Any) -> str | Bad:  # noqa: ANN401 - parsed JSON
    if isinstance(value, bool) or value is None:
        return Bad("wrong_type", f"A text was expected and {value!r} found.")
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return value
    if (
        isinstance(value, list)
        and value
        and all(
            isinstance(part, dict)
            and part.get("type") == "text"
            and isinstance(part.get("text"), str)
            for part in value
        )
    ):
        return "".join(part["text"] for part in value)
    return Bad("wrong_type", f"A text was expected and a {type(value).__name__} found.")


def _text_problem(text: str) -> Bad | None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return Bad("not_utf8", "The text holds half of a surrogate pair, which UTF-8 cannot hold.")
    return None


def _messages(value: Any, roles: frozenset[str]) -> Chat | Bad:  # noqa: ANN401 - parsed JSON
    if not isinstance(value, list):
        return Bad("wrong_type", "`messages` is not a list.")
    found: list[Message] = []
    for index, item in enumerate(value):
        if not isinstance(item, dict) or not isinstance(item.get("role"), str):
            return Bad("wrong_type", f"Message {index + 1} is not an object with a role.")
        role = item["role"]
        if role not in roles:
            return Bad("role_not_rendered", f"The template cannot render the role {role!r}.")
        if item.get("tool_calls") or item.get("function_call"):
            return Bad("role_not_rendered", "The template cannot render tool calls.")
        if role == "system" and index > 0:
            return Bad("role_not_rendered", "A system message stands behind the first message.")
        content = _content(item.get("content"))
        if isinstance(content, Bad):
            return Bad(content.reason, f"Message {index + 1}: {content.message}")
        if role == "assistant" and not content.strip():
            return Bad("empty_answer", f"The answer in message {index + 1} is empty.")
        found.append({"role": role, "content": content})
    if not any(message["role"] == "assistant" for message in found):
        return Bad("no_answer", "No message has the role assistant: there is nothing to learn.")
    for message in found:
        problem = _text_problem(message["content"])
        if problem is not None:
            return problem
    return Chat(tuple(found))


def _pair(fields: Mapping[str, Any], prompt: str, answer: str) -> Chat | Bad:
    for name in (prompt, answer):
        if name not in fields:
            reason = "no_answer" if name == answer else "unknown_columns"
            return Bad(reason, f"The record has no field {name!r}.")
    texts: list[str] = []
    for name in (prompt, answer):
        content = _content(fields[name])
        if isinstance(content, Bad):
            return Bad(content.reason, f"{name}: {content.message}")
        problem = _text_problem(content)
        if problem is not None:
            return problem
        texts.append(content)
    if not texts[0].strip():
        return Bad("empty_text", f"The field {prompt!r} is empty.")
    if not texts[1].strip():
        return Bad("empty_answer", f"The field {answer!r} is empty.")
    return Chat(({"role": "user", "content": texts[0]}, {"role": "assistant", "content": texts[1]}))


def interpret(
    fields: Mapping[str, Any],
    form: RecordFormat,
    mapping: ColumnMapping | None,
    roles: frozenset[str],
) -> Chat | Text | Bad:
    """What a record of a known format holds, or why it cannot be used."""
    if form == "messages":
        return _messages(fields.get("messages"), roles)
    if form == "question_answer":
        return _pair(fields, "question", "answer")
    if form == "columns":
        assert mapping is not None
        return _pair(fields, mapping.prompt, mapping.answer)
    content = _content(fields.get("text"))
    if isinstance(content, Bad):
        return content
    if not content.strip():
        return Bad("empty_text", "The text is empty.")
    return _text_problem(content) or Text(content)
