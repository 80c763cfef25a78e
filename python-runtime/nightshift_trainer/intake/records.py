"""Records as found in a file, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..rendering.template import Message

RecordFormat = Literal[
    "messages",
    "conversations",
    "instruction",
    "question_answer",
    "prompt_completion",
    "prompt_response",
    "columns",
    "text",
]

# Fields that ask and answer, by format.
PAIRS: Mapping[str, tuple[str, str]] = {
    "question_answer": ("question", "answer"),
    "prompt_completion": ("prompt", "completion"),
    "prompt_response": ("prompt", "response"),
}
# ShareGPT's names of who speaks; what is not here keeps its name, and the template decides.
SPEAKERS: Mapping[str, str] = {"human": "user", "gpt": "assistant", "chatgpt": "assistant"}


@dataclass(frozen=True)
class Record:
    """A parsed record; `row` is the physical line where it begins, `raw` its text in the file (a
    row of a parquet file: as JSON)."""

    row: int
    fields: Mapping[str, Any]
    raw: str

    @property
    def shown(self) -> str:
        """The first characters, for lists."""
        return self.raw[:500]


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
    if "conversations" in fields:
        return "conversations"
    if "question" in fields and ("answer" in fields or len(fields) == 1):
        return "question_answer"
    if "instruction" in fields and "output" in fields:
        return "instruction"
    if "prompt" in fields and "completion" in fields:
        return "prompt_completion"
    if "prompt" in fields and "response" in fields:
        return "prompt_response"
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


def _without_tools(fields: Mapping[str, Any]) -> Bad | None:
    """A list of tools belongs into the prompt; where the template does not render it, the row that
    was written for it would be trained with another prompt."""
    tools = fields.get("tools")
    if tools is None or tools in ("", "[]", []):
        return None
    return Bad("role_not_rendered", "The template cannot render the tools of the row.")


def _conversations(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Bad:
    """ShareGPT: `conversations` of `{from, value}`, beside them perhaps `system`."""
    value = fields.get("conversations")
    if not isinstance(value, list):
        return Bad("wrong_type", "`conversations` is not a list.")
    messages: list[Any] = []
    system = fields.get("system")
    if system not in (None, ""):
        messages.append({"role": "system", "content": system})
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            return Bad("wrong_type", f"Message {index + 1} is not an object.")
        speaker = item.get("from", item.get("role"))
        content = item.get("value", item.get("content"))
        role = SPEAKERS.get(speaker, speaker) if isinstance(speaker, str) else speaker
        messages.append({"role": role, "content": content})
    return _messages(messages, roles)


def _instruction(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Bad:
    """Alpaca: `instruction`, its `input` on a new line where there is one, `output`; perhaps
    `system`, and `history` of earlier pairs."""
    messages: list[Any] = []
    system = fields.get("system")
    if system not in (None, ""):
        messages.append({"role": "system", "content": system})
    history = fields.get("history")
    if history is not None and not isinstance(history, list):
        return Bad("wrong_type", "`history` is not a list.")
    for pair in history or []:
        if not isinstance(pair, list) or len(pair) != 2:
            return Bad("wrong_type", "`history` holds something that is no pair of texts.")
        messages.append({"role": "user", "content": pair[0]})
        messages.append({"role": "assistant", "content": pair[1]})
    asked = _pair(fields, "instruction", "output")
    if isinstance(asked, Bad):
        return asked
    question = asked.messages[0]["content"]
    more = fields.get("input")
    if more not in (None, ""):
        text = _content(more)
        if isinstance(text, Bad):
            return Bad(text.reason, f"input: {text.message}")
        if text.strip():
            question = f"{question}\n{text}"
    answer = asked.messages[1]["content"]
    messages.append({"role": "user", "content": question})
    messages.append({"role": "assistant", "content": answer})
    return _messages(messages, roles)


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
    if form == "columns":
        assert mapping is not None
        return _pair(fields, mapping.prompt, mapping.answer)
    if form in PAIRS:
        return _pair(fields, *PAIRS[form])
    if form != "text":
        problem = _without_tools(fields)
        if problem is not None:
            return problem
        if form == "messages":
            return _messages(fields.get("messages"), roles)
        if form == "conversations":
            return _conversations(fields, roles)
        return _instruction(fields, roles)
    content = _content(fields.get("text"))
    if isinstance(content, Bad):
        return content
    if not content.strip():
        return Bad("empty_text", "The text is empty.")
    return _text_problem(content) or Text(content)
