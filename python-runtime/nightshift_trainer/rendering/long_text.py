"""Tokenizes a long text in windows, with exactly the ids of the whole text.

A tokenizer first splits a text into words and added tokens, then each word into tokens. So a text
may be continued wherever a word begins, if nothing before that place changes what follows: the
window is encoded with some text behind it, the last usable beginning of a word is where the next
window starts, and only the tokens before it are kept. A tokenizer without words (SentencePiece BPE)
has no such place, and the text is encoded as a whole.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

# An Encoding takes about 100 bytes per token, so one very long record would use up the memory.
WINDOW_CHARACTERS = 65_536
# What a tokenizer may look at behind a place before it splits a text there.
LOOKAHEAD_CHARACTERS = 1024

Window = tuple[int, npt.NDArray[np.int32], list[tuple[int, int]]]


def _without_prefix_space(part: Any) -> Any:  # noqa: ANN401 - parsed JSON
    """A normalizer or pre-tokenizer that adds nothing to the beginning of a text."""
    if isinstance(part, list):
        kept = [_without_prefix_space(item) for item in cast("list[Any]", part)]
        return [item for item in kept if item is not None]
    if not isinstance(part, dict):
        return part
    settings = cast("dict[str, Any]", part)
    if settings.get("type") == "Prepend":
        return None
    changed = {
        name: _without_prefix_space(value) if isinstance(value, (list, dict)) else value
        for name, value in settings.items()
    }
    if "add_prefix_space" in changed:
        changed["add_prefix_space"] = False
    if "prepend_scheme" in changed:
        changed["prepend_scheme"] = "never"
    return changed


def continuation_of(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer for the windows after the first."""
    description = json.loads(tokenizer.to_str())
    changed = dict(description)
    for name in ("normalizer", "pre_tokenizer"):
        changed[name] = _without_prefix_space(description.get(name))
    if changed == description:
        return tokenizer
    continuation = Tokenizer.from_str(json.dumps(changed))
    continuation.encode_special_tokens = tokenizer.encode_special_tokens
    return continuation


class _AddedTokens:
    """Where the added tokens of a text are; no window may begin inside one, or in the whitespace
    before it, which it may swallow."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._text = text
        spans = [match.span() for match in pattern.finditer(text)]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def touch(self, at: int) -> bool:
        index = bisect_left(self._starts, at)
        if index > 0 and at < self._ends[index - 1]:
            return True
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        index = bisect_left(self._starts, at)
        return index < len(self._starts) and self._starts[index] == at


def _added_pattern(tokenizer: Tokenizer) -> re.Pattern[str]:
    contents = [re.escape(token.content) for token in tokenizer.get_added_tokens_decoder().values()]
    return re.compile("|".join(sorted(contents, key=len, reverse=True)) or "(?!)")


def _is_usable(text: str, at: int) -> bool:
    """Before a space between letters every tokenizer with words splits, whatever surrounds it."""
    return text[at] == " " and text[at - 1].isalpha() and text[at + 1 : at + 2].isalpha()


def _is_possible(text: str, at: int) -> bool:
    """Runs of digits and of whitespace may be split by their length or from their end."""
    before, after = text[at - 1], text[at]
    return not (before.isspace() or (before.isnumeric() and after.isnumeric()))


def _cut(encoding: Encoding, text: str, limit: int, pattern: re.Pattern[str]) -> int | None:
    """Index of the token that the next window begins with; None where there is no place."""
    words, offsets = encoding.word_ids, encoding.offsets
    added = _AddedTokens(pattern, text)
    fallback: int | None = None
    for index in range(len(words) - 1, 0, -1):
        at = offsets[index][0]
        if at > limit or words[index] is None or words[index] == words[index - 1]:
            continue
        if at < limit // 2:
            break
        # Several words of one character (its bytes) begin at the same place.
        if offsets[index - 1][1] > at or not _is_possible(text, at) or added.touch(at):
            continue
        if _is_usable(text, at):
            return index
        fallback = index if fallback is None else fallback
    return fallback


def windows(tokenizer: Tokenizer, text: str) -> Iterator[Window]:
    """Yields (start, ids, offsets from start) of each window."""
    added = _added_pattern(tokenizer)
    current = tokenizer
    start, size = 0, WINDOW_CHARACTERS
    while start < len(text):
        part = text[start : start + size + LOOKAHEAD_CHARACTERS]
        is_last = start + len(part) >= len(text)
        encoding = current.encode(part, add_special_tokens=False)
        cut = None if is_last else _cut(encoding, part, size, added)
        if cut is None and not is_last:
            size *= 2
            continue
        ids = np.asarray(encoding.ids[:cut], dtype=np.int32)
        yield start, ids, encoding.offsets[:cut]
        if cut is None:
            return
        if start == 0:
            current = continuation_of(tokenizer)
        start, size = start + encoding.offsets[cut][0], WINDOW_CHARACTERS
