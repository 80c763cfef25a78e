"""Which rows a step trains: a permutation by seed and epoch.

The position is one number: rows consumed by the pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..cache import TRAIN, TokenCache


class Order:
    """rows_per_step counts rows of the file; all token examples of a row stay in one step.
    `left_out`: rows that are not trained; positions and permutation are of the others alone."""

    def __init__(
        self,
        cache: TokenCache,
        rows_per_step: int,
        epochs: int,
        seed: int,
        left_out: Sequence[int] = (),
    ) -> None:
        indices = cache.indices(TRAIN)
        if left_out:
            indices = indices[~np.isin(cache.table[indices, 2], np.asarray(left_out))]
        rows = cache.table[indices, 2]
        # Intake writes in the order of the file; sorting is for a cache that was made otherwise.
        if len(rows) and (np.diff(rows) < 0).any():
            order = np.argsort(rows, kind="stable")
            indices, rows = indices[order], rows[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = rows[1:] != rows[:-1]
        self.rows = rows[first]
        # Examples of row n are indices[starts[n]:starts[n + 1]]: arrays, also for ten million rows.
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
        """Physical rows and example indices of the step that begins at `position`; O(1) in it."""
        epoch = self.epoch_of(position)
        if epoch != self._epoch:
            generator = np.random.Generator(np.random.PCG64([self.seed, epoch]))
            self._permutation = generator.permutation(len(self.rows))
            self._epoch = epoch
        inside = position - epoch * len(self.rows)
        chosen = self._permutation[inside : inside + self.rows_per_step]
        rows: list[int] = []
        examples: list[int] = []
        for number in chosen.tolist():
            group = self._indices[self._starts[number] : self._starts[number + 1]]
            for index in group.tolist():
                rows.append(int(self.rows[number]))
                examples.append(int(index))
        return rows, examples

    def after(self, position: int) -> int:
        """The position after the step that begins at `position`; a step never crosses an epoch."""
        epoch_end = (self.epoch_of(position) + 1) * len(self.rows)
        return min(position + self.rows_per_step, epoch_end)
