"""Counts and nouns in messages."""

from __future__ import annotations


def count_of(count: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
