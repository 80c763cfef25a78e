"""The record formats: recognized by their field names, and converted to a chat or a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ..rendering.template import Message
from .records import Chat, ColumnMapping, Invalid, Text, json_type

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

# The prompt field and the answer field, by format.
PAIRS: Mapping[str, tuple[str, str]] = {
    "question_answer": ("question", "answer"),
    "prompt_completion": ("prompt", "completion"),
    "prompt_response": ("prompt", "response"),
}
# ShareGPT's names of roles. Any other name is kept, and the template decides whether it renders.
SHAREGPT_ROLES: Mapping[str, str] = {"human": "user", "gpt": "assistant", "chatgpt": "assistant"}

# Next to `text`, these fields are metadata: the record is still a raw text, not a table row.
METADATA_FIELDS = frozenset(
    ("id", "meta", "metadata", "source", "url", "timestamp", "date", "title", "lang", "language",
     "license", "licence")
)  # fmt: skip


def recognize(fields: Mapping[str, Any]) -> RecordFormat | None:
    """The format of a record, by its field names alone; None for columns that need a mapping."""
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
    if "text" in fields and all(name == "text" or name in METADATA_FIELDS for name in fields):
        return "text"
    return None


def convert(
    fields: Mapping[str, Any],
    record_format: RecordFormat,
    mapping: ColumnMapping | None,
    roles: frozenset[str],
) -> Chat | Text | Invalid:
    """The content of a record, or why it can't be used. `roles`: those that the template
    renders."""
    if record_format == "columns":
        assert mapping is not None
        return _pair(fields, mapping.prompt, mapping.answer)
    if record_format in PAIRS:
        return _pair(fields, *PAIRS[record_format])
    if record_format == "text":
        return _raw_text(fields)
    problem = _unrenderable_tools(fields)
    if problem is not None:
        return problem
    if record_format == "messages":
        return _messages(fields.get("messages"), roles)
    if record_format == "conversations":
        return _conversations(fields, roles)
    return _instruction(fields, roles)


def _text_of(value: Any, name: str) -> str | Invalid:  # noqa: ANN401 - parsed JSON
    """`name`: the value in a message, as the beginning of a sentence."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(map(_is_text_part, value)):
        return "".join(part["text"] for part in value)
    return Invalid("wrong_type", f"{name} must be text, not {json_type(value)}.")


