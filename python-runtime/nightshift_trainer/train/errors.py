"""Failures that the trainer detects itself, with their categories (see categories.py)."""

from __future__ import annotations


class TrainerRefused(Exception):
    """An expected failure with its category; `rows` are the rows of the dataset that caused it."""

    def __init__(self, category: str, message: str, rows: list[int] | None = None) -> None:
        super().__init__(message)
        self.category = category
        self.rows = rows or []


# Categories caused by the rows of a step; the engine quarantines these rows.
ROW_CATEGORIES = ("template_error", "dataset_error", "token_out_of_range")
