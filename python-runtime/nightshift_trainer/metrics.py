"""Scorers and confidence intervals. Pure. An answer is scored by a rule, never by similarity."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
# The standard normal quantile of a two-sided 95 % interval.
Z_95 = 1.959963984540054


def _exact(expected: str, produced: str) -> bool:
    return expected.strip() == produced.strip()


def _number(text: str) -> float | None:
    numbers = _NUMBER.findall(text)
    return float(numbers[-1].replace(",", "")) if numbers else None


def _last_number(expected: str, produced: str) -> bool:
    expected_number, produced_number = _number(expected), _number(produced)
    return expected_number is not None and expected_number == produced_number


def _contains(expected: str, produced: str) -> bool:
    return bool(expected.strip()) and expected.strip() in produced


def _regex(expected: str, produced: str) -> bool:
    """The expected answer is a pattern that must match the whole produced answer."""
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
        raise ValueError(f"Unknown scorer {scorer!r}; known are {', '.join(SCORERS)}.")
    return SCORERS[scorer](expected, produced)


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of k successes in n trials, as fractions; (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    fraction = k / n
    scale = 1 + Z_95 * Z_95 / n
    middle = fraction + Z_95 * Z_95 / (2 * n)
    half = Z_95 * math.sqrt(fraction * (1 - fraction) / n + Z_95 * Z_95 / (4 * n * n))
    low = 0.0 if k == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if k == n else min(1.0, (middle + half) / scale)
    return low, high
