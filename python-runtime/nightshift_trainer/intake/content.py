"""The text of a field or message: a string, a number, or a list of text parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .json_values import is_missing
from .records import Invalid, json_type

TEXT_PARTS = frozenset(("text", "input_text", "output_text"))
THINKING_PARTS = frozenset(("thinking", "reasoning", "thought"))
TOOL_PARTS = frozenset(("tool_use", "tool_result", "tool_call", "tool_calls", "function_call"))
PART_TEXT_FIELDS = ("text", "value", "content")
# What the model thought before an answer, beside the answer.
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking", "thought", "thoughts")


@dataclass(frozen=True)
class Content:
    """`thinking`: the thinking parts, which become a <think> block of an answer."""

    text: str
    thinking: str = ""


def text_of(value: Any, name: str) -> str | Invalid:  # noqa: ANN401 - parsed JSON
    """`name`: the value in a message, as the beginning of a sentence."""
    content = content_of(value, name)
    return content if isinstance(content, Invalid) else content.text


def content_of(value: Any, name: str) -> Content | Invalid:  # noqa: ANN401 - parsed JSON
    if isinstance(value, str):
        return Content(value)
    if is_missing(value):
        return Invalid("wrong_type", f"{name} must be text, not {json_type(None)}.")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Content(str(value))
    if isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        return _of_parts(value, name)
    return Invalid("wrong_type", f"{name} must be text, not {json_type(value)}.")


def _of_parts(parts: list[Mapping[str, Any]], name: str) -> Content | Invalid:
    """OpenAI's `{"type": "text", "text": …}`, or `value` in place of the second `text`."""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in parts:
        kind = part.get("type")
        text = _part_text(part)
        if kind in TEXT_PARTS and text is not None:
            texts.append(text)
        elif kind in THINKING_PARTS:
            thoughts.append(text or "")
        elif kind in TOOL_PARTS:
            return Invalid("role_not_rendered", "The chat template can't render tool calls.")
        elif isinstance(kind, str) and kind not in TEXT_PARTS:
            return Invalid(
                "not_text", f"{name} has a part of type {kind!r}; only text can be trained."
            )
        else:
            return Invalid("wrong_type", f"{name} must be text, not a list.")
    return Content("".join(texts), "".join(thoughts))


def _part_text(part: Mapping[str, Any]) -> str | None:
    names = (*PART_TEXT_FIELDS, str(part.get("type")))
    return next((part[name] for name in names if isinstance(part.get(name), str)), None)


def reasoning_of(fields: Mapping[str, Any]) -> str:
    """The reasoning beside an answer; empty without one."""
    for name in REASONING_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def with_thinking(answer: str, thinking: str) -> str:
    """The answer after a <think> block, unless it has one already."""
    if not thinking.strip() or "</think>" in answer:
        return answer
    return f"<think>\n{thinking.strip()}\n</think>\n\n{answer}"


def encoding_problem(text: str) -> Invalid | None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return Invalid(
            "not_utf8", "The text contains an unpaired surrogate, which UTF-8 can't represent."
        )
    return None
