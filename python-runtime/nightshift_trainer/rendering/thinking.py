"""The setting `thinking`: how `<think>` blocks in answers are treated."""

from __future__ import annotations

import re
from typing import Literal

Thinking = Literal["off", "keep", "model"]

# The blocks that an answer begins with: closed ones, one that was cut off, or one whose opening
# tag is in the prompt, as with DeepSeek-R1.
_LEADING_BLOCK = re.compile(
    r"\A(?:\s*<think(?:ing)?>.*?</think(?:ing)?>\s*)+"
    r"|\A\s*<think(?:ing)?>.*\Z"
    r"|\A(?:(?!<think>).)*?</think>[ \t]*(?:\n\s*|\Z)",
    re.DOTALL,
)


def without_thinking(answer: str) -> str:
    """The answer without its leading <think> blocks (`thinking: off`)."""
    return _LEADING_BLOCK.sub("", answer, count=1) if has_thinking(answer) else answer


def has_thinking(answer: str) -> bool:
    # Most answers have no tag, and the expression reads the whole text to find that out.
    has_tag = "<think" in answer or "</think" in answer
    return has_tag and _LEADING_BLOCK.match(answer) is not None
