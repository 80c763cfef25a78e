"""The normalization shared by duplicate detection, validation overlap and held-out exclusion.

NFKC, casefold, runs of white space collapsed to one space, punctuation and spaces stripped at both
ends. Two texts with the same result count as the same text. The hashes are stored in core.json, so
a change here makes existing workspaces forget which questions they hold out.
"""

from __future__ import annotations

import re
import unicodedata

import xxhash

_SPACE = re.compile(r"\s+")
# Longer texts are normalized in chunks, so that hashing needs no copy of the whole text.
CHUNK_CHARACTERS = 262_144


def _is_strippable(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PS"


def normalize(text: str) -> str:
    folded = _SPACE.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    start, end = 0, len(folded)
    while start < end and _is_strippable(folded[start]):
        start += 1
    while end > start and _is_strippable(folded[end - 1]):
        end -= 1
    # A text of only punctuation keeps it; otherwise all such texts would be equal.
    return folded[start:end] or folded.strip()


def hash_and_first_chunk(text: str) -> tuple[int, str]:
    """xxh3-64 of the normalized text, and the first chunk of the normalized text."""
    digest = xxhash.xxh3_64()
    first = ""
    for start in range(0, max(1, len(text)), CHUNK_CHARACTERS):
        chunk = normalize(text[start : start + CHUNK_CHARACTERS])
        digest.update(chunk.encode("utf-8", "surrogatepass"))
        first = first or chunk
    return digest.intdigest(), first


def normalized_hash(text: str) -> int:
    """xxh3-64 of the normalized text."""
    return hash_and_first_chunk(text)[0]
