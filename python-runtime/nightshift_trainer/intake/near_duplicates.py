"""Finds near-duplicates with MinHash. Reported for information; no row is excluded for it.

A row is the set of the 16-byte windows of its normalized text that begin at words. The Jaccard
similarity of two rows is estimated from 64 minima. Memory is fixed: each row is compared with the
newest `MAX_COMPARED` rows only, so for longer files the count is a lower bound. Rows with fewer
than `MIN_WINDOWS` windows are too short for an estimate and are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

MINIMA, BANDS = 64, 8
WINDOW_BYTES = 16
MIN_WINDOWS = 6
MIN_SIMILARITY = 0.8
MAX_COMPARED = 1 << 18
SLOTS = 1 << 19
# Up to here the slots are kept in a dictionary.
MAX_FEW_ROWS = 512
MAX_EXAMPLES = 20
# Only the beginning of a longer row is compared.
MAX_ROW_BYTES = 1 << 16
# Windows whose 64 products are in memory at once (16 MB).
WINDOWS_PER_BLOCK = 1 << 15

# The constants of splitmix64, and two more odd 64-bit constants.
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ODD_1, _ODD_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def _mix(values: np.ndarray) -> np.ndarray:
    """The finalizer of splitmix64: every input bit affects every output bit."""
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


# One odd factor per minimum, in place of 64 hash functions.
_FACTORS = _mix(np.arange(1, MINIMA + 1, dtype=np.uint64) * _ODD_1) | np.uint64(1)


def window_starts(text: np.ndarray) -> np.ndarray:
    """Offsets of the windows in the UTF-8 bytes of a row: at words, or at every character of a
    text written without spaces."""
    last = len(text) - WINDOW_BYTES
    if last < 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(text[:last] == 0x20) + 1
    if len(starts) * 24 < last:
        starts = np.flatnonzero((text[1 : last + 1] & 0xC0) != 0x80) + 1
    return np.concatenate((np.zeros(1, dtype=np.int64), starts))


def signatures(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the texts that are long enough, and their minima: uint64 [indices, 64]."""
    joined = np.frombuffer(b"".join(texts), dtype=np.uint8)
    ends = np.cumsum([len(text) for text in texts])
    indices: list[int] = []
    starts: list[np.ndarray] = []
    for index, text in enumerate(texts):
        begin = int(ends[index]) - len(text)
        windows = window_starts(joined[begin : begin + len(text)])
        if len(windows) >= MIN_WINDOWS:
            indices.append(index)
            starts.append(windows + begin)
    result = np.zeros((len(indices), MINIMA), dtype=np.uint64)
    done = 0
    while done < len(indices):
        end, windows_in_block = done, 0
        while end < len(indices) and (
            end == done or windows_in_block + len(starts[end]) <= WINDOWS_PER_BLOCK
        ):
            windows_in_block += len(starts[end])
            end += 1
        result[done:end] = _minima(joined, starts[done:end])
        done = end
    return np.array(indices, dtype=np.int64), result


def _minima(joined: np.ndarray, starts: Sequence[np.ndarray]) -> np.ndarray:
    offsets = np.concatenate(starts)
    halves = joined[offsets[:, None] + np.arange(WINDOW_BYTES)].view("<u8").astype(np.uint64)
    hashes = _mix((halves[:, 0] * _ODD_1) ^ _mix(halves[:, 1] + _ODD_2))
    borders = np.cumsum([0, *(len(windows) for windows in starts[:-1])])
    return np.minimum.reduceat(hashes[:, None] * _FACTORS[None, :], borders, axis=0)


class _Slots(Protocol):
    """The newest row by band and slot; 0: none."""

    def read(self, band: int, slots: np.ndarray) -> np.ndarray: ...

    def write(self, band: int, slots: np.ndarray, ordinals: np.ndarray) -> None: ...


class _SlotTable:
    def __init__(self) -> None:
        self.table = np.zeros((BANDS, SLOTS), dtype=np.int64)

    def read(self, band: int, slots: np.ndarray) -> np.ndarray:
        return self.table[band, slots]

    def write(self, band: int, slots: np.ndarray, ordinals: np.ndarray) -> None:
        self.table[band, slots] = ordinals


class _FewSlots:
    """The same for a small file, which would touch most pages of the table with few entries."""

    def __init__(self) -> None:
        self._entries: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def read(self, band: int, slots: np.ndarray) -> np.ndarray:
        first = band * SLOTS
        return np.array([self._entries.get(first + slot, 0) for slot in slots.tolist()])

    def write(self, band: int, slots: np.ndarray, ordinals: np.ndarray) -> None:
        keys = (slots + band * SLOTS).tolist()
        self._entries.update(zip(keys, ordinals.tolist(), strict=True))

    def as_table(self) -> _SlotTable:
        slots = _SlotTable()
        slots.table.reshape(-1)[list(self._entries.keys())] = list(self._entries.values())
        return slots


