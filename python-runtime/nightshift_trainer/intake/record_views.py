"""Texts derived from a record: its question, its full text, and the spans shown in the report."""

from __future__ import annotations

from typing import Any

from ..rendering.base import PreparedBase
from ..rendering.template import Rendered, TemplateRefused
from .records import Chat, Text

SAMPLE_CHARACTERS = 4000


def question_text(content: Chat | Text) -> str:
    if isinstance(content, Text):
        return content.text
    return "\n".join(m["content"] for m in content.messages if m["role"] == "user")


def full_text(content: Chat | Text) -> str:
    if isinstance(content, Text):
        return content.text
    return "\n".join(f"{m['role']}: {m['content']}" for m in content.messages)


def sample_spans(example: Rendered) -> list[dict[str, Any]]:
    """The beginning of the rendered text, split where the loss mask begins and ends."""
    spans: list[dict[str, Any]] = []
    position = 0
    text = example.text[:SAMPLE_CHARACTERS]
    for start, end in example.spans:
        spans.append({"text": text[position:start], "trained": False})
        spans.append({"text": text[start:end], "trained": True})
        position = end
    spans.append({"text": text[position:], "trained": False})
    return [span for span in spans if span["text"]]


def renderable_roles(base: PreparedBase) -> frozenset[str]:
    """Which roles the training template renders, found by rendering a probe message."""
    question = {"role": "user", "content": "q"}
    answer = {"role": "assistant", "content": "a"}
    roles = {"user", "assistant"}
    probe = "Qsystemq"
    try:
        messages = [{"role": "system", "content": probe}, question, answer]
        if probe in base.training_template.text(messages):
            roles.add("system")
    except TemplateRefused:
        pass
    return frozenset(roles)
