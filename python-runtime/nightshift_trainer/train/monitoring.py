"""The monitoring budget: what evaluations and previews cost, and what they may still cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from . import randomness
from .device import free_cached_memory
from .session import Session

# What the first and the last evaluation of a pass may spend on answers even when the budget is used
# up: without them nobody sees what the training changed.
MIN_ANSWER_SECONDS = 20.0
# Answers at an interval get what is left of the budget, at least this to be worth their start.
MIN_INTERVAL_SECONDS = 1.0


class MonitoringBudget:
    """Percent of the time of a pass, over all its runs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def percent(self) -> float:
        return 100 * self._session.monitoring_seconds / max(self._session.elapsed, 1e-9)

    @property
    def remaining_seconds(self) -> float:
        """Negative when the budget is exceeded."""
        session = self._session
        allowed = session.spec.config.monitoring_percent / 100 * session.elapsed
        return allowed - session.monitoring_seconds

    @contextmanager
    def metered(self) -> Iterator[None]:
        """Counts the time as monitoring and restores the random states afterwards."""
        states = randomness.get_states()
        started = time.monotonic()
        try:
            yield
        finally:
            free_cached_memory()
            randomness.set_states(states)
            self._session.monitoring_seconds += time.monotonic() - started

    def report(self) -> None:
        session = self._session
        session.run_folder.event(
            "monitoring",
            step=session.step,
            seconds_total=round(session.elapsed, 3),
            seconds_monitoring=round(session.monitoring_seconds, 3),
            percent=round(self.percent, 3),
        )

    def report_skipped(self, what: Literal["evaluation", "answers", "preview"]) -> None:
        session = self._session
        session.run_folder.event(
            "monitoring_skipped",
            step=session.step,
            what=what,
            percent=round(self.percent, 3),
            limit=session.spec.config.monitoring_percent,
        )
