"""Evaluations and previews: measure the model without changing the training.

They are timed, abandoned for a command that halts training, and restore the random states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ..cache import CORE, SLICE, Example, Text
from ..categories import category_of
from ..protocol import HeartbeatPhase
from .answer_log import record_answers
from .generation import (
    Answer,
    AnswerLimits,
    answer_length,
    exact_match,
    generate_answers,
    think_stats,
)
from .monitoring import MIN_ANSWER_SECONDS, MIN_INTERVAL_SECONDS, MonitoringBudget
from .session import Session
from .validation import validation_examples, validation_loss, validation_texts

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
        self.budget = MonitoringBudget(session)
        self._is_interrupted = is_interrupted
        config = session.spec.config
        self._core = validation_examples(session.core, CORE, config.eval_samples)
        self._slice = validation_examples(session.cache, SLICE, config.eval_samples)
        self._fixed_texts, self._own_texts = validation_texts(session)
        self.configure()
        # What the last evaluation took, for the decision whether the next one fits into the budget.
        self._loss_seconds = self._answer_seconds = self._preview_seconds = 0.0
        self._requested_previews = 0
        self._checked_at = 0.0

    def configure(self) -> None:
        """Uses the settings as they are now."""
        session, config = self.session, self.session.spec.config
        texts = self._fixed_texts or self._own_texts
        self._questions = texts[: config.generate_samples]
        self._answer_length = answer_length(session.base, texts, config.eval_max_new_tokens)

    def evaluate(self, when: str) -> bool:
        """Measures the loss on the fixed validation set and on the validation rows of this dataset,
        and the exact match of generated answers where the monitoring budget allows it. True when a
        command interrupted it: nothing was measured then."""
        session, started = self.session, time.monotonic()
        if when == "interval" and self._is_extra and self._costs_too_much(self._loss_seconds):
            self.budget.report_skipped("evaluation")
            return False
        core = own = None
        answers: list[Answer] = []
        questions = self._questions
        abandoned = False
        with self.budget.metered():
            try:
                core, own = self._losses()
                self._loss_seconds = time.monotonic() - started
                if when == "interval" and self._costs_too_much(self._answer_seconds):
                    questions = []
                    self.budget.report_skipped("answers")
                answers = self._answer(questions, when, started)
            except EvaluationAbandoned:
                abandoned = True
            except Exception as error:
                # Keep the measurements that succeeded: an evaluation never ends the training.
                self._report_failure("evaluation", error)
        record_answers(session, when, answers)
        smoothed = session.smoothed_loss.value
        measured = own["loss"] if own is not None and own["rows"] >= MIN_ROWS_FOR_GAP else None
        gap = measured - smoothed if measured is not None and smoothed is not None else None
        session.run_folder.event(
            "evaluation",
            step=session.step,
            when=when,
            core=core,
            slice=own,
            exact=exact_match(answers, len(questions) - len(answers)),
            think=think_stats(answers),
            train_smoothed=smoothed,
            precision=session.spec.config.precision,
            gap=gap,
            seconds=round(time.monotonic() - started, 3),
            abandoned=abandoned,
        )
        return abandoned

    def preview(self, when: str) -> None:
        """Generates the answer to one validation row. The rows come from the fixed validation set
        and from this dataset in turn. A preview at an interval is skipped while monitoring exceeds
        its budget."""
        session, started = self.session, time.monotonic()
        text, source = self._next_preview(when)
        if text is None:
            return
        if when == "interval" and self.budget.remaining_seconds <= self._preview_seconds:
            self.budget.report_skipped("preview")
            return
        with self.budget.metered():
            try:
                answers = self._generate([text], self._seconds_for_answers(when, started))
            except EvaluationAbandoned:
                return
            except Exception as error:
                self._report_failure("preview", error)
                return
        self._preview_seconds = time.monotonic() - started
        answer = answers[0]
        session.run_folder.event(
            "preview",
            step=session.step,
            row=text.row,
            source=source,
            prompt=text.question or text.prompt,
            rendered=session.base.tokenizer.decode(text.prompt_ids, skip_special_tokens=False),
            prompt_tokens=len(text.prompt_ids),
            expected=text.expected,
            produced=answer.produced,
            matches=answer.matches,
            finished=answer.finished,
            tokens=answer.tokens,
            seconds=round(time.monotonic() - started, 3),
        )

    @property
    def _is_extra(self) -> bool:
        """Whether only the scaled cadence asks for this evaluation, not the configured interval."""
        return self.session.steps_done % self.session.spec.config.eval_steps != 0

    def _costs_too_much(self, seconds: float) -> bool:
        """Whether an evaluation at an interval would use what the one at the end needs."""
        reserve = self._loss_seconds + self._answer_seconds
        return self.budget.remaining_seconds < seconds + reserve

    def _next_preview(self, when: str) -> tuple[Text | None, str]:
        """Counted by steps, so that a later run continues where this one ended."""
        if when == "command":
            self._requested_previews += 1
        session = self.session
        turn = session.step // session.spec.cadence.preview_steps + self._requested_previews
        sources = [("fixed", self._fixed_texts), ("dataset", self._own_texts)]
        usable = [(name, texts) for name, texts in sources if texts]
        if not usable:
            return None, ""
        name, texts = usable[turn % len(usable)]
        return texts[turn // len(usable) % len(texts)], name

    def _losses(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        total = len(self._core) + len(self._slice)
        measured = 0

        def measure(examples: list[Example]) -> dict[str, Any] | None:
            nonlocal measured

            def heartbeat(count: int) -> None:
                self._heartbeat("evaluate", (measured + count, total))

            loss = validation_loss(self.session.model, examples, heartbeat) if examples else None
            measured += len(examples)
            return loss

        return measure(self._core), measure(self._slice)

    def _answer(self, questions: Sequence[Text], when: str, started: float) -> list[Answer]:
        if not questions:
            return []
        began = time.monotonic()
        answers = self._generate(questions, self._seconds_for_answers(when, started))
        self._answer_seconds = time.monotonic() - began
        return answers

    def _seconds_for_answers(self, when: str, started: float) -> float:
        """`started`: when this evaluation began, whose time is not counted as monitoring yet."""
        limit = self.session.spec.config.eval_timeout_seconds
        if when == "command":
            return limit
        remaining = self.budget.remaining_seconds - (time.monotonic() - started)
        # Only the first and the last evaluation of a pass may exceed the budget.
        least = MIN_INTERVAL_SECONDS if when == "interval" else MIN_ANSWER_SECONDS
        return min(limit, max(least, remaining))

    def _generate(self, texts: Sequence[Text], seconds: float) -> list[Answer]:
        session, total = self.session, len(texts)
        return generate_answers(
            session.model,
            session.base,
            texts,
            scorer=session.spec.config.scorer,
            limits=AnswerLimits(self._answer_length, seconds),
            heartbeat=lambda ended: self._heartbeat("generate", (ended, total)),
        )

    def _heartbeat(self, phase: HeartbeatPhase, progress: tuple[int, int]) -> None:
        self.session.heartbeat(phase, progress)
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
