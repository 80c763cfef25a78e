"""Which fields of the records are used, which are not, and which of those the answer may need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .content import REASONING_FIELDS
from .json_values import is_blank, is_empty
from .mapping import columns_of
from .marks import is_row_mark
from .messages import SYSTEM_FIELDS
from .record_formats import PAIRS, RecordFormat
from .records import Chat, ColumnMapping, Text

MAX_FIELDS = 64

# What a question is about. Without it an answer can't be learned, only guessed.
NEEDED_FIELDS = frozenset((
    "choices", "options", "candidates", "endings", "alternatives",
    "context", "contexts", "ctx", "ctxs", "passage", "passages", "document", "documents", "docs",
    "retrieved_documents", "article", "paragraph", "paragraphs", "background", "evidence",
    "evidences", "knowledge", "support", "supporting_facts", "facts", "story", "excerpt",
    "reference_text", "source_text", "table", "schema", "history", "conversation_history",
    "input", "inputs", "premise", "hypothesis",
))  # fmt: skip
PAIR_FIELDS: Mapping[str, frozenset[str]] = {
    **{name: frozenset(pair) for name, pair in PAIRS.items()},
    "instruction": frozenset(("instruction", "input", "output", "history")),
    "messages": frozenset(("messages",)),
    "conversations": frozenset(("conversations",)),
    "text": frozenset(("text",)),
}


class FieldUse:
    """Counts over the records of a file. Memory does not grow with it."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._unused: Counter[str] = Counter()
        self._needed: Counter[str] = Counter()

    def add_names(self, fields: Mapping[str, Any]) -> None:
        for name in fields:
            if name not in self._names and len(self._names) < MAX_FIELDS:
                self._names[name] = None

    def add(
        self,
        fields: Mapping[str, Any],
        record_format: RecordFormat,
        mapping: ColumnMapping | None,
        content: Chat | Text | None,
    ) -> bool:
        """`content`: None for a rejected record. True when the answer may need a field that the
        format leaves out."""
        used = _used(fields, record_format, mapping)
        is_needing = False
        for name, value in fields.items():
            if name in used or is_empty(value) or is_row_mark(name, value):
                continue
            if name in self._unused or len(self._unused) < MAX_FIELDS:
                self._unused[name] += 1
            if record_format in ("text", "columns") or not isinstance(content, Chat):
                continue
            if name.lower() in NEEDED_FIELDS and not _is_included(value, content):
                self._needed[name] += 1
                is_needing = True
        return is_needing

    @property
    def names(self) -> list[str]:
        """The fields of the file in order: files with the same ones have the same shape."""
        return list(self._names)

    @property
    def needed(self) -> Mapping[str, int]:
        return self._needed

    def unused(self) -> list[dict[str, Any]]:
        """The `unused_fields` of report.json, the most frequent first."""
        return [
            {"name": name, "rows": rows, "needed": self._needed[name]}
            for name, rows in self._unused.most_common()
        ]


def _used(
    fields: Mapping[str, Any], record_format: RecordFormat, mapping: ColumnMapping | None
) -> frozenset[str]:
    if record_format == "columns":
        assert mapping is not None
        used = columns_of(mapping, fields)
        reasoning = _reasoning(fields) if mapping.format == "columns" else frozenset[str]()
        return used | reasoning
    used = PAIR_FIELDS[record_format]
    if record_format == "text":
        return used
    system = next((name for name in SYSTEM_FIELDS if not is_blank(fields.get(name))), "")
    reasoning = frozenset[str]()
    if record_format not in ("messages", "conversations"):
        reasoning = _reasoning(fields)
    return used | {system} | reasoning


def _reasoning(fields: Mapping[str, Any]) -> frozenset[str]:
    """The first field with text: the one that becomes a <think> block."""
    for name in REASONING_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return frozenset((name,))
    return frozenset()


def _is_included(value: Any, chat: Chat) -> bool:  # noqa: ANN401 - parsed JSON
    """Whether the prompt has the field's text already, as many exports repeat it."""
    prompt = "\n".join(m["content"] for m in chat.messages if m["role"] != "assistant")
    return all(text in prompt for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - parsed JSON
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value.strip()
    elif value is not None:
        yield str(value)
