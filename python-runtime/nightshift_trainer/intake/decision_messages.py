"""The messages of the decisions about columns, unused fields and think blocks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wording import count_of

if TYPE_CHECKING:
    from .verdict import Counts

LISTED_FIELDS = 4


def unknown_message(counts: Counts, unknown: int) -> str:
    if counts.preference_rows * 2 > unknown:
        return (
            f"Map columns: preference data ({count_of(unknown, 'row')} with a chosen and a "
            f"rejected answer). Choose which answer is trained."
        )
    return (
        f"Map columns: format not recognized ({count_of(unknown, 'row')}). "
        f"Choose the prompt column and the response column."
    )


def needed_message(counts: Counts, *, is_flat: bool) -> str:
    names = sorted(counts.needed, key=lambda name: -counts.needed[name])
    shown = ", ".join(
        f"`{name}` ({count_of(counts.needed[name], 'row')})" for name in names[:LISTED_FIELDS]
    )
    noun = "it" if len(names) == 1 else "them"
    action = (
        f"Map the columns, or train without {noun}."
        if is_flat
        else f"Train without {noun}, or put the text into the messages and re-upload."
    )
    return f"The answers may depend on {shown}, which this format leaves out. {action}"


def think_message(counts: Counts) -> str:
    rows = counts.thinking_rows + counts.only_thinking
    verb = "contains" if rows == 1 else "contain"
    text = (
        f"{rows:,} of {count_of(counts.rows, 'row')} {verb} <think> blocks. Keep them as part of "
        f"the answer, or strip them"
    )
    if counts.only_thinking == 0:
        return f"{text}."
    empty = counts.only_thinking
    return (
        f"{text}: {count_of(empty, 'row')} {'has' if empty == 1 else 'have'} no other answer and "
        f"can't be used then."
    )
