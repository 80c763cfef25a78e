"""Rows that give their answer away: the last answer stands word for word in what is asked."""

from __future__ import annotations

from array import array

import numpy as np

from .normalise import normalised
from .records import Chat

LISTED = 20
# The beginnings that are compared; an answer beyond it is not looked for.
LOOKED_AT = 1 << 16


def answer_in_prompt(chat: Chat) -> bool:
    """Whole words, after normalisation: the answer `no` is not found in `nothing`."""
    last = max(
        index for index, message in enumerate(chat.messages) if message["role"] == "assistant"
    )
    answer = normalised(chat.messages[last]["content"][:LOOKED_AT])
    asked = " ".join(
        normalised(message["content"][:LOOKED_AT])
        for message in chat.messages[:last]
        if message["role"] == "user"
    )
    if answer == "" or answer not in asked:
        return False
    place = asked.find(answer)
    while place >= 0:
        end = place + len(answer)
        before, after = asked[place - 1 : place], asked[end : end + 1]
        if not (before.isalnum() and answer[0].isalnum()) and not (
            after.isalnum() and answer[-1].isalnum()
        ):
            return True
        place = asked.find(answer, place + 1)
    return False


def first_duplicates(rows: array[int], keys: array[int]) -> tuple[int, list[dict[str, int]]]:
    """How many rows say what an earlier row says, and the first of them with that row."""
    found, first, inverse = np.unique(
        np.asarray(keys, dtype=np.uint64), return_index=True, return_inverse=True
    )
    own = first[inverse]
    later = np.flatnonzero(own != np.arange(len(inverse)))
    listed = [{"row": int(rows[i]), "of": int(rows[int(own[i])])} for i in later[:LISTED].tolist()]
    return len(inverse) - len(found), listed


def listed_rows(rows: array[int], which: np.ndarray) -> list[int]:
    return [int(rows[i]) for i in np.flatnonzero(which)[:LISTED].tolist()]
