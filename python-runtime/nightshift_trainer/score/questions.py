"""Reads the questions to score: the same readers and formats as intake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..intake.lines import LineReader, refuse_what_is_not_text
from ..intake.readers import open_records
from ..intake.records import Bad, Chat, Rejection, interpret, recognise
from ..rendering.base import BaseTexts
from ..rendering.rows import render_question
from ..rendering.thinking import Thinking

ROLES = frozenset(("system", "user", "assistant"))


class QuestionsRefused(Exception):
    """A row of the questions cannot be asked; the text names it."""


@dataclass(frozen=True)
class Question:
    row: int
    prompt: str
    prompt_ids: list[int]
    expected: str


def read_questions(path: Path, limit: int, base: BaseTexts, thinking: Thinking) -> list[Question]:
    """The first `limit` rows; each is asked up to its last answer."""
    refuse_what_is_not_text(path)
    found: list[Question] = []
    for item in open_records(path, LineReader(path)):
        if len(found) >= limit:
            break
        if isinstance(item, Rejection):
            raise QuestionsRefused(f"{path.name} row {item.row}: {item.message}")
        form = recognise(item.fields)
        content = Bad("", "It is no question with an answer.")
        if form is not None and form != "text":
            content = interpret(item.fields, form, None, ROLES)
        if not isinstance(content, Chat):
            message = content.message if isinstance(content, Bad) else "It is a raw text."
            raise QuestionsRefused(f"{path.name} row {item.row}: {message}")
        last = max(i for i, m in enumerate(content.messages) if m["role"] == "assistant")
        prompt = render_question(base, content.messages[:last], thinking)
        ids = base.tokenizer.encode(prompt, add_special_tokens=False).ids
        found.append(Question(item.row, prompt, ids, content.messages[last]["content"]))
    return found
