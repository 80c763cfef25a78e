"""Rendered text to token ids and labels, by character offsets.

A token is trained when any of its characters is in a generation span. `labels[i] == 1` means that
token *i* is a target. Token 0 is never a target, because no token precedes it to predict it from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from .long_text import WINDOW_CHARACTERS, windows
from .template import Rendered

TokenIds = npt.NDArray[np.int32]
Labels = npt.NDArray[np.uint8]


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer without its post-processor: the templates contain the special tokens, and a
    post-processor may shift the character offsets (`trim_offsets`)."""
    description = json.loads(path.read_text("utf-8"))
    description["post_processor"] = None
    description["truncation"] = None
    description["padding"] = None
    return Tokenizer.from_str(json.dumps(description))


def _touched(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> Labels:
    """1 for every token with a character in a span."""
    labels = np.zeros(len(offsets), dtype=np.uint8)
    table = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    for start, end in spans:
        labels[(table[:, 1] > start) & (table[:, 0] < end)] = 1
    return labels


def labels_from_offsets(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> Labels:
    labels = _touched(offsets, spans)
    if len(labels):
        labels[0] = 0
    return labels


def encode_batch(tokenizer: Tokenizer, texts: Sequence[Rendered]) -> list[tuple[TokenIds, Labels]]:
    """One result per text, in order; the ids are those of the whole text, also of a long one.
    `plain` ranges are not handled here."""
    results: list[tuple[TokenIds, Labels] | None] = [None] * len(texts)
    short = [index for index, text in enumerate(texts) if len(text.text) <= WINDOW_CHARACTERS]
    encodings: list[Encoding] = tokenizer.encode_batch(
        [texts[index].text for index in short], add_special_tokens=False
    )
    for index, encoding in zip(short, encodings, strict=True):
        ids = np.asarray(encoding.ids, dtype=np.int32)
        results[index] = (ids, labels_from_offsets(encoding.offsets, texts[index].spans))
    for index, text in enumerate(texts):
        if results[index] is None:
            results[index] = _encode_long(tokenizer, text)
    return [result for result in results if result is not None]


def _encode_long(tokenizer: Tokenizer, rendered: Rendered) -> tuple[TokenIds, Labels]:
    ids: list[TokenIds] = []
    labels: list[Labels] = []
    for start, part_ids, offsets in windows(tokenizer, rendered.text):
        end = start + (offsets[-1][1] if offsets else 0)
        spans = [(max(a, start) - start, min(b, end) - start) for a, b in rendered.spans]
        ids.append(part_ids)
        labels.append(_touched(offsets, [(a, b) for a, b in spans if a < b]))
    joined = np.concatenate(labels)
    if len(joined):
        joined[0] = 0
    return np.concatenate(ids), joined
