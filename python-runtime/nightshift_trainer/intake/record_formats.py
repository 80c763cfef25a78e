"""The record formats: recognized by their field names, and converted to a chat or a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .content import encoding_problem, reasoning_of, text_of, with_thinking
from .json_values import is_blank, is_missing
from .mapping import convert_mapped
from .marks import row_mark
from .media import media_field, placeholder
from .messages import (
    chat_of,
    is_message_list,
    sharegpt_messages,
    system_messages,
    tool_field,
)
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

# Next to `text`, these fields are metadata: the record is still a raw text, not a table row.
METADATA_FIELDS = frozenset(
    ("id", "meta", "metadata", "source", "url", "timestamp", "date", "title", "lang", "language",
     "license", "licence")
)  # fmt: skip


def recognize(fields: Mapping[str, Any]) -> RecordFormat | None:
    """The format of a record, by its field names alone; None for columns that need a mapping, such
    as preference pairs: nothing says that their chosen answer is meant to be trained."""
    if "chosen" in fields and "rejected" in fields and is_preference(fields):
        return None
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


def is_preference(fields: Mapping[str, Any]) -> bool:
    """`chosen` and `rejected` are answers, not marks of the row."""
    values = (fields.get("chosen"), fields.get("rejected"))
    return all(isinstance(value, (str, list, Mapping)) for value in values)


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
        return convert_mapped(fields, mapping, roles)
    problem = row_mark(fields)
    if problem is not None:
        return problem
    if record_format == "text":
        return _raw_text(fields)
    problem = tool_field(fields) or media_field(fields)
    if problem is not None:
        return problem
    if record_format in PAIRS:
        return _pair(fields, *PAIRS[record_format], roles)
    if record_format == "messages":
        return _messages(fields, roles)
    if record_format == "conversations":
        return _conversations(fields, roles)
    return _instruction(fields, roles)


def _raw_text(fields: Mapping[str, Any]) -> Text | Invalid:
    text = text_of(fields.get("text"), "`text`")
    if isinstance(text, Invalid):
        return text
    if not text.strip():
        return Invalid("empty_text", "The text is empty.")
    return encoding_problem(text) or Text(text)


def _messages(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Invalid:
    value = fields.get("messages")
    if not isinstance(value, list):
        return chat_of(value, roles)
    return chat_of(_with_system(fields, value), roles)


def _with_system(fields: Mapping[str, Any], messages: list[Any]) -> list[Any]:
    """A system prompt that the conversation begins with anyway is not repeated."""
    system = system_messages(fields)
    if system and messages and isinstance(messages[0], Mapping):
        first: Mapping[str, Any] = messages[0]
        if first.get("role") == "system" and first.get("content") == system[0]["content"]:
            return messages
    return [*system, *messages]


def _conversations(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Invalid:
    """ShareGPT: `conversations` of `{from, value}`, optionally `system`."""
    value = fields.get("conversations")
    if not isinstance(value, list):
        return Invalid("wrong_type", f"`conversations` must be a list, not {json_type(value)}.")
    messages = sharegpt_messages(value)
    if isinstance(messages, Invalid):
        return messages
    return chat_of(_with_system(fields, messages), roles)


def _instruction(fields: Mapping[str, Any], roles: frozenset[str]) -> Chat | Invalid:
    """Alpaca: `instruction`, optionally `input` (appended on a new line), `output`; optionally
    `system`, and `history` of earlier pairs."""
    messages = system_messages(fields)
    history = fields.get("history")
    if not is_missing(history) and not isinstance(history, list):
        return Invalid("wrong_type", f"`history` must be a list, not {json_type(history)}.")
    for pair in history if isinstance(history, list) else []:
        if not isinstance(pair, list) or len(pair) != 2:
            return Invalid("wrong_type", "`history` must contain only [prompt, answer] pairs.")
        messages.append({"role": "user", "content": pair[0]})
        messages.append({"role": "assistant", "content": pair[1]})
    last_pair = _pair_texts(fields, "instruction", "output")
    if isinstance(last_pair, Invalid):
        return last_pair
    prompt, answer = last_pair
    extra_input = fields.get("input")
    if not is_blank(extra_input):
        text = text_of(extra_input, "`input`")
        if isinstance(text, Invalid):
            return text
        prompt = f"{prompt}\n{text}"
    messages.append({"role": "user", "content": prompt})
    messages.append({"role": "assistant", "content": answer})
    return chat_of(messages, roles)


def _pair(
    fields: Mapping[str, Any], prompt: str, answer: str, roles: frozenset[str]
) -> Chat | Invalid:
    """Two texts, or two lists of messages as TRL writes them."""
    question, reply = fields.get(prompt), fields.get(answer)
    if is_message_list(question) and is_message_list(reply):
        messages = sharegpt_messages([*question, *reply])
        if isinstance(messages, Invalid):
            return messages
        return chat_of(_with_system(fields, messages), roles)
    texts = _pair_texts(fields, prompt, answer)
    if isinstance(texts, Invalid):
        return texts
    messages = [
        *system_messages(fields),
        {"role": "user", "content": texts[0]},
        {"role": "assistant", "content": texts[1]},
    ]
    return chat_of(messages, roles)


def _pair_texts(fields: Mapping[str, Any], prompt: str, answer: str) -> tuple[str, str] | Invalid:
    """The prompt, and the answer after what the model thought before it."""
    for name in (prompt, answer):
        if name not in fields:
            reason = "no_answer" if name == answer else "unknown_columns"
            return Invalid(reason, f"The field `{name}` is missing.")
    texts: list[str] = []
    for name in (prompt, answer):
        text = text_of(fields[name], f"`{name}`")
        if isinstance(text, Invalid):
            return text
        problem = encoding_problem(text)
        if problem is not None:
            return problem
        texts.append(text)
    if not texts[0].strip():
        return Invalid("empty_text", f"The field `{prompt}` is empty.")
    if not texts[1].strip():
        return Invalid("empty_answer", f"The field `{answer}` is empty.")
    problem = placeholder(texts[0], f"`{prompt}`")
    return problem or (texts[0], with_thinking(texts[1], reasoning_of(fields)))
