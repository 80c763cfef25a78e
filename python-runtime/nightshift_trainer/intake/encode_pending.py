"""Tokenizes rendered rows as a batch; a row that makes the tokenizer fail is rejected alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..rendering.base import PreparedBase
from ..rendering.plain_text import encode_rows
from ..rendering.template import TemplateRefused
from ..rendering.tokens import Labels, TokenIds
from .accepted_rows import PendingRow
from .records import Rejection
from .unreadable import is_of_content, unreadable

EncodedRow = list[tuple[TokenIds, Labels]] | TemplateRefused


def encode_pending(
    base: PreparedBase, pending: Sequence[PendingRow], reject: Callable[[Rejection], None]
) -> list[tuple[PendingRow, EncodedRow]]:
    """Each row with its examples, without those that were rejected."""
    try:
        encoded = encode_rows(base, [row.rendered.examples for row in pending])
        return list(zip(pending, encoded, strict=True))
    except Exception as error:
        if not is_of_content(error):
            raise
        if len(pending) == 1:
            reject(unreadable(pending[0].record))
            return []
    return [item for row in pending for item in encode_pending(base, [row], reject)]
