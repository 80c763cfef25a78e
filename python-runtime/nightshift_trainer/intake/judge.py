"""Judges records one after another: renders, tokenises, applies the length policy, counts.

Nothing here knows about folders of datasets or verdicts; see worker.py and verdict.py.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..rendering.base import BaseTexts
from ..rendering.rows import RenderedRow, first_turn_difference, render_messages
from ..rendering.template import Message, Rendered, TemplateRefused
from ..rendering.tokens import Labels, TokenIds, encode_batch
from .alike import Alike
from .cache_writer import CacheWriter
from .columns import Columns
from .leakage import LISTED, answer_in_prompt
from .look import pieces, question_text, renderable_roles, whole_text
from .normalise import keyed, text_key
from .options import IntakeOptions
from .originals import Originals
from .records import Bad, Chat, Record, RecordFormat, Rejection, Text, interpret, recognise
from .rejections import KEPT, Rejections
from .split import CANDIDATE_CHARACTERS, Candidate, Candidates, candidate_room

BATCH_ROWS, BATCH_CHARACTERS = 512, 1 << 20
COMPARED_ROWS, SAMPLE_ROWS = 50, 3


@dataclass(frozen=True)
class _Waiting:
    record: Record
    content: Chat | Text
    rendered: RenderedRow
    question_key: int
    row_key: int
    normalised: str


class Judge:
    """Feed `take` every record or rejection in file order, then `finish`."""

    def __init__(
        self,
        base: BaseTexts,
        options: IntakeOptions,
        writer: CacheWriter | None,
        rejections: Rejections,
        originals: Originals | None = None,
    ) -> None:
        self._base, self._options, self._writer = base, options, writer
        self.rejections, self._originals = rejections, originals
        self.alike = Alike()
        self.answers_in_prompt = 0
        self.answers_in_prompt_rows: list[int] = []
        self.columns = Columns()
        self.candidates = Candidates(
            options.seed, candidate_room(options.core_rows, options.slice_rows)
        )
        self._roles = renderable_roles(base)
        self._waiting: list[_Waiting] = []
        self._waiting_characters = 0
        self._bad: list[Rejection] = []
        self.rows_seen = 0
        self.formats: Counter[str] = Counter()
        self.format_rows: dict[str, list[tuple[int, str]]] = {}
        self.rows, self.question_keys, self.row_keys = array("q"), array("Q"), array("Q")
        self.whole, self.prompt, self.answer = array("q"), array("q"), array("q")
        self.truncated_rows = array("q")
        self.over_length = 0
        self.answers_beyond = 0
        self.longest_whole = 0
        self.thinking_removed = 0
        self.tokens = 0
        self.trained_tokens = 0
        self.samples: list[dict[str, Any]] = []
        self.differences: Counter[str] = Counter()
        self._compared = 0

    def take(self, item: Record | Rejection) -> None:
        self.rows_seen += 1
        if self._originals is not None:
            self._originals.add(item.row, item.text if isinstance(item, Rejection) else item.raw)
        if isinstance(item, Rejection):
            self._bad.append(item)
        else:
            self._take_record(item)
        if (
            len(self._waiting) >= BATCH_ROWS
            or self._waiting_characters >= BATCH_CHARACTERS
            or len(self._bad) >= BATCH_ROWS
        ):
            self.flush()

    def _reject(self, record: Record, bad: Bad) -> None:
        self._bad.append(Rejection(record.row, bad.reason, bad.message, record.shown))

    def _form(self, record: Record) -> RecordFormat | None:
        mapping = self._options.mapping
        if mapping is not None:
            named = mapping.prompt in record.fields or mapping.answer in record.fields
            return "columns" if named else None
        return recognise(record.fields)

    def _take_record(self, record: Record) -> None:
        form = self._form(record)
        self._count_format(form or "unknown", record)
        if form is None or form == "columns":
            self.columns.see(record.fields)
        if form is None:
            names = ", ".join(list(record.fields)[:8]) or "none"
            self._reject(record, Bad("unknown_columns", f"No known format has the fields {names}."))
            return
        content = interpret(record.fields, form, self._options.mapping, self._roles)
        if isinstance(content, Bad):
            self._reject(record, content)
            return
        try:
            rendered = self._render(content)
        except TemplateRefused as error:
            self._reject(record, Bad("template_error", f"The template refuses the row: {error}."))
            return
        if isinstance(content, Chat):
            self._compare(content.messages)
        row_key, normalised = keyed(whole_text(content))
        if isinstance(content, Chat) and content.messages[0]["role"] == "system":
            # One instruction over all rows would make all of them alike.
            normalised = keyed(whole_text(Chat(content.messages[1:])))[1]
        key = row_key if isinstance(content, Text) else text_key(question_text(content))
        self._waiting.append(_Waiting(record, content, rendered, key, row_key, normalised))
        self._waiting_characters += sum(len(example.text) for example in rendered.examples)

    def _count_format(self, form: str, record: Record) -> None:
        self.formats[form] += 1
        kept = self.format_rows.setdefault(form, [])
        if len(kept) < KEPT:
            kept.append((record.row, record.shown))

    def _render(self, content: Chat | Text) -> RenderedRow:
        if isinstance(content, Chat):
            return render_messages(self._base, content.messages, self._options.thinking)
        whole = Rendered(content.text, ((0, len(content.text)),))
        return RenderedRow((whole,), "", "", False)

    def _compare(self, messages: tuple[Message, ...]) -> None:
        if self._compared >= COMPARED_ROWS:
            return
        self._compared += 1
        difference = first_turn_difference(self._base, messages, self._options.thinking)
        if difference is not None:
            self.differences[difference] += 1

    def flush(self) -> None:
        """Tokenises what waits. Rejections are written in row order, batch by batch."""
        texts = [example for item in self._waiting for example in item.rendered.examples]
        encoded = iter(encode_batch(self._base.tokenizer, texts))
        before = len(self.rows)
        for item in self._waiting:
            parts = [next(encoded) for _ in item.rendered.examples]
            if isinstance(item.content, Text):
                self._finish_text(item, parts[0])
            else:
                self._finish_chat(item, parts)
        self._see_alike(before)
        self._waiting, self._waiting_characters = [], 0
        self.rejections.add_all(self._bad)
        self._bad = []

    def _see_alike(self, before: int) -> None:
        """The rows that were accepted since there were `before`."""
        rows = self.rows[before:]
        accepted = set(rows)
        texts = [item.normalised for item in self._waiting if item.record.row in accepted]
        self.alike.see(rows, self.row_keys[before:], texts)

    def _finish_text(self, item: _Waiting, part: tuple[TokenIds, Labels]) -> None:
        ids = np.append(part[0], np.int32(self._base.eos_id)).astype(np.int32)
        limit = self._options.max_length
        examples: list[tuple[TokenIds, Labels]] = []
        # Each piece begins with the last token of the one before it, as context: so every token
        # but the very first is a target exactly once, the end-of-text token too.
        start = 0
        while start == 0 or start < len(ids) - 1:
            piece = ids[start : start + limit]
            labels = np.ones(len(piece), dtype=np.uint8)
            labels[0] = 0
            examples.append((piece, labels))
            start += limit - 1
        self.whole.append(len(ids))
        self._accept(item, examples, truncated=False)

    def _finish_chat(self, item: _Waiting, parts: list[tuple[TokenIds, Labels]]) -> None:
        limit, policy = self._options.max_length, self._options.over_length
        whole = max(len(ids) for ids, _ in parts)
        self.longest_whole = max(self.longest_whole, whole)
        self.whole.append(whole)
        truncated = whole > limit
        if truncated:
            self.over_length += 1
            if not any(labels[:limit].any() for _, labels in parts):
                self.answers_beyond += 1
            if policy != "truncate":
                self._over(item, "over_length", f"{whole:,} tokens; max_length is {limit:,}.")
                return
            parts = [(ids[:limit], labels[:limit]) for ids, labels in parts]
            parts = [(ids, labels) for ids, labels in parts if labels.any()]
        if not parts or not any(labels.any() for _, labels in parts):
            self._over(
                item, "answer_lost", f"Cut at {limit:,} of {whole:,} tokens the answer is lost."
            )
            return
        self._accept(item, parts, truncated)

    def _over(self, item: _Waiting, reason: str, message: str) -> None:
        self._bad.append(Rejection(item.record.row, reason, message, item.record.shown))

    def _accept(
        self,
        item: _Waiting,
        examples: list[tuple[TokenIds, Labels]],
        truncated: bool,
    ) -> None:
        row = item.record.row
        self.rows.append(row)
        self.question_keys.append(item.question_key)
        self.row_keys.append(item.row_key)
        if truncated:
            self.truncated_rows.append(row)
        if item.rendered.thinking_removed:
            self.thinking_removed += 1
        if isinstance(item.content, Chat) and answer_in_prompt(item.content):
            self.answers_in_prompt += 1
            if len(self.answers_in_prompt_rows) < LISTED:
                self.answers_in_prompt_rows.append(row)
        kept = sum(len(ids) for ids, _ in examples)
        trained = sum(int(labels.sum()) for _, labels in examples)
        self.tokens += kept
        self.trained_tokens += trained
        self.prompt.append(kept - trained)
        self.answer.append(trained)
        if self._writer is not None:
            for ids, labels in examples:
                self._writer.add(row, ids, labels)
        if len(self.samples) < SAMPLE_ROWS:
            self.samples.append({"row": row, "pieces": pieces(item.rendered.examples[-1])})
        self._offer(item, truncated)

    def _offer(self, item: _Waiting, truncated: bool) -> None:
        size = sum(len(example.text) for example in item.rendered.examples)
        if truncated or size > CANDIDATE_CHARACTERS or not self.candidates.wants(item.question_key):
            return
        messages = (
            item.content.messages
            if isinstance(item.content, Chat)
            else ({"role": "text", "content": item.content.text},)
        )
        self.candidates.offer(
            Candidate(
                key=item.question_key,
                row=item.record.row,
                prompt=item.rendered.prompt,
                expected=item.rendered.expected,
                messages=messages,
            )
        )

    def reject_rarer_formats(self) -> None:
        """Lists the rows that make a file mixed (the first thousand of each rarer format)."""
        known = {name: count for name, count in self.formats.items() if name != "unknown"}
        main = max(known, key=lambda name: known[name])
        for name in known:
            if name != main:
                self.rejections.add_all(
                    Rejection(row, "mixed_format", f"The row is {name}, most are {main}.", shown)
                    for row, shown in self.format_rows[name]
                )
