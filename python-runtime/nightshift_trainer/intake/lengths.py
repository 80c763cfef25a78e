"""Token lengths: percentiles (nearest rank) and a histogram with round bin edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 20


def _round_width(maximum: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... with which `BINS` bins cover the maximum."""
    width = 1
    while True:
        for factor in (1, 2, 5):
            if width * factor * BINS > maximum:
                return width * factor
        width *= 10


def length_statistics(lengths: Sequence[int]) -> dict[str, Any]:
    """In tokens. A bin includes its `from` and excludes its `to`."""
    values = np.sort(np.asarray(lengths, dtype=np.int64))

    def percentile(fraction: float) -> int:
        return int(values[max(0, int(np.ceil(fraction * len(values))) - 1)])

    maximum = int(values[-1])
    width = _round_width(maximum)
    counts = np.bincount(values // width, minlength=1)
    return {
        "p5": percentile(0.05),
        "p50": percentile(0.50),
        "p95": percentile(0.95),
        "p99": percentile(0.99),
        "max": maximum,
        "histogram": [
            {"from": index * width, "to": (index + 1) * width, "count": int(count)}
            for index, count in enumerate(counts)
        ],
    }
