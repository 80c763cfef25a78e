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


# Above this a text is normalised piece by piece, so that its key costs no copies of the whole.
PIECE = 262_144


def keyed(text: str) -> tuple[int, str]:
    """xxh3-64 of the normalised text, and its first piece."""
    digest = xxhash.xxh3_64()
    first = ""
    for start in range(0, max(1, len(text)), PIECE):
        piece = normalised(text[start : start + PIECE])
        digest.update(piece.encode("utf-8", "surrogatepass"))
        first = first or piece
    return digest.intdigest(), first


def text_key(text: str) -> int:
    """xxh3-64 of the normalised text."""
    return keyed(text)[0]
