"""Chooses the rows of each step: a permutation by seed and epoch.

The position in a pass is a single number: rows consumed so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..cache import TRAIN, TokenCache

RowOrder = Literal["all", "kept"]


class RowSampler:
    """`rows_per_step` counts rows of the file; all examples of a row stay in the same step.
    `excluded_rows` are not trained, and positions don't count them. With `row_order` "all" they are
    left out of the permutation of all rows, so that excluding further rows keeps the order of the
    others; "kept", of older passes, permutes the others alone."""

    def __init__(
        self,
        cache: TokenCache,
        rows_per_step: int,
        epochs: int,
        seed: int,
        excluded_rows: Sequence[int] = (),
        row_order: RowOrder = "all",
    ) -> None:
        indices = cache.indices(TRAIN)
        excluded = np.asarray(excluded_rows, dtype=np.int64)
        if row_order == "kept":
            indices = indices[~np.isin(cache.table[indices, 2], excluded)]
        rows = cache.table[indices, 2]
        # Intake writes in file order; sort only a cache that some other program wrote.
        if len(rows) and (np.diff(rows) < 0).any():
            order = np.argsort(rows, kind="stable")
            indices, rows = indices[order], rows[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = rows[1:] != rows[:-1]
        self._all_rows = rows[first]
        self._is_kept = ~np.isin(self._all_rows, excluded)
        self.rows = self._all_rows[self._is_kept]
        # Examples of row n are indices[starts[n]:starts[n + 1]]. Arrays, to hold ten million rows.
        self._indices = indices
        self._starts = np.append(np.flatnonzero(first), len(rows))
        self.rows_per_step, self.epochs, self.seed = rows_per_step, epochs, seed
        self._epoch = -1
        self._permutation = np.zeros(0, dtype=np.int64)

    @property
    def end(self) -> int:
        """The position at which the pass is complete."""
        return len(self.rows) * self.epochs

    @property
    def steps(self) -> int:
        return math.ceil(len(self.rows) / self.rows_per_step) * self.epochs

    def epoch_of(self, position: int) -> int:
        return position // len(self.rows)

    def batch(self, position: int) -> tuple[list[int], list[int]]:
        """Row numbers and example indices of the step at `position`, one entry per example. Takes
        the same time at every position."""
        epoch = self.epoch_of(position)
        if epoch != self._epoch:
            generator = np.random.Generator(np.random.PCG64([self.seed, epoch]))
            order = generator.permutation(len(self._all_rows))
            self._permutation = order[self._is_kept[order]]
            self._epoch = epoch
        offset = position - epoch * len(self.rows)
        sampled = self._permutation[offset : offset + self.rows_per_step]
        rows: list[int] = []
        examples: list[int] = []
        for number in sampled.tolist():
            row_examples = self._indices[self._starts[number] : self._starts[number + 1]]
            for index in row_examples.tolist():
                rows.append(int(self._all_rows[number]))
                examples.append(int(index))
        return rows, examples

    def after(self, position: int) -> int:
        """The position after the step at `position`. A step never crosses an epoch."""
        epoch_end = (self.epoch_of(position) + 1) * len(self.rows)
        return min(position + self.rows_per_step, epoch_end)
