"""Rejected rows: all of them to a file, the first thousand kept for the report."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .records import Rejection

KEPT = 1000


class Rejections:
    """`path` null: nothing is written (a dry run)."""

    def __init__(self, path: Path | None) -> None:
        self._stream = None if path is None else path.open("w", encoding="utf-8")
        self.by_reason: Counter[str] = Counter()
        self._first: list[tuple[int, int, Rejection]] = []
        self._sequence = 0

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())

    def add(self, rejection: Rejection) -> None:
        self.by_reason[rejection.reason] += 1
        self._sequence += 1
        entry = (-rejection.row, -self._sequence, rejection)
        if len(self._first) < KEPT:
            heapq.heappush(self._first, entry)
        else:
            heapq.heappushpop(self._first, entry)
        if self._stream is not None:
            self._stream.write(json.dumps(vars(rejection), ensure_ascii=False) + "\n")

    def add_all(self, rejections: Iterable[Rejection]) -> None:
        for rejection in sorted(rejections, key=lambda item: item.row):
            self.add(rejection)

    def forget(self, reason: str) -> None:
        """Takes a reason out of the counts and the list (the file keeps its lines)."""
        del self.by_reason[reason]
        self._first = [entry for entry in self._first if entry[2].reason != reason]

    def first(self) -> list[dict[str, object]]:
        """The rejections with the smallest row numbers, in order."""
        return [vars(entry[2]) for entry in sorted(self._first, key=lambda e: (-e[0], -e[1]))]

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
