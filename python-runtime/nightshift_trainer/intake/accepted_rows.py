"""The rows that will be trained or held out: counts, lengths, duplicates and samples of them, and
their examples in the token cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..rendering.rows import RenderedRow
from ..rendering.tokens import Labels, TokenIds
from .cache_writer import CacheWriter
from .disk_numbers import DiskNumbers
from .leakage import MAX_LISTED_ROWS, answer_in_prompt
from .near_duplicates import NearDuplicates
from .options import IntakeOptions
from .record_views import sample_spans
from .records import Chat, Record, Text
from .split import MAX_CANDIDATE_CHARACTERS, Candidate, Candidates, candidate_capacity

SAMPLE_ROWS = 3


@dataclass(frozen=True)
class PendingRow:
    """A rendered record that is not tokenized yet. `question_key` and `row_hash`: xxh3-64 of the
    normalized question and of the whole normalized row; `normalized`: the text that is compared
    for near-duplicates."""

    record: Record
    content: Chat | Text
    rendered: RenderedRow
    question_key: int
    row_hash: int
    normalized: str


class AcceptedRows:
    def __init__(self, options: IntakeOptions, writer: CacheWriter | None) -> None:
        self._writer = writer
        folder = None if writer is None else writer.folder.parent
        self.rows = DiskNumbers("q", folder)
        self.question_keys, self.row_hashes = DiskNumbers("Q", folder), DiskNumbers("Q", folder)
        # Tokens without loss and tokens with loss, by row.
        self.prompt_lengths = DiskNumbers("q", folder)
        self.answer_lengths = DiskNumbers("q", folder)
        self.truncated_rows = DiskNumbers("q", folder)
        self.tokens = 0
        self.trained_tokens = 0
        # Rows with think blocks, whether they are stripped or not.
        self.thinking_rows = 0
        # Assistant messages that are only context, and the rows that have any.
        self.untrained_messages, self.untrained_rows = 0, 0
        self.answers_in_prompt = 0
        self.answers_in_prompt_rows: list[int] = []
        self.near_duplicates = NearDuplicates()
        self.samples: list[dict[str, Any]] = []
        self.candidates = Candidates(
            options.seed, candidate_capacity(options.core_rows, options.slice_rows)
        )

    def __len__(self) -> int:
        return len(self.rows)

    def add(
        self, pending: PendingRow, examples: Sequence[tuple[TokenIds, Labels]], truncated: bool
    ) -> None:
        row = pending.record.row
        self.rows.append(row)
        self.question_keys.append(pending.question_key)
        self.row_hashes.append(pending.row_hash)
        if truncated:
            self.truncated_rows.append(row)
        if isinstance(pending.content, Chat):
            self._add_chat(row, pending.content)
        self._add_tokens(row, examples)
        if len(self.samples) < SAMPLE_ROWS:
            self.samples.append({"row": row, "spans": sample_spans(pending.rendered.examples[-1])})
        # The prompt of a held-out row is encoded from its text alone, control tokens included.
        if not truncated and not any(example.plain for example in pending.rendered.examples):
            self._add_candidate(pending)

    def _add_chat(self, row: int, chat: Chat) -> None:
        if chat.has_thinking:
            self.thinking_rows += 1
        if chat.untrained:
            self.untrained_rows += 1
            self.untrained_messages += len(chat.untrained)
        if answer_in_prompt(chat):
            self.answers_in_prompt += 1
            if len(self.answers_in_prompt_rows) < MAX_LISTED_ROWS:
                self.answers_in_prompt_rows.append(row)

    def _add_tokens(self, row: int, examples: Sequence[tuple[TokenIds, Labels]]) -> None:
        tokens = sum(len(ids) for ids, _ in examples)
        trained = sum(int(labels.sum()) for _, labels in examples)
        self.tokens += tokens
        self.trained_tokens += trained
        self.prompt_lengths.append(tokens - trained)
        self.answer_lengths.append(trained)
        if self._writer is not None:
            for ids, labels in examples:
                self._writer.add(row, ids, labels)

    def _add_candidate(self, pending: PendingRow) -> None:
        characters = sum(len(example.text) for example in pending.rendered.examples)
        if characters > MAX_CANDIDATE_CHARACTERS or not self.candidates.would_add(
            pending.question_key
        ):
            return
        messages = (
            pending.content.marked_messages
            if isinstance(pending.content, Chat)
            else ({"role": "text", "content": pending.content.text},)
        )
        self.candidates.add(
            Candidate(
                key=pending.question_key,
                row=pending.record.row,
                prompt=pending.rendered.prompt,
                expected=pending.rendered.expected,
                messages=messages,
            )
        )

    def add_near_duplicates(self, pending: Sequence[PendingRow], start: int) -> None:
        """Compares the rows accepted from index `start` on, all of them among `pending`."""
        rows = self.rows[start:]
        accepted = set(rows)
        texts = [row.normalized for row in pending if row.record.row in accepted]
        self.near_duplicates.add(rows, self.row_hashes[start:], texts)
