"""Generates answers to validation rows and measures them."""

from __future__ import annotations

import math
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
# An answer may be this much longer than the longest expected one before it is cut off.
ANSWER_LENGTH_FACTOR = 1.5
# How long a generation that ignores its time limit may continue before it is abandoned.
GRACE_SECONDS = 0.5


class GenerationTimeout(Exception):
    """The time limit of generation has passed, and the generation did not end by itself."""


@dataclass(frozen=True)
class Answer:
    text: Text
    # Without special tokens, as it is compared and shown; raw: with them.
    produced: str
    raw: str
    finished: bool
    matches: bool
    tokens: int


@dataclass(frozen=True)
class AnswerLimits:
    """Limits of one generation: tokens per answer, and seconds for all answers together."""

    max_new_tokens: int
    seconds: float


def answer_length(base: PreparedBase, texts: Sequence[Text], max_new_tokens: int) -> int:
    """The most tokens that an answer may have: 1.5 times the longest expected answer and its end
    token, never more than `max_new_tokens`. A model that repeats itself ends here."""
    expected = base.tokenizer.encode_batch(
        [text.expected for text in texts], add_special_tokens=False
    )
    longest = max((len(answer.ids) for answer in expected), default=0)
    return min(max_new_tokens, math.ceil(ANSWER_LENGTH_FACTOR * longest) + 1)


def generate_answers(
    model: Model,
    base: PreparedBase,
    texts: Sequence[Text],
    *,
    scorer: str,
    limits: AnswerLimits,
    heartbeat: Callable[[int], None],
) -> list[Answer]:
    """Greedy answers. An answer cut off by a limit counts as unfinished, not as wrong; a question
    that the time limit leaves unasked has no answer. `heartbeat` receives how many have ended."""
    deadline = time.monotonic() + limits.seconds
    ended_in_batch = 0

    def heartbeat_until_deadline() -> None:
        heartbeat(len(answers) + ended_in_batch)
        if time.monotonic() > deadline + GRACE_SECONDS:
            raise GenerationTimeout

    def on_finished(count: int) -> None:
        nonlocal ended_in_batch
        ended_in_batch = count

    answers: list[Answer] = []

    def generate(part: Sequence[Text]) -> None:
        on_finished(0)
        try:
            outputs = answer_batch(
                model.network,
                [text.prompt_ids for text in part],
                end_ids=base.end_ids,
                pad=base.eos_id,
                max_new_tokens=limits.max_new_tokens,
                heartbeat=heartbeat_until_deadline,
                must_end=lambda: time.monotonic() > deadline,
                on_finished=on_finished,
            )
        except GenerationTimeout:
            outputs = [GeneratedAnswer([], False) for _ in part]
        on_finished(0)
        for text, output in zip(part, outputs, strict=True):
            produced = base.tokenizer.decode(output.ids, skip_special_tokens=True)
            matches = output.finished and score_answer(scorer, text.expected, produced)
            raw = base.tokenizer.decode(output.ids, skip_special_tokens=False)
            answers.append(Answer(text, produced, raw, output.finished, matches, len(output.ids)))

    with model.evaluating(generates=True):
        for start in range(0, len(texts), GENERATION_BATCH):
            # The first batch is always asked: a time limit may leave its answers unfinished.
            if start > 0 and time.monotonic() > deadline:
                break
            in_halves(texts[start : start + GENERATION_BATCH], generate)
    return answers


def exact_match(answers: Sequence[Answer], not_asked: int = 0) -> dict[str, Any] | None:
    """k of n answers match, with the 95 % interval of their share. `not_asked`: questions that
    the time limit left out; they are not among the n."""
    if not answers:
        return None
    k, n = sum(answer.matches for answer in answers), len(answers)
    low, high = wilson(k, n)
    unfinished = sum(not answer.finished for answer in answers)
    return {
        "k": k,
        "n": n,
        "low": low,
        "high": high,
        "unfinished": unfinished,
        "not_asked": not_asked,
    }


def think_stats(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """The share of answers with a think block; of those, the shares that are empty and closed. The
    tags are special tokens in some models."""
    if not answers:
        return None
    opened = [answer.raw for answer in answers if "<think>" in answer.raw]
    closed = [text for text in opened if "</think>" in text]
    empty = [t for t in closed if not t.split("<think>")[1].split("</think>")[0].strip()]
    count = max(1, len(opened))
    return {
        "share": len(opened) / len(answers),
        "empty": len(empty) / count,
        "closed": len(closed) / count,
        "n": len(answers),
    }
