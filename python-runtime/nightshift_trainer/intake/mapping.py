"""Records with the roles that the user gave their columns: as a prompt and an answer, as a raw
text, or as a list of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .column_values import choice_at, shown_value
from .content import encoding_problem, reasoning_of, text_of, with_thinking
from .json_values import is_blank, is_missing
from .marks import row_mark
from .media import media_field, placeholder
from .messages import chat_of, is_message_list, sharegpt_messages, tool_field
from .records import Chat, ColumnMapping, Invalid, Text

# In a template: an escaped brace, or a column with an optional path such as `answers.text[0]`.
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\[\]]+)\]")
# Columns that no mapping can stand in for. Paths and addresses of images are often only metadata.
MEDIA_COLUMNS = frozenset(("image", "images", "video", "videos", "audio", "audios"))


def template_columns(template: str) -> list[str]:
    """The columns that a template names, those in brackets included."""
    names: list[str] = []
    for match in _PLACE.finditer(template):
        if match.group(1) is not None:
            base, steps = _path(match.group(1))
            names += [base, *(step for step in steps if not step.isdigit())]
    return names


def columns_of(mapping: ColumnMapping, fields: Mapping[str, Any]) -> frozenset[str]:
    """The columns of a record that the mapping uses."""
    names = {mapping.column}
    for part in (mapping.prompt, mapping.answer, mapping.system):
        names |= {part} if part in fields else set(template_columns(part))
    return frozenset(name for name in names if name in fields)


def is_mapped(mapping: ColumnMapping, fields: Mapping[str, Any]) -> bool:
    """Whether a record has any of the mapped columns."""
    return bool(columns_of(mapping, fields))


def convert_mapped(
    fields: Mapping[str, Any], mapping: ColumnMapping, roles: frozenset[str]
) -> Chat | Text | Invalid:
    used = columns_of(mapping, fields)
    problem = row_mark(fields, used)
    if problem is not None:
        return problem
    if mapping.format == "text":
        return _text(fields, mapping.column)
    unused = {name: value for name, value in fields.items() if name not in used}
    media = {name: value for name, value in unused.items() if name.lower() in MEDIA_COLUMNS}
    problem = tool_field(unused) or media_field(media)
    if problem is not None:
        return problem
    system = _system(fields, mapping.system)
    if isinstance(system, Invalid):
        return system
    if mapping.format == "messages":
        return _messages(fields, mapping.column, system, roles)
    return _pair(fields, mapping, system, roles)


def _text(fields: Mapping[str, Any], column: str) -> Text | Invalid:
    if column not in fields:
        return Invalid("unknown_columns", f"The field `{column}` is missing.")
    text = text_of(fields[column], f"`{column}`")
    if isinstance(text, Invalid):
        return text
    if not text.strip():
        return Invalid("empty_text", f"The field `{column}` is empty.")
    return encoding_problem(text) or Text(text)


def _system(fields: Mapping[str, Any], template: str) -> list[Any] | Invalid:
    if not template:
        return []
    text = "" if is_missing(fields.get(template, "")) else _rendered(template, fields)
    if isinstance(text, Invalid):
        return text
    return [{"role": "system", "content": text}] if text.strip() else []


def _messages(
    fields: Mapping[str, Any], column: str, system: list[Any], roles: frozenset[str]
) -> Chat | Invalid:
    value = fields.get(column)
    messages = sharegpt_messages(value) if isinstance(value, list) else None
    if messages is None:
        return chat_of(value, roles, column)
    if isinstance(messages, Invalid):
        return messages
    if system and messages and messages[0].get("role") == "system":
        messages = messages[1:]
    return chat_of([*system, *messages], roles, column)


def _pair(
    fields: Mapping[str, Any], mapping: ColumnMapping, system: list[Any], roles: frozenset[str]
) -> Chat | Invalid:
    for name in (mapping.prompt, mapping.answer):
        if name not in fields and not template_columns(name):
            reason = "no_answer" if name == mapping.answer else "unknown_columns"
            return Invalid(reason, f"The field `{name}` is missing.")
    question, reply = fields.get(mapping.prompt), fields.get(mapping.answer)
    if isinstance(reply, Mapping) and is_message_list([reply]):
        reply = [reply]
    if is_message_list(reply):
        return _with_reply(question, reply, mapping, fields, system, roles)
    prompt = _rendered(mapping.prompt, fields)
    answer = prompt if isinstance(prompt, Invalid) else _rendered(mapping.answer, fields)
    if isinstance(prompt, Invalid):
        return prompt
    if isinstance(answer, Invalid):
        return answer
    if not prompt.strip() or _is_all_blank(mapping.prompt, fields):
        return Invalid("empty_text", f"The prompt ({mapping.prompt}) is empty.")
    if not answer.strip() or _is_all_blank(mapping.answer, fields):
        return Invalid("empty_answer", f"The answer ({mapping.answer}) is empty.")
    problem = encoding_problem(prompt) or encoding_problem(answer)
    problem = problem or placeholder(prompt, "The prompt")
    if problem is not None:
        return problem
    used = columns_of(mapping, fields)
    thinking = reasoning_of({name: fields[name] for name in fields if name not in used})
    messages = [
        *system,
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": with_thinking(answer, thinking)},
    ]
    return chat_of(messages, roles)


def _with_reply(
    question: Any,  # noqa: ANN401 - parsed JSON
    reply: list[Any],
    mapping: ColumnMapping,
    fields: Mapping[str, Any],
    system: list[Any],
    roles: frozenset[str],
) -> Chat | Invalid:
    """An answer that is a list of messages, as in preference data: it may repeat the prompt."""
    messages = sharegpt_messages(reply)
    if isinstance(messages, Invalid):
        return messages
    if all(message["role"] == "assistant" for message in messages):
        before: list[Any] | Invalid
        if is_message_list(question):
            before = sharegpt_messages(question)
        else:
            prompt = _rendered(mapping.prompt, fields)
            before = (
                prompt if isinstance(prompt, Invalid) else [{"role": "user", "content": prompt}]
            )
        if isinstance(before, Invalid):
            return before
        messages = [*before, *messages]
    return chat_of([*system, *messages], roles, mapping.answer)


def _rendered(template: str, fields: Mapping[str, Any]) -> str | Invalid:
    """A column's value, or a template with the values of its columns."""
    if template in fields:
        value = fields[template]
        return (
            shown_value(value, template)
            if isinstance(value, bool)
            else text_of(value, f"`{template}`")
        )
    problem: Invalid | None = None

    def replaced(match: re.Match[str]) -> str:
        nonlocal problem
        if match.group(1) is None:
            return match.group()[0]
        value = _value_at(match.group(1), fields)
        if isinstance(value, Invalid):
            problem = problem or value
            return ""
        return "" if is_missing(value) else shown_value(value, match.group(1))

    text = _PLACE.sub(replaced, template)
    return problem or text


def _is_all_blank(template: str, fields: Mapping[str, Any]) -> bool:
    """Whether every column of a template is empty in this record: only its fixed words are left."""
    names = template_columns(template)
    return (
        template not in fields and bool(names) and all(is_blank(fields.get(name)) for name in names)
    )


def _path(text: str) -> tuple[str, list[str]]:
    start = min((text.index(sign) for sign in ".[" if sign in text), default=len(text))
    return text[:start], [match.group(1) or match.group(2) for match in _STEP.finditer(text)]


def _value_at(text: str, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - parsed JSON
    """The value of `column`, `column.field`, `column[0]` or `choices[answer]`."""
    if text in fields:
        return fields[text]
    name, steps = _path(text)
    value = fields.get(name)
    for step in steps:
        is_key = not isinstance(value, Mapping) or step not in value
        if step in fields and is_key and not is_missing(value):
            value = choice_at(value, fields[step], name, step)
        elif isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.lstrip("-").isdigit():
            value = value[int(step)] if -len(value) <= int(step) < len(value) else None
        else:
            return None
        if isinstance(value, Invalid):
            return value
    return value
