"""Evaluations and previews: timed, abandoned for a command, no trace in the random states."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..cache import CORE, SLICE, Text
from . import randomness
from .errors import category_of
from .generation import Abandoned, Answer, answer, exact_of, free_memory, loss_of, think_of
from .session import Session, held_out, slice_rows


class Watching:
    """`interrupted`: says whether a command waits; asked at most every quarter of a second."""

    def __init__(self, session: Session, interrupted: Callable[[], bool]) -> None:
        self.session = session
        self._interrupted = interrupted
        limit = int(session.config["eval_samples"])
        self._core = held_out(session.core, CORE, limit)
        self._slice = held_out(session.cache, SLICE, limit)
        self._texts = self._questions()
        self._previews = 0
        self._asked = 0.0

    def _questions(self) -> list[Text]:
        core = [] if self.session.core is None else self.session.core.texts()
        own = self.session.cache.texts(slice_rows(self.session.cache))
        return core or own

    def _beat(self, phase: str) -> None:
        self.session.beat(phase)
        now = time.monotonic()
        if now - self._asked > 0.25:
            self._asked = now
            if self._interrupted():
                raise Abandoned

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """The random states are as they were, and the time is counted as monitoring."""
        states = randomness.take()
        started = time.monotonic()
        try:
            yield
        finally:
            free_memory()
            randomness.put_back(states)
            self.session.monitoring_seconds += time.monotonic() - started

    def percent(self) -> float:
        return 100 * self.session.monitoring_seconds / max(self.session.elapsed, 1e-9)

    def evaluate(self, when: str) -> None:
        session = self.session
        config = session.config
        started = time.monotonic()
        core = own = None
        answers: list[Answer] = []
        abandoned = False
        with self._aside():
            try:
                if self._core:
                    core = loss_of(session.model, self._core, lambda: self._beat("evaluate"))
                if self._slice:
                    own = loss_of(session.model, self._slice, lambda: self._beat("evaluate"))
                if when != "start":
                    answers = answer(
                        session.model,
                        session.base,
                        self._texts[: int(config["generate_samples"])],
                        str(config["scorer"]),
                        int(config["eval_max_new_tokens"]),
                        float(config["eval_timeout_seconds"]),
                        lambda: self._beat("generate"),
                    )
            except Abandoned:
                abandoned = True
            except Exception as error:
                # What was measured before stands; looking never ends training.
                self._tell_failed("evaluation", error)
        smoothed = session.smoothing.value
        # Under 20 rows a difference of means says nothing.
        measured = own["loss"] if own is not None and own["rows"] >= 20 else None
        gap = measured - smoothed if measured is not None and smoothed is not None else None
        session.run.event(
            "evaluation",
            step=session.step,
            when=when,
            core=core,
            slice=own,
            exact=exact_of(answers),
            think=think_of(answers),
            train_smoothed=smoothed,
            gap=gap,
            seconds=round(time.monotonic() - started, 3),
            abandoned=abandoned,
        )

    def _tell_failed(self, what: str, error: Exception) -> None:
        self.session.run.event(
            "look_failed",
            step=self.session.step,
            what=what,
            category=category_of(error),
            error=type(error).__name__,
            message=str(error)[:2000],
        )

    def preview(self) -> None:
        """One question, in turn; skipped while monitoring takes more than its budget."""
        session = self.session
        if not self._texts:
            return
        text = self._texts[self._previews % len(self._texts)]
        self._previews += 1
        if (
            self.percent() > float(session.config["budget"]["monitoring_percent"])
            and self._previews > 2
        ):
            return
        started = time.monotonic()
        with self._aside():
            try:
                one = answer(
                    session.model,
                    session.base,
                    [text],
                    str(session.config["scorer"]),
                    int(session.config["eval_max_new_tokens"]),
                    float(session.config["eval_timeout_seconds"]),
                    lambda: self._beat("generate"),
                )[0]
            except Abandoned:
                return
            except Exception as error:
                self._tell_failed("preview", error)
                return
        session.run.event(
            "preview",
            step=session.step,
            row=text.row,
            prompt=text.question or text.prompt,
            prompt_tokens=len(text.prompt_ids),
            expected=text.expected,
            produced=one.produced,
            matches=one.matches,
            finished=one.finished,
            tokens=one.tokens,
            seconds=round(time.monotonic() - started, 3),
        )

    def tell_cost(self) -> None:
        self.session.run.event(
            "monitoring",
            step=self.session.step,
            seconds_total=round(self.session.elapsed, 3),
            seconds_monitoring=round(self.session.monitoring_seconds, 3),
            percent=round(self.percent(), 3),
        )