class NearDuplicates:
    def __init__(self, capacity: int = MAX_COMPARED) -> None:
        """`capacity`: how many of the newest rows to compare with; it alone decides the memory."""
        self._capacity = capacity
        self.count = 0
        self.compared = 0
        self.examples: list[dict[str, Any]] = []
        # The system gives memory only to pages that are written to: a small file uses little.
        self._signatures = np.zeros((capacity, MINIMA), dtype=np.uint16)
        self._row_numbers = np.zeros(capacity, dtype=np.int64)
        self._hashes = np.zeros(capacity, dtype=np.uint64)
        self._slots: _Slots = _FewSlots()

    def add(self, rows: Sequence[int], hashes: Sequence[int], texts: Sequence[str]) -> None:
        """`texts`: the normalized texts of rows in file order. Rows with equal `hashes` are exact
        duplicates, which are counted elsewhere, and are not counted here."""
        if not rows:
            return
        data = [text.encode("utf-8", "surrogatepass")[:MAX_ROW_BYTES] for text in texts]
        indices, minima = signatures(data)
        if len(indices) == 0:
            return
        # Ordinals start at 1: 0 is an empty slot.
        ordinals = np.arange(self.compared + 1, self.compared + 1 + len(indices))
        places = ordinals % self._capacity
        self._signatures[places] = (_mix(minima) & np.uint64(0xFFFF)).astype(np.uint16)
        self._row_numbers[places] = np.asarray(rows, dtype=np.int64)[indices]
        self._hashes[places] = np.asarray(hashes, dtype=np.uint64)[indices]
        candidates = self._candidates(minima, ordinals)
        self.compared += len(indices)
        self._compare(ordinals, candidates)

    def _candidates(self, minima: np.ndarray, ordinals: np.ndarray) -> np.ndarray:
        """int64 [rows, 2 × BANDS]: ordinals of earlier rows that agree in a whole band; 0 = none.
        The first half comes from the table, the second from the rows of the same call."""
        bands = minima.reshape(len(minima), BANDS, MINIMA // BANDS)
        band_hashes = bands[:, :, 0]
        for column in range(1, bands.shape[2]):
            band_hashes = _mix(band_hashes * _ODD_1 + bands[:, :, column])
        slots = (band_hashes % np.uint64(SLOTS)).astype(np.int64)
        if isinstance(self._slots, _FewSlots) and len(self._slots) > MAX_FEW_ROWS * BANDS:
            self._slots = self._slots.as_table()
        candidates = np.zeros((len(minima), 2 * BANDS), dtype=np.int64)
        for band in range(BANDS):
            band_slots = slots[:, band]
            candidates[:, band] = self._slots.read(band, band_slots)
            order = np.argsort(band_slots, kind="stable")
            same = np.flatnonzero(band_slots[order[1:]] == band_slots[order[:-1]])
            candidates[order[same + 1], BANDS + band] = ordinals[order[same]]
            self._slots.write(band, band_slots, ordinals)
        return candidates

    def _compare(self, ordinals: np.ndarray, candidates: np.ndarray) -> None:
        # A row more than `capacity` rows back has been overwritten.
        candidates[candidates <= self.compared - self._capacity] = 0
        with_candidates = np.flatnonzero(candidates.any(axis=1))
        if len(with_candidates) == 0:
            return
        candidates = candidates[with_candidates]
        rows, others = ordinals[with_candidates] % self._capacity, candidates % self._capacity
        similarities = (self._signatures[others] == self._signatures[rows][:, None, :]).mean(axis=2)
        is_exact = self._hashes[others] == self._hashes[rows][:, None]
        similarities[(candidates == 0) | is_exact] = 0.0
        best = similarities.argmax(axis=1)
        highest = similarities[np.arange(len(rows)), best]
        similar = np.flatnonzero(highest >= MIN_SIMILARITY)
        self.count += len(similar)
        for index in similar[: max(0, MAX_EXAMPLES - len(self.examples))].tolist():
            self.examples.append(
                {
                    "row": int(self._row_numbers[rows[index]]),
                    "of": int(self._row_numbers[others[index, best[index]]]),
                    "similarity": round(float(highest[index]), 2),
                }
            )

    def summary(self) -> dict[str, Any]:
        """The `near_duplicates` of report.json."""
        return {"rows": self.count, "compared": self.compared, "first": self.examples}
