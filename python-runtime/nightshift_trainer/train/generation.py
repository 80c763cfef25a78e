"""Generates answers to validation rows and measures them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..cache import Text
from ..evaluate.answers import GeneratedAnswer, answer_batch
from ..metrics import score_answer, wilson
from ..rendering.base import PreparedBase
from .model import Model
from .oom_backoff import in_halves

GENERATION_BATCH = 16


class GenerationTimeout(Exception):
    """The time limit of generation has passed."""


@dataclass(frozen=True)
class Answer:
    text: Text
    produced: str
    finished: bool
    matches: bool
    tokens: int


def generate_answers(
    model: Model,
    base: PreparedBase,
    texts: Sequence[Text],
    *,
    scorer: str,
    max_new_tokens: int,
    timeout_seconds: float,
    heartbeat: Callable[[], None],
) -> list[Answer]:
    """Greedy answers. An answer cut off by the time limit counts as unfinished, not as wrong."""
    deadline = time.monotonic() + timeout_seconds

    def heartbeat_until_deadline() -> None:
        heartbeat()
        if time.monotonic() > deadline:
            raise GenerationTimeout

    answers: list[Answer] = []

    def generate(part: Sequence[Text]) -> None:
        try:
            outputs = answer_batch(
                model.network,
                [text.prompt_ids for text in part],
                end_ids=base.end_ids,
                pad=base.eos_id,
                max_new_tokens=max_new_tokens,
                heartbeat=heartbeat_until_deadline,
            )
        except GenerationTimeout:
            outputs = [GeneratedAnswer([], False) for _ in part]
        for text, output in zip(part, outputs, strict=True):
            produced = base.tokenizer.decode(output.ids, skip_special_tokens=True)
            matches = output.finished and score_answer(scorer, text.expected, produced)
            answers.append(Answer(text, produced, output.finished, matches, len(output.ids)))

    with model.evaluating(generates=True):
        for start in range(0, len(texts), GENERATION_BATCH):
            in_halves(texts[start : start + GENERATION_BATCH], generate)
    return answers


def exact_match(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """k of n answers match, with the 95 % interval of their share."""
    if not answers:
        return None
    k, n = sum(answer.matches for answer in answers), len(answers)
    low, high = wilson(k, n)
    unfinished = sum(not answer.finished for answer in answers)
    return {"k": k, "n": n, "low": low, "high": high, "unfinished": unfinished}


def think_stats(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """The share of answers with a think block; of those, the shares that are empty and closed."""
    if not answers:
        return None
    opened = [answer.produced for answer in answers if "<think>" in answer.produced]
    closed = [text for text in opened if "</think>" in text]
    empty = [t for t in closed if not t.split("<think>")[1].split("</think>")[0].strip()]
    count = max(1, len(opened))
    return {
        "share": len(opened) / len(answers),
        "empty": len(empty) / count,
        "closed": len(closed) / count,
        "n": len(answers),
    }
