"""Which rows a step trains: a permutation by seed and epoch.

The position is one number: rows consumed by the pass.
"""

from __future__ import annotations

import math

import numpy as np

from ..cache import TRAIN, TokenCache


class Order:
    """rows_per_step counts rows of the file; all token examples of a row stay in one step."""

    def __init__(self, cache: TokenCache, rows_per_step: int, epochs: int, seed: int) -> None:
        indices = cache.indices(TRAIN)
        rows = cache.table[indices, 2]
        self.rows = np.unique(rows)
        sorted_indices = indices[np.argsort(rows, kind="stable")]
        starts = np.searchsorted(np.sort(rows), self.rows)
        self._groups = np.split(sorted_indices, starts[1:]) if len(self.rows) else []
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
            for index in self._groups[number].tolist():
                rows.append(int(self.rows[number]))
                examples.append(int(index))
        return rows, examples

    def after(self, position: int) -> int:
        """The position after the step that begins at `position`; a step never crosses an epoch."""
        epoch_end = (self.epoch_of(position) + 1) * len(self.rows)
        return min(position + self.rows_per_step, epoch_end)
