"""Which rows are held out: the core (once), the slice (per dataset), and every duplicate of both.

A row stands for its question (normalised). Questions are ranked by a hash of seed and question,
so the choice depends on nothing but these: the same question ranks the same in every file.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xxhash

from ..rendering.template import Message

TRAIN, SLICE, CORE, HELD_OUT_DUPLICATE = 0, 1, 2, 3

CORE_SHARE, SLICE_SHARE = 0.05, 0.02
# "At least 20 where the rows allow": neither takes more than a tenth of a small file for it.
AT_LEAST, SMALL_SHARE = 20, 0.10
# A question asked in more than this share of the rows (a fixed instruction) is never held out:
# its duplicates would take the dataset with them.
LARGEST_GROUP = 0.02
# Longer rows are not asked as examples in a preview.
CANDIDATE_CHARACTERS = 65_536


@dataclass(frozen=True)
class Candidate:
    """The first row that asks a question, with what is kept of it if it is held out."""

    key: int
    row: int
    prompt: str
    expected: str
    messages: tuple[Message, ...]


@dataclass
class Candidates:
    """The best ranked questions seen so far; memory does not grow with the file."""

    seed: int
    room: int
    _heap: list[tuple[int, int]] = field(default_factory=list)
    _kept: dict[int, Candidate] = field(default_factory=dict)

    def rank(self, key: int) -> int:
        return xxhash.xxh3_64_intdigest(key.to_bytes(8, "little"), seed=self.seed & (2**64 - 1))

    def wants(self, key: int) -> bool:
        if key in self._kept:
            return False
        return len(self._heap) < self.room or self.rank(key) < -self._heap[0][0]

    def offer(self, candidate: Candidate) -> None:
        if candidate.key in self._kept or not self.room:
            return
        entry = (-self.rank(candidate.key), candidate.key)
        if len(self._heap) < self.room:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            _, dropped = heapq.heapreplace(self._heap, entry)
            del self._kept[dropped]
        else:
            return
        self._kept[candidate.key] = candidate

    def ranked(self) -> list[Candidate]:
        return sorted(self._kept.values(), key=lambda candidate: self.rank(candidate.key))


def target(rows: int, limit: int, share: float) -> int:
    """How many rows to hold out of `rows`: min(limit, share), at least 20 where they allow."""
    return min(limit, max(int(rows * share), min(AT_LEAST, int(rows * SMALL_SHARE))))


def candidate_room(core_rows: int, slice_rows: int) -> int:
    """Twice what can be taken, so that questions asked too often can be passed over."""
    return 2 * (core_rows + slice_rows) + 200


@dataclass(frozen=True)
class Split:
    core: tuple[Candidate, ...]
    slice: tuple[Candidate, ...]
    kinds: Mapping[int, int]
    """Question key to kind, for every question that is not trained."""


def choose(
    ranked: Sequence[Candidate],
    keys: np.ndarray,
    *,
    core_wanted: int,
    slice_wanted: int,
    overlapping: frozenset[int],
) -> Split:
    """`keys`: the question key of every accepted row. `overlapping`: keys of the existing core."""
    unique, counts = np.unique(keys, return_counts=True)
    largest = max(2, int(len(keys) * LARGEST_GROUP))
    often = {int(key) for key in unique[counts > largest]}
    free = [item for item in ranked if item.key not in often and item.key not in overlapping]
    core = tuple(free[:core_wanted])
    chosen = tuple(free[core_wanted : core_wanted + slice_wanted])
    kinds = dict.fromkeys(overlapping, HELD_OUT_DUPLICATE)
    kinds.update({item.key: CORE for item in core})
    kinds.update({item.key: SLICE for item in chosen})
    return Split(core, chosen, kinds)


def kinds_of_rows(split: Split, rows: Sequence[int], keys: np.ndarray) -> np.ndarray:
    """The kind of every accepted row. Only the row that was chosen is core or slice; other rows
    with the same question are held-out duplicates."""
    kinds = np.zeros(len(rows), dtype=np.int64)
    chosen = {item.row: CORE for item in split.core} | {item.row: SLICE for item in split.slice}
    held = np.fromiter(split.kinds.keys(), dtype=np.uint64, count=len(split.kinds))
    for index in np.flatnonzero(np.isin(keys, held)):
        kinds[index] = chosen.get(int(rows[int(index)]), HELD_OUT_DUPLICATE)
    return kinds
