"""Evaluation and previews: look at the model, leave no trace in the training."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from ..cache import Example, Text
from ..evaluate.answers import GeneratedAnswer, answer_batch
from ..metrics import score_answer, wilson
from ..rendering.base import PreparedBase
from .errors import is_out_of_memory
from .layout import lay_out, split
from .model import Model

GENERATION_BATCH = 16
TOKENS_AT_ONCE = 4096


class Abandoned(Exception):
    """A command came; it matters more than a number."""


class TimeUp(Exception):
    """The time limit of generation."""


@dataclass(frozen=True)
class Answer:
    text: Text
    produced: str
    finished: bool
    matches: bool
    tokens: int


def end_ids(base: PreparedBase) -> frozenset[int]:
    names = {base.special_tokens.get("eos_token"), base.special_tokens.get("pad_token")}
    ids = {base.tokenizer.token_to_id(name) for name in names if name is not None}
    return frozenset(int(token) for token in ids if token is not None) | {base.eos_id}


def loss_of(model: Model, examples: Sequence[Example], beat: Callable[[], None]) -> dict[str, Any]:
    """The training loss' own definition and code, without dropout; sums, never gathered logits."""
    total, tokens = 0.0, 0

    def measure(members: Sequence[int]) -> None:
        nonlocal total, tokens
        beat()
        batch = lay_out(examples, members, model.device)
        if len(batch.targets) > 0:
            total += float(model.loss_sum(batch))
            tokens += len(batch.targets)

    with model.evaluating(generates=False):
        for members in split([len(one.ids) for one in examples], True, TOKENS_AT_ONCE, None):
            in_parts(members, measure)
    rows = len({one.row for one in examples})
    return {"loss": total / tokens if tokens else None, "rows": rows, "tokens": tokens}


def answer(
    model: Model,
    base: PreparedBase,
    texts: Sequence[Text],
    scorer: str,
    max_new_tokens: int,
    seconds: float,
    beat: Callable[[], None],
) -> list[Answer]:
    """Greedy answers. What the time limit cut off is unfinished, never wrong."""
    deadline = time.monotonic() + seconds

    def beat_in_time() -> None:
        beat()
        if time.monotonic() > deadline:
            raise TimeUp

    answers: list[Answer] = []

    def ask(part: Sequence[Text]) -> None:
        try:
            produced = answer_batch(
                model.network,
                [text.prompt_ids for text in part],
                end_ids=end_ids(base),
                pad=base.eos_id,
                max_new_tokens=max_new_tokens,
                heartbeat=beat_in_time,
            )
        except TimeUp:
            produced = [GeneratedAnswer([], False) for _ in part]
        for text, one in zip(part, produced, strict=True):
            said = base.tokenizer.decode(one.ids, skip_special_tokens=True)
            right = one.finished and score_answer(scorer, text.expected, said)
            answers.append(Answer(text, said, one.finished, right, len(one.ids)))

    with model.evaluating(generates=True):
        for start in range(0, len(texts), GENERATION_BATCH):
            in_parts(texts[start : start + GENERATION_BATCH], ask)
    return answers


T = TypeVar("T")


def in_parts(whole: Sequence[T], work: Callable[[Sequence[T]], None]) -> None:
    """Where memory runs out the work is done in halves, down to one; then the error is raised."""
    waiting = [whole]
    while waiting:
        part = waiting.pop(0)
        try:
            work(part)
            continue
        except Exception as error:
            if len(part) < 2 or not is_out_of_memory(error):
                raise
        # Here, not above: the exception holds the tensors of its frames alive.
        free_memory()
        half = len(part) // 2
        waiting[:0] = [part[:half], part[half:]]


def exact_of(answers: Sequence[Answer]) -> dict[str, Any] | None:
    if not answers:
        return None
    k, n = sum(one.matches for one in answers), len(answers)
    low, high = wilson(k, n)
    unfinished = sum(not one.finished for one in answers)
    return {"k": k, "n": n, "low": low, "high": high, "unfinished": unfinished}


def think_of(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """Share of answers with a think block, of those the empty ones, and the closed ones."""
    if not answers:
        return None
    opened = [one.produced for one in answers if "<think>" in one.produced]
    closed = [text for text in opened if "</think>" in text]
    empty = [t for t in closed if not t.split("<think>")[1].split("</think>")[0].strip()]
    share = len(opened) / len(answers)
    part = (lambda found: len(found) / len(opened)) if opened else (lambda _: 0.0)
    return {"share": share, "empty": part(empty), "closed": part(closed), "n": len(answers)}


class Smoothing:
    """Debiased exponential moving average of the training loss; begins anew with each dataset."""

    WEIGHT = 0.9

    def __init__(self, average: float = 0.0, weight: float = 0.0) -> None:
        self.average, self.weight = average, weight

    def add(self, loss: float) -> None:
        if math.isfinite(loss):
            self.average = self.WEIGHT * self.average + (1 - self.WEIGHT) * loss
            self.weight = self.WEIGHT * self.weight + (1 - self.WEIGHT)

    @property
    def value(self) -> float | None:
        return self.average / self.weight if self.weight > 0 else None


def free_memory() -> None:
    """Gives what is cached and unused back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
