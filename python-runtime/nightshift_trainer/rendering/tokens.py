"""Rendered text to token ids and labels, by character offsets.

A token is trained when any of its characters lies in a generation span. `labels[i] == 1` says that
token *i* is a target. Token 0 is never a target: nothing precedes it that could predict it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from .template import Rendered

TokenIds = npt.NDArray[np.int32]
Labels = npt.NDArray[np.uint8]

# Above this many characters a text is tokenised in pieces: an Encoding takes about a hundred
# bytes a token, and one very long record must not fill the memory.
PIECE_CHARACTERS = 65_536


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer without its post-processor: templates write the special tokens themselves,
    and a post-processor may shift the character offsets (`trim_offsets`)."""
    description = json.loads(path.read_text("utf-8"))
    description["post_processor"] = None
    description["truncation"] = None
    description["padding"] = None
    return Tokenizer.from_str(json.dumps(description))


def labels_from_offsets(
    offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> Labels:
    labels = np.zeros(len(offsets), dtype=np.uint8)
    if not spans or not offsets:
        return labels
    table = np.asarray(offsets, dtype=np.int64)
    for start, end in spans:
        labels[(table[:, 1] > start) & (table[:, 0] < end)] = 1
    labels[0] = 0
    return labels


def encode_batch(tokenizer: Tokenizer, texts: Sequence[Rendered]) -> list[tuple[TokenIds, Labels]]:
    """One result per text, in order. Long texts go one by one and in pieces."""
    results: list[tuple[TokenIds, Labels] | None] = [None] * len(texts)
    short = [index for index, item in enumerate(texts) if len(item.text) <= PIECE_CHARACTERS]
    encodings: list[Encoding] = tokenizer.encode_batch(
        [texts[index].text for index in short], add_special_tokens=False
    )
    for index, encoding in zip(short, encodings, strict=True):
        ids = np.asarray(encoding.ids, dtype=np.int32)
        results[index] = (ids, labels_from_offsets(encoding.offsets, texts[index].spans))
    for index, item in enumerate(texts):
        if results[index] is None:
            results[index] = _encode_long(tokenizer, item)
    return [result for result in results if result is not None]


def _cut(text: str, start: int) -> int:
    """Where to end a piece that begins at `start`: before ` word`, which byte-level tokenizers
    always separate; anywhere when there is no such place."""
    end = start + PIECE_CHARACTERS
    if end >= len(text):
        return len(text)
    for place in range(end, start + PIECE_CHARACTERS // 2, -1):
        if (
            text[place] == " "
            and text[place - 1].isalpha()
            and text[place + 1 : place + 2].isalpha()
        ):
            return place
    return end


def _encode_long(tokenizer: Tokenizer, item: Rendered) -> tuple[TokenIds, Labels]:
    ids: list[TokenIds] = []
    labels: list[Labels] = []
    start = 0
    while start < len(item.text):
        end = _cut(item.text, start)
        encoding = tokenizer.encode(item.text[start:end], add_special_tokens=False)
        spans = [(max(a, start) - start, min(b, end) - start) for a, b in item.spans]
        spans = [(a, b) for a, b in spans if a < b]
        table = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        piece = np.zeros(len(table), dtype=np.uint8)
        for a, b in spans:
            piece[(table[:, 1] > a) & (table[:, 0] < b)] = 1
        ids.append(np.asarray(encoding.ids, dtype=np.int32))
        labels.append(piece)
        start = end
    joined = np.concatenate(labels)
    if len(joined):
        joined[0] = 0
    return np.concatenate(ids), joined
