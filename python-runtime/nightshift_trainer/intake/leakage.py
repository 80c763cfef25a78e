"""Rows whose prompt contains the answer, and rows that repeat an earlier row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .normalize import normalize
from .records import Chat

MAX_LISTED_ROWS = 20
# Only the beginning of longer texts is compared.
MAX_COMPARED_CHARACTERS = 1 << 16


def answer_in_prompt(chat: Chat) -> bool:
    """Whether the last answer appears in the user messages before it, as whole words after
    normalization: `no` does not appear in `nothing`."""
    last = chat.last_answer
    answer = normalize(chat.messages[last]["content"][:MAX_COMPARED_CHARACTERS])
    prompt = " ".join(
        normalize(message["content"][:MAX_COMPARED_CHARACTERS])
        for message in chat.messages[:last]
        if message["role"] == "user"
    )
    if answer == "" or answer not in prompt:
        return False
    start = prompt.find(answer)
    while start >= 0:
        end = start + len(answer)
        before, after = prompt[start - 1 : start], prompt[end : end + 1]
        if not (before.isalnum() and answer[0].isalnum()) and not (
            after.isalnum() and answer[-1].isalnum()
        ):
            return True
        start = prompt.find(answer, start + 1)
    return False


def find_duplicates(rows: Sequence[int], hashes: Sequence[int]) -> tuple[int, list[dict[str, int]]]:
    """The number of rows whose hash an earlier row has, and the first of them, each with that
    earlier row."""
    unique, first, inverse = np.unique(
        np.asarray(hashes, dtype=np.uint64), return_index=True, return_inverse=True
    )
    original = first[inverse]
    repeated = np.flatnonzero(original != np.arange(len(inverse)))
    listed = [
        {"row": int(rows[index]), "of": int(rows[int(original[index])])}
        for index in repeated[:MAX_LISTED_ROWS].tolist()
    ]
    return len(inverse) - len(unique), listed


def first_rows(rows: Sequence[int], mask: np.ndarray) -> list[int]:
    """The first rows for which `mask` is true."""
    return [int(rows[index]) for index in np.flatnonzero(mask)[:MAX_LISTED_ROWS].tolist()]
