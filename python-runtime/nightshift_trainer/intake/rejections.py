"""Rejected rows: all of them go to a file, the first thousand also into the report."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..files import without_surrogates
from .records import Rejection

MAX_LISTED_REJECTIONS = 1000


def _writable(rejection: Rejection) -> Rejection:
    """Half surrogates can't be written as UTF-8; a message may name a field that contains one."""
    return replace(
        rejection,
        message=without_surrogates(rejection.message),
        text=without_surrogates(rejection.text),
    )


class Rejections:
    """`path` None: no file is written (a dry run)."""

    def __init__(self, path: Path | None) -> None:
        self._stream = None if path is None else path.open("w", encoding="utf-8")
        self.by_reason: Counter[str] = Counter()
        self.bytes_written = 0
        # A heap of the smallest row numbers: its first entry has the largest of them.
        self._listed: list[tuple[int, int, Rejection]] = []
        self._sequence = 0

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())

    def add(self, rejection: Rejection) -> None:
        rejection = _writable(rejection)
        self.by_reason[rejection.reason] += 1
        self._sequence += 1
        entry = (-rejection.row, -self._sequence, rejection)
        if len(self._listed) < MAX_LISTED_REJECTIONS:
            heapq.heappush(self._listed, entry)
        else:
            heapq.heappushpop(self._listed, entry)
        if self._stream is not None:
            line = json.dumps(vars(rejection), ensure_ascii=False) + "\n"
            self._stream.write(line)
            self.bytes_written += len(line)

    def add_all(self, rejections: Iterable[Rejection]) -> None:
        for rejection in sorted(rejections, key=lambda rejection: rejection.row):
            self.add(rejection)

    def discard(self, reason: str) -> None:
        """Removes a reason from the counts and the list; the file keeps its lines."""
        del self.by_reason[reason]
        self._listed = [entry for entry in self._listed if entry[2].reason != reason]

    def first(self) -> list[dict[str, object]]:
        """The rejections with the smallest row numbers, in order."""
        ordered = sorted(self._listed, key=lambda entry: (-entry[0], -entry[1]))
        return [vars(rejection) for _, _, rejection in ordered]

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
