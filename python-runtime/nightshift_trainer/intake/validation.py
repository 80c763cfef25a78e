"""Validates records in file order: converts, renders, tokenizes, and applies the length policy.

Nothing here knows about dataset folders or verdicts; see worker.py and verdict.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ..limits import RENDER_CPU_SECONDS
from ..rendering.base import PreparedBase
from ..rendering.rows import RenderedRow, first_turn_difference, render_messages
from ..rendering.template import Message, Rendered, TemplateRefused, TemplateTooSlow
from ..rendering.thinking import without_thinking
from ..rendering.tokens import Labels, TokenIds
from ..wording import count_of
from .accepted_rows import AcceptedRows, PendingRow
from .cache_writer import CacheWriter
from .columns import Columns
from .disk_numbers import DiskNumbers
from .encode_pending import encode_pending
from .field_use import FieldUse
from .field_values import canonical_fields
from .format_rows import FormatRows
from .mapping import is_mapped
from .normalize import hash_and_first_chunk, normalized_hash
from .options import IntakeOptions
from .originals import OriginalsWriter
from .record_formats import RecordFormat, convert, is_preference, recognize
from .record_views import full_text, question_text, renderable_roles
from .records import Chat, Invalid, Record, Rejection, Text
from .rejections import Rejections
from .streams import FileRefused
from .system_messages import SystemMessages
from .text_controls import TextControls
from .unreadable import is_of_content, unreadable

BATCH_ROWS, BATCH_CHARACTERS = 512, 1 << 20
# Rows whose rendering is compared with the model's own chat template.
TEMPLATE_CHECK_ROWS = 50
LISTED_FIELDS = 8
# Rows whose rendering was ended for its time, until the file is refused.
MAX_SLOW_ROWS = 3


class Validator:
    """Call `add` for every record or rejection in file order, then `flush`."""

    def __init__(
        self,
        base: PreparedBase,
        options: IntakeOptions,
        writer: CacheWriter | None,
        rejections: Rejections,
        originals: OriginalsWriter | None = None,
    ) -> None:
        self._base, self._options = base, options
        self.rejections, self._originals = rejections, originals
        self.accepted = AcceptedRows(options, writer)
        self.columns = Columns()
        roles = renderable_roles(base)
        self.system_messages = SystemMessages("system" in roles, options.system_messages)
        # Whether a system message can be used is decided after the conversion.
        self._roles = roles | {"system"}
        self.text_controls = TextControls(base.control_tokens, options.control_tokens)
        self.field_use = FieldUse()
        # Rows that consist of a think block, which `thinking: off` leaves empty.
        self.only_thinking = 0
        self.preference_rows = 0
        self._pending: list[PendingRow] = []
        self._pending_characters = 0
        self._pending_rejections: list[Rejection] = []
        self.rows_seen = 0
        # Characters of the rows, as a measure of what they may cost.
        self.bytes_seen = 0
        self._slow_rows: list[int] = []
        self._format_rows = FormatRows()
        self.formats = self._format_rows.counts
        # Valid rows of the less frequent formats in a mixed file, which count as rejected.
        self.mixed_rows = 0
        # Lengths before the length policy, in tokens, of the rows that it rejects as well.
        self.full_lengths = DiskNumbers("q", None if writer is None else writer.folder.parent)
        self.longest_chat = 0
        self.over_length = 0
        self.over_length_answer_lost = 0
        self.template_differences: Counter[str] = Counter()
        self.template_checks = 0

    def add(self, item: Record | Rejection) -> None:
        self.rows_seen += 1
        self.bytes_seen += len(item.text if isinstance(item, Rejection) else item.raw)
        if self._originals is not None:
            self._originals.add(item.row, item.text if isinstance(item, Rejection) else item.raw)
        if isinstance(item, Rejection):
            self._pending_rejections.append(item)
        else:
            self._add_record(item)
        if (
            len(self._pending) >= BATCH_ROWS
            or self._pending_characters >= BATCH_CHARACTERS
            or len(self._pending_rejections) >= BATCH_ROWS
        ):
            self.flush()

    @property
    def template_date(self) -> str | None:
        """What the templates take as the current time; None when they don't ask for it."""
        return self._base.date.isoformat(timespec="seconds") if self._base.has_date else None

    @property
    def encodes_controls_as_text(self) -> bool:
        return self._options.control_tokens == "text"

    def _reject(self, record: Record, reason: str, message: str) -> None:
        self._pending_rejections.append(Rejection(record.row, reason, message, record.shown))

    def _format_of(self, record: Record) -> RecordFormat | None:
        mapping = self._options.mapping
        if mapping is not None:
            return "columns" if is_mapped(mapping, record.fields) else None
        return recognize(record.fields)

    def _add_record(self, record: Record) -> None:
        """A row that nobody foresaw must not end the worker: it is rejected, and logged."""
        try:
            self._add_converted(record)
        except Exception as error:
            if not is_of_content(error):
                raise
            self._pending_rejections.append(unreadable(record))

    def _add_converted(self, record: Record) -> None:
        if self._options.mapping is None:
            record = replace(record, fields=canonical_fields(record.fields))
        record_format = self._format_of(record)
        self.field_use.add_names(record.fields)
        mapping = self._options.mapping
        is_text = mapping is not None and mapping.format == "text" and record_format is not None
        self._format_rows.add("text" if is_text else record_format or "unknown", record)
        if record_format is None or record_format == "columns":
            self.columns.add(record.fields)
        if record_format is None:
            if is_preference(record.fields):
                self.preference_rows += 1
            names = ", ".join(list(record.fields)[:LISTED_FIELDS]) or "none"
            self._reject(record, "unknown_columns", f"No known format has these fields: {names}.")
            return
        content = self._without_empty(convert(record.fields, record_format, mapping, self._roles))
        if isinstance(content, Invalid):
            self.field_use.add(record.fields, record_format, mapping, None)
            self._reject(record, content.reason, content.message)
            return
        if self.field_use.add(record.fields, record_format, mapping, content):
            self.columns.add(record.fields)
        if isinstance(content, Chat):
            content = self.system_messages.apply(content)
            if isinstance(content, Invalid):
                self._reject(record, content.reason, content.message)
                return
        try:
            rendered = self._render(record.row, content)
        except TemplateRefused as error:
            message = f"The chat template can't render this row: {error}."
            self._reject(record, "template_error", message)
            if isinstance(error, TemplateTooSlow):
                self._add_slow(record.row)
            return
        if isinstance(content, Chat):
            self._check_template(content.messages)
        self._append_pending(record, content, rendered)

    def _add_slow(self, row: int) -> None:
        """One slow row is rejected; with several, every further one would take as long."""
        self._slow_rows.append(row)
        if len(self._slow_rows) >= MAX_SLOW_ROWS:
            rows = ", ".join(f"{number:,}" for number in self._slow_rows)
            raise FileRefused(
                f"The file was not read on: the chat template of the base model took more than "
                f"{RENDER_CPU_SECONDS:.0f} s for each of the rows {rows}. Shorten these rows, or "
                f"select another base model."
            )

    def _without_empty(self, content: Chat | Text | Invalid) -> Chat | Text | Invalid:
        """Stripped of its think block, an answer may be empty."""
        if self._options.thinking != "off" or not isinstance(content, Chat):
            return content
        for index, message in enumerate(content.messages):
            is_trained = message["role"] == "assistant" and index not in content.untrained
            if is_trained and not without_thinking(message["content"]).strip():
                self.only_thinking += 1
                return Invalid(
                    "empty_answer",
                    f"Message {index + 1}, an assistant message, is empty without its <think> "
                    f"block.",
                )
        return content

    def _append_pending(self, record: Record, content: Chat | Text, rendered: RenderedRow) -> None:
        row_hash, normalized = hash_and_first_chunk(full_text(content))
        if isinstance(content, Chat) and content.messages[0]["role"] == "system":
            # A system message that all rows share would make all of them near-duplicates.
            without_system = Chat(content.messages[1:])
            normalized = hash_and_first_chunk(full_text(without_system))[1]
        key = row_hash if isinstance(content, Text) else normalized_hash(question_text(content))
        self._pending.append(PendingRow(record, content, rendered, key, row_hash, normalized))
        self._pending_characters += sum(len(example.text) for example in rendered.examples)

    def _render(self, row: int, content: Chat | Text) -> RenderedRow:
        policy = self.text_controls.policy_for(row, content)
        if isinstance(content, Chat):
            return render_messages(
                self._base, content.messages, self._options.thinking, policy, content.untrained
            )
        rendered = Rendered(content.text, ((0, len(content.text)),))
        if policy == "text":
            rendered = self._base.control_tokens.mark_text(content.text)
        return RenderedRow((rendered,), "", "", False)

    def _check_template(self, messages: tuple[Message, ...]) -> None:
        if self.template_checks >= TEMPLATE_CHECK_ROWS:
            return
        self.template_checks += 1
        difference = first_turn_difference(self._base, messages, self._options.thinking)
        if difference is not None:
            self.template_differences[difference] += 1

    def flush(self) -> None:
        """Tokenizes the pending rows. Rejections are in row order within each batch."""
        start = len(self.accepted)
        encoded = encode_pending(self._base, self._pending, self._pending_rejections.append)
        for row, examples in encoded:
            if isinstance(examples, TemplateRefused):
                self._reject(row.record, "template_error", f"{examples}.")
            elif isinstance(row.content, Text):
                self._finish_text(row, examples[0][0])
            else:
                self._finish_chat(row, examples)
        self.accepted.add_near_duplicates(self._pending, start)
        self._pending, self._pending_characters = [], 0
        self.rejections.add_all(self._pending_rejections)
        self._pending_rejections = []

    def _finish_text(self, row: PendingRow, text_ids: TokenIds) -> None:
        ids = np.concatenate((self._base.text_prefix, text_ids, [self._base.eos_id]))
        ids = ids.astype(np.int32)
        limit = self._options.max_length
        examples: list[tuple[TokenIds, Labels]] = []
        # Each window begins with the last token of the one before, as context, so that every token
        # but the first is a target exactly once, the appended end-of-text token included.
        start = 0
        while start == 0 or start < len(ids) - 1:
            window = ids[start : start + limit]
            labels = np.ones(len(window), dtype=np.uint8)
            labels[0] = 0
            examples.append((window, labels))
            start += limit - 1
        self.full_lengths.append(len(ids))
        self.accepted.add(row, examples, truncated=False)

    def _finish_chat(self, row: PendingRow, examples: list[tuple[TokenIds, Labels]]) -> None:
        limit, policy = self._options.max_length, self._options.over_length
        length = max(len(ids) for ids, _ in examples)
        self.longest_chat = max(self.longest_chat, length)
        self.full_lengths.append(length)
        is_over = length > limit
        if is_over:
            self.over_length += 1
            if not any(labels[:limit].any() for _, labels in examples):
                self.over_length_answer_lost += 1
            if policy != "truncate":
                message = f"{count_of(length, 'token')}, over max_length ({limit:,})."
                self._reject(row.record, "over_length", message)
                return
            examples = [(ids[:limit], labels[:limit]) for ids, labels in examples]
            examples = [(ids, labels) for ids, labels in examples if labels.any()]
        if not any(labels.any() for _, labels in examples):
            message = f"No answer is left in the first {limit:,} of {count_of(length, 'token')}."
            self._reject(row.record, "answer_lost", message)
            return
        self.accepted.add(row, examples, truncated=is_over)

    def reject_rarer_formats(self) -> None:
        self.mixed_rows = self._format_rows.reject_rarer(self.accepted.rows, self.rejections)
