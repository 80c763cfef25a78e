"""Which rows have which record format, to reject the rarer ones of a mixed file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .records import Record, Rejection
from .rejections import MAX_LISTED_REJECTIONS, Rejections


class FormatRows:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._rows: dict[str, array[int]] = {}
        self._shown: dict[str, list[tuple[int, str]]] = {}

    def add(self, record_format: str, record: Record) -> None:
        self.counts[record_format] += 1
        self._rows.setdefault(record_format, array("q")).append(record.row)
        shown = self._shown.setdefault(record_format, [])
        if len(shown) < MAX_LISTED_REJECTIONS:
            shown.append((record.row, record.shown))

    def reject_rarer(self, accepted: Sequence[int], rejections: Rejections) -> int:
        """Rejects the valid rows of every format but the most frequent, lists up to a thousand of
        each, and returns their number. A row that was rejected before keeps its reason, so that
        the counts add up."""
        known = {name: count for name, count in self.counts.items() if name != "unknown"}
        main = max(known, key=lambda name: known[name])
        rejected = 0
        for name in known:
            if name == main:
                continue
            message = f"This row has the format {name}; most rows have {main}."
            rows = np.asarray(self._rows[name])
            valid = set(rows[np.isin(rows, np.asarray(accepted))].tolist())
            listed = [
                Rejection(row, "mixed_format", message, shown)
                for row, shown in self._shown[name]
                if row in valid
            ]
            rejections.add_all(listed)
            if len(valid) > len(listed):
                rejections.by_reason["mixed_format"] += len(valid) - len(listed)
            rejected += len(valid)
        return rejected
