"""Evaluations and previews: measure the model without changing the training.

They are timed, abandoned for a command that halts training, and restore the random states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..cache import CORE, SLICE, Example, Text, TokenCache
from ..categories import category_of
from ..protocol import HeartbeatPhase
from . import randomness
from .collator import MICRO_BATCH_TOKENS, collate, split_into_micro_batches
from .device import free_cached_memory
from .generation import Answer, exact_match, generate_answers, think_stats
from .model import Model
from .oom_backoff import in_halves
from .session import Session

INTERRUPT_CHECK_SECONDS = 0.25
# With fewer validation rows, the gap between training and validation loss means nothing.
MIN_ROWS_FOR_GAP = 20


class EvaluationAbandoned(Exception):
    """A command that halts training arrived; it must not wait for a measurement."""


class Evaluator:
    """`is_interrupted`: whether a command that halts training is pending; called at most every
    0.25 s."""

    def __init__(self, session: Session, is_interrupted: Callable[[], bool]) -> None:
        self.session = session
        self._is_interrupted = is_interrupted
        limit = session.spec.config.eval_samples
        self._core = _validation_examples(session.core, CORE, limit)
        self._slice = _validation_examples(session.cache, SLICE, limit)
        self._texts = _validation_texts(session)
        self._preview_count = 0
        self._checked_at = 0.0

    def evaluate(self, when: str) -> bool:
        """Measures the loss on the fixed validation set and on the validation rows of this dataset,
        and, except at the start, the exact match of generated answers. True when a command
        interrupted it: nothing was measured then."""
        session, started = self.session, time.monotonic()
        core = own = None
        answers: list[Answer] = []
        abandoned = False
        with self._monitoring():
            try:
                if self._core:
                    core = validation_loss(session.model, self._core, self._heartbeat)
                if self._slice:
                    own = validation_loss(session.model, self._slice, self._heartbeat)
                if when != "start":
                    answers = self._answer(self._texts[: session.spec.config.generate_samples])
            except EvaluationAbandoned:
                abandoned = True
            except Exception as error:
                # Keep the measurements that succeeded: an evaluation never ends the training.
                self._report_failure("evaluation", error)
        smoothed = session.smoothed_loss.value
        measured = own["loss"] if own is not None and own["rows"] >= MIN_ROWS_FOR_GAP else None
        gap = measured - smoothed if measured is not None and smoothed is not None else None
        session.run_folder.event(
            "evaluation",
            step=session.step,
            when=when,
            core=core,
            slice=own,
            exact=exact_match(answers),
            think=think_stats(answers),
            train_smoothed=smoothed,
            gap=gap,
            seconds=round(time.monotonic() - started, 3),
            abandoned=abandoned,
        )
        return abandoned

    def preview(self) -> None:
        """Generates the answer to one validation row, each time the next one. Skipped while
        monitoring exceeds its budget."""
        session, started = self.session, time.monotonic()
        if not self._texts:
            return
        text = self._texts[self._preview_count % len(self._texts)]
        self._preview_count += 1
        is_over_budget = self.monitoring_percent() > session.spec.config.monitoring_percent
        if is_over_budget and self._preview_count > 2:
            return
        with self._monitoring():
            try:
                answer = self._answer([text])[0]
            except EvaluationAbandoned:
                return
            except Exception as error:
                self._report_failure("preview", error)
                return
        session.run_folder.event(
            "preview",
            step=session.step,
            row=text.row,
            prompt=text.question or text.prompt,
            prompt_tokens=len(text.prompt_ids),
            expected=text.expected,
            produced=answer.produced,
            matches=answer.matches,
            finished=answer.finished,
            tokens=answer.tokens,
            seconds=round(time.monotonic() - started, 3),
        )

    def monitoring_percent(self) -> float:
        return 100 * self.session.monitoring_seconds / max(self.session.elapsed, 1e-9)

    def report_monitoring_cost(self) -> None:
        self.session.run_folder.event(
            "monitoring",
            step=self.session.step,
            seconds_total=round(self.session.elapsed, 3),
            seconds_monitoring=round(self.session.monitoring_seconds, 3),
            percent=round(self.monitoring_percent(), 3),
        )

    def _answer(self, texts: Sequence[Text]) -> list[Answer]:
        session, config = self.session, self.session.spec.config
        return generate_answers(
            session.model,
            session.base,
            texts,
            scorer=config.scorer,
            max_new_tokens=config.eval_max_new_tokens,
            timeout_seconds=config.eval_timeout_seconds,
            heartbeat=lambda: self._heartbeat("generate"),
        )

    @contextmanager
    def _monitoring(self) -> Iterator[None]:
        """Restores the random states afterwards and counts the time as monitoring."""
        states = randomness.get_states()
        started = time.monotonic()
        try:
            yield
        finally:
            free_cached_memory()
            randomness.set_states(states)
            self.session.monitoring_seconds += time.monotonic() - started

    def _heartbeat(self, phase: HeartbeatPhase = "evaluate") -> None:
        self.session.heartbeat(phase)
        now = time.monotonic()
        if now - self._checked_at > INTERRUPT_CHECK_SECONDS:
            self._checked_at = now
            if self._is_interrupted():
                raise EvaluationAbandoned

    def _report_failure(self, what: str, error: Exception) -> None:
        self.session.run_folder.event(
            "evaluation_failed",
            step=self.session.step,
            what=what,
            category=category_of(error),
            error=type(error).__name__,
            message=str(error)[:2000],
        )


def _validation_examples(cache: TokenCache | None, kind: int, limit: int) -> list[Example]:
    """The first `limit` examples of a kind."""
    if cache is None:
        return []
    indices = cache.indices(kind).tolist()
    if kind == CORE and not indices:
        # Without kinds, the whole cache is the fixed validation set.
        indices = range(len(cache.table))
    return [cache.example(index) for index in indices[:limit]]


def _validation_texts(session: Session) -> list[Text]:
    """Questions of the fixed validation set, or else of this dataset's validation rows."""
    core = [] if session.core is None else session.core.texts()
    if core:
        return core
    cache = session.cache
    return cache.texts({int(row) for row in cache.table[cache.indices(SLICE), 2]})


def validation_loss(
    model: Model, examples: Sequence[Example], heartbeat: Callable[[], None]
) -> dict[str, Any]:
    """The mean loss over trained tokens, computed by the code of training without dropout."""
    total, tokens = 0.0, 0

    def measure(members: Sequence[int]) -> None:
        nonlocal total, tokens
        heartbeat()
        batch = collate(examples, members, model.device)
        if len(batch.targets) > 0:
            total += float(model.loss_sum(batch))
            tokens += len(batch.targets)

    lengths = [len(example.ids) for example in examples]
    with model.evaluating(generates=False):
        for members in split_into_micro_batches(lengths, True, MICRO_BATCH_TOKENS, None):
            in_halves(members, measure)
    rows = len({example.row for example in examples})
    return {"loss": total / tokens if tokens else None, "rows": rows, "tokens": tokens}