def _is_text_part(part: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """OpenAI's `{"type": "text", "text": …}`."""
    return (
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    )


def _encoding_problem(text: str) -> Invalid | None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return Invalid(
            "not_utf8", "The text contains an unpaired surrogate, which UTF-8 can't represent."
        )
    return None


def _raw_text(fields: Mapping[str, Any]) -> Text | Invalid:
    text = _text_of(fields.get("text"), "`text`")
    if isinstance(text, Invalid):
        return text
    if not text.strip():
        return Invalid("empty_text", "The text is empty.")
    return _encoding_problem(text) or Text(text)


def _messages(value: Any, roles: frozenset[str]) -> Chat | Invalid:  # noqa: ANN401 - parsed JSON
    if not isinstance(value, list):
        return Invalid("wrong_type", f"`messages` must be a list, not {json_type(value)}.")
    messages: list[Message] = []
    for index, item in enumerate(value):
        message = _message(item, index, roles)
        if isinstance(message, Invalid):
            return message
        messages.append(message)
    if not any(message["role"] == "assistant" for message in messages):
        return Invalid("no_answer", "No assistant message, so there is nothing to train on.")
    for message in messages:
        problem = _encoding_problem(message["content"])
        if problem is not None:
            return problem
    return Chat(tuple(messages))


def _message(
    item: Any,  # noqa: ANN401 - parsed JSON
    index: int,
    roles: frozenset[str],
) -> Message | Invalid:
    number = index + 1
    if not isinstance(item, dict) or not isinstance(item.get("role"), str):
        return Invalid("wrong_type", f"Message {number} must be an object with a role.")
    role = item["role"]
    if role not in roles:
        return Invalid("role_not_rendered", f"The chat template can't render the role {role!r}.")
    if item.get("tool_calls") or item.get("function_call"):
        return Invalid("role_not_rendered", "The chat template can't render tool calls.")
    if role == "system" and index > 0:
        return Invalid(
            "role_not_rendered",
            f"Message {number} is a system message; only the first message can be one.",
        )
    content = _text_of(item.get("content"), f"The content of message {number}")
    if isinstance(content, Invalid):
        return content
    if role == "assistant" and not content.strip():
        return Invalid("empty_answer", f"Message {number}, an assistant message, is empty.")
    return {"role": role, "content": content}


def _unrenderable_tools(fields: Mapping[str, Any]) -> Invalid | None:
    """Tools belong in the prompt. Templates here don't render them, and without them the row would
    be trained with another prompt than it was written for."""
    tools = fields.get("tools")
    if tools is None or tools in ("", "[]", []):
        return None
    return Invalid("role_not_rendered", "The chat template can't render the tools of this row.")


def _system_message(fields: Mapping[str, Any]) -> list[Any]:
    system = fields.get("system")
    return [] if system in (None, "") else [{"role": "system", "content": system}]


def _conversations(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Invalid:
    """ShareGPT: `conversations` of `{from, value}`, optionally `system`."""
    value = fields.get("conversations")
    if not isinstance(value, list):
        return Invalid("wrong_type", f"`conversations` must be a list, not {json_type(value)}.")
    messages = _system_message(fields)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            return Invalid("wrong_type", f"Message {index + 1} must be an object.")
        role = item.get("from", item.get("role"))
        content = item.get("value", item.get("content"))
        if isinstance(role, str):
            role = SHAREGPT_ROLES.get(role, role)
        messages.append({"role": role, "content": content})
    return _messages(messages, roles)


def _instruction(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Invalid:
    """Alpaca: `instruction`, optionally `input` (appended on a new line), `output`; optionally
    `system`, and `history` of earlier pairs."""
    messages = _system_message(fields)
    history = fields.get("history")
    if history is not None and not isinstance(history, list):
        return Invalid("wrong_type", f"`history` must be a list, not {json_type(history)}.")
    for pair in history or []:
        if not isinstance(pair, list) or len(pair) != 2:
            return Invalid("wrong_type", "`history` must contain only [prompt, answer] pairs.")
        messages.append({"role": "user", "content": pair[0]})
        messages.append({"role": "assistant", "content": pair[1]})
    last_pair = _pair(fields, "instruction", "output")
    if isinstance(last_pair, Invalid):
        return last_pair
    prompt, answer = (message["content"] for message in last_pair.messages)
    extra_input = fields.get("input")
    if extra_input not in (None, ""):
        text = _text_of(extra_input, "`input`")
        if isinstance(text, Invalid):
            return text
        if text.strip():
            prompt = f"{prompt}\n{text}"
    messages.append({"role": "user", "content": prompt})
    messages.append({"role": "assistant", "content": answer})
    return _messages(messages, roles)


def _pair(fields: Mapping[str, Any], prompt: str, answer: str) -> Chat | Invalid:
    for name in (prompt, answer):
        if name not in fields:
            reason = "no_answer" if name == answer else "unknown_columns"
            return Invalid(reason, f"The field `{name}` is missing.")
    texts: list[str] = []
    for name in (prompt, answer):
        text = _text_of(fields[name], f"`{name}`")
        if isinstance(text, Invalid):
            return text
        problem = _encoding_problem(text)
        if problem is not None:
            return problem
        texts.append(text)
    if not texts[0].strip():
        return Invalid("empty_text", f"The field `{prompt}` is empty.")
    if not texts[1].strip():
        return Invalid("empty_answer", f"The field `{answer}` is empty.")
    return Chat(({"role": "user", "content": texts[0]}, {"role": "assistant", "content": texts[1]}))
