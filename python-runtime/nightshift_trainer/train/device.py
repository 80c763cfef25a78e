"""Fewer threads while another program wants the cores: torch's threads wait for the slowest one, so
two programs with a thread for every core hold each other up.

The number of threads can change the last bits of a sum. It is therefore left alone wherever the
steps have to be repeatable (`deterministic`)."""

from __future__ import annotations

from collections import deque
from statistics import fmean, median

# Steps from which the ordinary time is learned; the first ones of a run are slower than the others.
LEARNING_STEPS = 10
# So many steps in a row above twice the learned time are no chance.
STEPS = 5
SLOW = 2.0
# Seconds until one rung up is tried; doubled each time that it was too early.
QUIET_SECONDS = 60.0
LONGEST_QUIET_SECONDS = 1800.0
# How fast the learned time follows the steps that are not slow.
WEIGHT = 0.05


class Threads:
    def __init__(self, most: int) -> None:
        self.now = self.most = most
        self._learning: list[float] = []
        self._learned: float | None = None
        self._recent: deque[float] = deque(maxlen=STEPS)
        # Of the slow steps before the last rung down, until it is known whether it helped.
        self._before: float | None = None
        self._changed = 0.0
        self._patience = QUIET_SECONDS
        self._went_up = False

    def took(self, seconds: float, t: float) -> int | None:
        """`seconds`: a token, of the step that is done; `t`: the monotonic clock. The number of
        threads from here on; null: as before."""
        self._recent.append(seconds)
        is_full = len(self._recent) == STEPS
        if self._before is not None:
            if not is_full:
                return None
            before, self._before = self._before, None
            if fmean(self._recent) >= before:
                # It did not help: the steps are what became longer. Their time is learned anew.
                self._learned, self._learning = None, []
                return self._use(self.most, t)
        if self._learned is None:
            self._learn(seconds)
            return None
        # With half the threads twice the time is nothing unusual.
        limit = SLOW * self._learned * self.most / self.now
        if is_full and self.now > 1 and min(self._recent) > limit:
            if self._went_up:
                self._patience = min(2 * self._patience, LONGEST_QUIET_SECONDS)
            self._went_up, self._before = False, fmean(self._recent)
            return self._use(self.now // 2, t)
        if self.now == self.most:
            if seconds <= limit:
                self._learned += WEIGHT * (seconds - self._learned)
            return None
        if t - self._changed < self._patience:
            return None
        self._went_up = True
        return self._use(min(self.most, self.now * 2), t)

    def _learn(self, seconds: float) -> None:
        self._learning.append(seconds)
        if len(self._learning) == LEARNING_STEPS:
            self._learned = median(self._learning)

    def _use(self, threads: int, t: float) -> int:
        self.now, self._changed = threads, t
        self._recent.clear()
        return threads
