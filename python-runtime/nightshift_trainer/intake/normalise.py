"""The one normalisation that duplicates, overlap and held-out exclusion use.

NFKC, casefold, every run of white space to one space, punctuation and spaces removed at both ends.
Two texts with the same result count as the same text.
"""

from __future__ import annotations

import re
import unicodedata

import xxhash

_SPACE = re.compile(r"\s+")


def _is_edge(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PS"


def normalised(text: str) -> str:
    folded = _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    start, end = 0, len(folded)
    while start < end and _is_edge(folded[start]):
        start += 1
    while end > start and _is_edge(folded[end - 1]):
        end -= 1
    # A text of punctuation alone keeps it, or all of them would be the same text.
    return folded[start:end] or folded.strip()


def text_key(text: str) -> int:
    """xxh3-64 of the normalised text."""
    return xxhash.xxh3_64_intdigest(normalised(text).encode("utf-8", "surrogatepass"))
