"""Encodes rendered texts; control tokens in their `plain` ranges as the text they are written with.

The pieces around such a token are encoded on their own, as `encode_marked_chat` of transformers
does, so that both give the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from tokenizers import Tokenizer

from .base import PreparedBase
from .template import Rendered, TemplateRefused
from .tokens import Labels, TokenIds, encode_batch

_Range = tuple[int, int]


def encode_rows(
    base: PreparedBase, rows: Sequence[Sequence[Rendered]]
) -> list[list[tuple[TokenIds, Labels]] | TemplateRefused]:
    """The examples of each row, or why its control tokens can't be encoded as text."""
    texts = [example for row in rows for example in row if not example.plain]
    encoded = iter(encode_batch(base.tokenizer, texts))
    results: list[list[tuple[TokenIds, Labels]] | TemplateRefused] = []
    for row in rows:
        examples = [None if example.plain else next(encoded) for example in row]
        try:
            results.append(
                [
                    _encode_pieces(base, example) if known is None else known
                    for example, known in zip(row, examples, strict=True)
                ]
            )
        except TemplateRefused as error:
            results.append(error)
    return results


def _pieces(rendered: Rendered) -> Iterator[tuple[_Range, bool]]:
    position = 0
    for start, end in rendered.plain:
        yield (position, start), False
        yield (start, end), True
        position = end
    yield (position, len(rendered.text)), False


def _encode_pieces(base: PreparedBase, rendered: Rendered) -> tuple[TokenIds, Labels]:
    ids: list[TokenIds] = []
    labels: list[Labels] = []
    for (start, end), is_plain in _pieces(rendered):
        if start == end:
            continue
        text = rendered.text[start:end]
        spans = [(max(a, start) - start, min(b, end) - start) for a, b in rendered.spans]
        piece = Rendered(text, tuple((a, b) for a, b in spans if a < b))
        tokenizer = base.control_tokens.plain_tokenizer if is_plain else base.tokenizer
        piece_ids, piece_labels = _encode_piece(tokenizer, piece, start == 0)
        if is_plain:
            base.control_tokens.require_plain(text, piece_ids.tolist())
        ids.append(piece_ids)
        labels.append(piece_labels)
    joined = np.concatenate(labels)
    joined[0] = 0
    return np.concatenate(ids), joined


def _encode_piece(tokenizer: Tokenizer, piece: Rendered, is_first: bool) -> tuple[TokenIds, Labels]:
    """Behind a newline, which is removed again: SentencePiece puts a space before the beginning of
    a text, and a piece is no beginning."""
    newline = tokenizer.encode("\n", add_special_tokens=False).ids
    shifted = Rendered(f"\n{piece.text}", tuple((a + 1, b + 1) for a, b in piece.spans))
    if not is_first and len(newline) > 0:
        ((ids, labels),) = encode_batch(tokenizer, [shifted])
        if ids[: len(newline)].tolist() == newline:
            return ids[len(newline) :], labels[len(newline) :]
    # The first token of a piece may be a target, unlike the first of a text.
    ((ids, labels),) = encode_batch(tokenizer, [piece])
    if any(start == 0 for start, _ in piece.spans):
        labels[0] = 1
    return ids, labels
