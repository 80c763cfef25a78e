"""Scorers and intervals. Pure; the scorer decides, never a similarity of texts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def _exact(expected: str, produced: str) -> bool:
    return expected.strip() == produced.strip()


def _number(text: str) -> float | None:
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else None


def _last_number(expected: str, produced: str) -> bool:
    wanted, got = _number(expected), _number(produced)
    return wanted is not None and got is not None and wanted == got


def _contains(expected: str, produced: str) -> bool:
    return bool(expected.strip()) and expected.strip() in produced


def _regex(expected: str, produced: str) -> bool:
    """The expected answer is the pattern; it has to match the whole answer."""
    return re.fullmatch(expected.strip(), produced.strip(), re.DOTALL) is not None


def _json_equal(expected: str, produced: str) -> bool:
    try:
        return json.loads(expected) == json.loads(produced)
    except ValueError:
        return False


SCORERS: dict[str, Callable[[str, str], bool]] = {
    "exact": _exact,
    "last_number": _last_number,
    "contains": _contains,
    "regex": _regex,
    "json_equal": _json_equal,
}


def score_answer(scorer: str, expected: str, produced: str) -> bool:
    """Raises `ValueError` for an unknown scorer."""
    if scorer not in SCORERS:
        raise ValueError(f"There is no scorer {scorer!r}; known are {', '.join(SCORERS)}.")
    return SCORERS[scorer](expected, produced)


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of k successes in n, as shares; (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959963984540054
    share = k / n
    scale = 1 + z * z / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if k == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if k == n else min(1.0, (middle + half) / scale)
    return low, high
