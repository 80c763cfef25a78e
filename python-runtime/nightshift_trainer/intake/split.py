"""Chooses the held-out rows: the fixed validation set (`core`, once per workspace), the validation
rows of this dataset (`slice`), and every row that repeats a question of either.

A row is identified by its normalized question. Questions are ranked by a hash of seed and question,
so the choice depends on nothing else, and a question has the same rank in every file.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xxhash

# The kind of an example in a token cache.
TRAIN, SLICE, CORE, HELD_OUT_DUPLICATE = 0, 1, 2, 3

CORE_FRACTION, SLICE_FRACTION = 0.05, 0.02
# At least 20 rows where possible, but no more than a tenth of a small file.
MIN_ROWS, MAX_SMALL_FILE_FRACTION = 20, 0.10
# A question in more than this fraction of the rows (a fixed instruction) is never held out: its
# duplicates would remove a large part of the dataset.
MAX_QUESTION_FRACTION = 0.02
# Longer rows are not used for previews.
MAX_CANDIDATE_CHARACTERS = 65_536


@dataclass(frozen=True)
class Candidate:
    """The first row with a question, and what is stored of it if it is held out."""

    key: int
    row: int
    prompt: str
    expected: str
    messages: tuple[Mapping[str, Any], ...]


@dataclass
class Candidates:
    """The best-ranked questions so far; at most `capacity` of them."""

    seed: int
    capacity: int
    _heap: list[tuple[int, int]] = field(default_factory=list)
    _by_key: dict[int, Candidate] = field(default_factory=dict)

    def rank(self, key: int) -> int:
        return xxhash.xxh3_64_intdigest(key.to_bytes(8, "little"), seed=self.seed & (2**64 - 1))

    def would_add(self, key: int) -> bool:
        if key in self._by_key:
            return False
        return len(self._heap) < self.capacity or self.rank(key) < -self._heap[0][0]

    def add(self, candidate: Candidate) -> None:
        if candidate.key in self._by_key or not self.capacity:
            return
        entry = (-self.rank(candidate.key), candidate.key)
        if len(self._heap) < self.capacity:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            _, dropped = heapq.heapreplace(self._heap, entry)
            del self._by_key[dropped]
        else:
            return
        self._by_key[candidate.key] = candidate

    def ranked(self) -> list[Candidate]:
        return sorted(self._by_key.values(), key=lambda candidate: self.rank(candidate.key))


def held_out_target(rows: int, limit: int, fraction: float) -> int:
    """How many of `rows` to hold out: `fraction` of them, at least 20 where a tenth of the file
    allows it, at most `limit`."""
    minimum = min(MIN_ROWS, int(rows * MAX_SMALL_FILE_FRACTION))
    return min(limit, max(int(rows * fraction), minimum))


def candidate_capacity(core_rows: int, slice_rows: int) -> int:
    """Twice the rows that can be held out, as questions that are asked too often are skipped."""
    return 2 * (core_rows + slice_rows) + 200


@dataclass(frozen=True)
class Split:
    core: tuple[Candidate, ...]
    slice: tuple[Candidate, ...]
    kinds: Mapping[int, int]
    """Question key to kind, for every question that is not trained."""


def choose_held_out(
    ranked: Sequence[Candidate],
    keys: np.ndarray,
    *,
    core_target: int,
    slice_target: int,
    overlapping: frozenset[int],
) -> Split:
    """`keys`: the question key of every accepted row. `overlapping`: those of them that are in the
    existing fixed validation set."""
    unique, counts = np.unique(keys, return_counts=True)
    max_count = max(2, int(len(keys) * MAX_QUESTION_FRACTION))
    frequent = {int(key) for key in unique[counts > max_count]}
    free = [
        candidate
        for candidate in ranked
        if candidate.key not in frequent and candidate.key not in overlapping
    ]
    core = tuple(free[:core_target])
    slice_ = tuple(free[core_target : core_target + slice_target])
    kinds = dict.fromkeys(overlapping, HELD_OUT_DUPLICATE)
    kinds.update({candidate.key: CORE for candidate in core})
    kinds.update({candidate.key: SLICE for candidate in slice_})
    return Split(core, slice_, kinds)


def row_kinds(split: Split, rows: Sequence[int], keys: np.ndarray) -> np.ndarray:
    """The kind of every accepted row. Only the chosen row itself is core or slice; other rows with
    the same question are held-out duplicates."""
    kinds = np.zeros(len(rows), dtype=np.int64)
    chosen = {candidate.row: CORE for candidate in split.core}
    chosen |= {candidate.row: SLICE for candidate in split.slice}
    held_out_keys = np.fromiter(split.kinds.keys(), dtype=np.uint64, count=len(split.kinds))
    for index in np.flatnonzero(np.isin(keys, held_out_keys)):
        kinds[index] = chosen.get(int(rows[int(index)]), HELD_OUT_DUPLICATE)
    return kinds
