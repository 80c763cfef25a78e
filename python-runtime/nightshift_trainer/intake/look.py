"""What is looked at in a record: its question, its whole, its pieces for the eye, its roles."""

from __future__ import annotations

from typing import Any

from ..rendering.base import BaseTexts
from ..rendering.template import Rendered, TemplateRefused
from .records import Chat, Text

SAMPLE_CHARACTERS = 4000


def question_text(content: Chat | Text) -> str:
    if isinstance(content, Text):
        return content.text
    return "\n".join(m["content"] for m in content.messages if m["role"] == "user")


def whole_text(content: Chat | Text) -> str:
    if isinstance(content, Text):
        return content.text
    return "\n".join(f"{m['role']}: {m['content']}" for m in content.messages)


def pieces(example: Rendered) -> list[dict[str, Any]]:
    """The rendered text cut where training begins and ends, for the eye."""
    found: list[dict[str, Any]] = []
    place = 0
    text = example.text[:SAMPLE_CHARACTERS]
    for start, end in example.spans:
        found.append({"text": text[place:start], "trained": False})
        found.append({"text": text[start:end], "trained": True})
        place = end
    found.append({"text": text[place:], "trained": False})
    return [piece for piece in found if piece["text"]]


def renderable_roles(base: BaseTexts) -> frozenset[str]:
    """Found out by rendering, not by reading the template."""
    question = {"role": "user", "content": "q"}
    answer = {"role": "assistant", "content": "a"}
    roles = {"user", "assistant"}
    try:
        text = base.training.text([{"role": "system", "content": "Qsystemq"}, question, answer])
        if "Qsystemq" in text:
            roles.add("system")
    except TemplateRefused:
        pass
    return frozenset(roles)
