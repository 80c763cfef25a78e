"""A mapping to begin with, from the names and first values of the columns. The user decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .column_values import CHOICE_NAMES, choices_of
from .messages import SYSTEM_FIELDS, is_message_list
from .record_formats import is_preference

PROMPT_NAMES = (
    "question", "prompt", "instruction", "query", "problem", "task", "request", "utterance",
    "user", "human", "input", "inputs", "source", "sentence", "review", "premise", "text",
    "content", "conversations", "messages", "document", "article", "dialogue", "code",
)  # fmt: skip
ANSWER_NAMES = (
    "answer", "answers", "response", "completion", "output", "outputs", "reply", "chosen",
    "target", "targets", "solution", "summary", "highlights", "translation", "assistant",
    "best_answer", "correct_answer", "final_answer", "expected", "expected_output", "gold",
    "answerkey", "answer_key", "label", "labels", "category", "class", "intent", "sentiment",
    "topic", "tag", "tags",
)  # fmt: skip
CONTEXT_NAMES = (
    "context", "passage", "document", "documents", "article", "paragraph", "background", "support",
    "story", "evidence", "schema", "table",
)  # fmt: skip
CORPUS_NAMES = ("text", "content", "raw_content", "document", "body", "markdown", "code", "page")
TITLE_NAMES = ("title", "subject", "headline", "name")
BODY_NAMES = ("body", "description", "text", "content", "selftext", "abstract")


def guess_mapping(samples: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """A `columns`, `text` or `messages` mapping as in meta.json; None without an idea."""
    if not samples:
        return None
    fields = samples[0]
    names = {name.lower(): name for name in fields}
    conversation = _conversation(fields)
    if conversation is not None:
        return {"format": "messages", "column": conversation}
    answer = _first(names, ANSWER_NAMES)
    if answer is None:
        return _corpus(fields, names)
    prompt = _first(names, PROMPT_NAMES, but=answer)
    template = _prompt(fields, names, prompt, answer)
    if template is None:
        return _corpus(fields, names)
    mapping = {"format": "columns", "prompt": template, "answer": _answer(fields, names, answer)}
    system = _first(names, SYSTEM_FIELDS)
    return mapping if system is None else {**mapping, "system": system}


def _first(names: Mapping[str, str], wanted: Sequence[str], but: str | None = None) -> str | None:
    return next((names[name] for name in wanted if name in names and names[name] != but), None)


def _conversation(fields: Mapping[str, Any]) -> str | None:
    lists = [name for name, value in fields.items() if is_message_list(value)]
    if not lists:
        return None
    if not is_preference(fields):
        return lists[0]
    # A chosen answer alone is no conversation; one that begins with the question is.
    chosen = fields.get("chosen")
    is_whole = "chosen" in lists and isinstance(chosen, list) and len(chosen) > 1
    return "chosen" if is_whole else None


def _corpus(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str] | None:
    column = _first(names, CORPUS_NAMES)
    if column is None or not isinstance(fields[column], str):
        texts = [name for name, value in fields.items() if isinstance(value, str) and value]
        if len(texts) == 2:
            return {"format": "columns", "prompt": texts[0], "answer": texts[1]}
        column = texts[0] if len(texts) == 1 else None
    return None if column is None else {"format": "text", "column": column}


def _prompt(
    fields: Mapping[str, Any], names: Mapping[str, str], prompt: str | None, answer: str
) -> str | None:
    if prompt is None:
        title, body = _first(names, TITLE_NAMES, answer), _first(names, BODY_NAMES, answer)
        return f"{{{title}}}\n{{{body}}}" if title and body else title or body
    parts: list[str] = []
    context = _first(names, CONTEXT_NAMES)
    if context is not None and context not in (prompt, answer):
        parts.append(f"{{{context}}}")
    title = _first(names, TITLE_NAMES)
    if title not in (None, answer) and context is None and prompt.lower() in BODY_NAMES:
        parts.append(f"{{{title}}}")
    parts.append(f"{{{prompt}}}")
    extra = names.get("input")
    if extra is not None and extra not in (prompt, answer):
        parts.append(f"{{{extra}}}")
    choices = _first(names, tuple(CHOICE_NAMES))
    if choices is not None and choices not in (prompt, answer):
        parts.append(f"{{{choices}}}")
    return prompt if len(parts) == 1 else "\n".join(parts)


def _answer(fields: Mapping[str, Any], names: Mapping[str, str], answer: str) -> str:
    choices = _first(names, sorted(CHOICE_NAMES))
    value = fields[answer]
    if choices is not None and choices_of(fields[choices]) is not None:
        return f"{{{choices}[{answer}]}}"
    if isinstance(value, Mapping) and isinstance(value.get("text"), list):
        return f"{{{answer}.text[0]}}"
    if isinstance(value, list) and value and isinstance(value[0], str):
        return f"{{{answer}[0]}}"
    return answer
