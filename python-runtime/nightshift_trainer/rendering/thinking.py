"""The setting `thinking`: how `<think>` blocks in answers are treated."""

from __future__ import annotations

import re
from typing import Literal

Thinking = Literal["off", "keep", "model"]

_LEADING_BLOCK = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)


def without_thinking(answer: str) -> str:
    """The answer without its leading <think> block (`thinking: off`)."""
    return _LEADING_BLOCK.sub("", answer, count=1)


def has_thinking(answer: str) -> bool:
    return _LEADING_BLOCK.match(answer) is not None
