"""Reads the questions of an evaluation, with the readers and formats of intake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..intake.field_values import canonical_fields
from ..intake.lines import LineReader, require_data_file
from ..intake.readers import open_records
from ..intake.record_formats import convert, recognize
from ..intake.record_views import renderable_roles
from ..intake.records import Chat, Invalid, Record, Rejection, Text
from ..intake.system_messages import SystemMessages
from ..rendering.base import PreparedBase
from ..rendering.rows import render_question
from ..rendering.thinking import Thinking

ROLES = frozenset(("system", "user", "assistant"))


class QuestionsRefused(Exception):
    """A row is not a question with an answer; the message names the file and the row."""

    category = "dataset_error"


@dataclass(frozen=True)
class Question:
    row: int
    prompt: str
    prompt_ids: list[int]
    expected: str


def read_questions(
    path: Path, limit: int, base: PreparedBase, thinking: Thinking
) -> list[Question]:
    """The first `limit` rows. The prompt of each is everything before its last answer."""
    require_data_file(path)
    questions: list[Question] = []
    # A question with a system message can only be asked in the way that it would be trained.
    system_messages = SystemMessages("system" in renderable_roles(base), "merge")
    for item in open_records(path, LineReader(path)):
        if len(questions) >= limit:
            break
        chat = _chat_of(item)
        if isinstance(chat, Chat):
            chat = system_messages.apply(chat)
        if not isinstance(chat, Chat):
            raise QuestionsRefused(f"{path.name}, row {item.row}: {chat.message}")
        last = chat.last_answer
        prompt = render_question(base, chat.messages[:last], thinking)
        ids = base.tokenizer.encode(prompt, add_special_tokens=False).ids
        questions.append(Question(item.row, prompt, ids, chat.messages[last]["content"]))
    return questions


def _chat_of(item: Record | Rejection) -> Chat | Invalid | Rejection:
    if isinstance(item, Rejection):
        return item
    fields = canonical_fields(item.fields)
    record_format = recognize(fields)
    if record_format == "text":
        return Invalid("no_answer", "The row is a raw text, not a question with an answer.")
    if record_format is None:
        return Invalid("unknown_columns", "The row is not in a known format.")
    content = convert(fields, record_format, None, ROLES)
    assert not isinstance(content, Text)
    return content
