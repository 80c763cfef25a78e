"""Near-duplicates by MinHash, as information: which rows say almost what an earlier row says.

A row is the set of its 16-byte windows that begin at words of the normalised text; the share of
windows two rows have in common is estimated from 64 minima. Memory is fixed: only the newest
`KEPT` rows are compared with, so the count is a lower bound for longer files. Rows with fewer than
`LEAST_WINDOWS` windows are too short to be told apart and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MINIMA, BANDS = 64, 8
WINDOW = 16
LEAST_WINDOWS = 6
ALIKE = 0.8
KEPT = 1 << 18
SLOTS = 1 << 19
EXAMPLES = 20
# Of a longer row only the beginning is looked at.
LONGEST_BYTES = 1 << 16
# Windows whose 64 products are in memory at once (16 MB).
AT_ONCE = 1 << 15

_MIX_ONE, _MIX_TWO = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ODD_ONE, _ODD_TWO = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Splitmix64's finish: every bit of the input reaches every bit of the result."""
    values = (values ^ (values >> np.uint64(30))) * _MIX_ONE
    values = (values ^ (values >> np.uint64(27))) * _MIX_TWO
    return values ^ (values >> np.uint64(31))


# One odd factor for each minimum.
_FACTORS = _mixed(np.arange(1, MINIMA + 1, dtype=np.uint64) * _ODD_ONE) | np.uint64(1)


def window_starts(text: np.ndarray) -> np.ndarray:
    """Where windows begin in a row's bytes: at words, or at every character of a text that is
    written without spaces."""
    last = len(text) - WINDOW
    if last < 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(text[:last] == 0x20) + 1
    if len(starts) * 24 < last:
        starts = np.flatnonzero((text[1 : last + 1] & 0xC0) != 0x80) + 1
    return np.concatenate((np.zeros(1, dtype=np.int64), starts))


def signatures(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the texts that are long enough, and their minima: uint64 [those, 64]."""
    joined = np.frombuffer(b"".join(texts), dtype=np.uint8)
    ends = np.cumsum([len(text) for text in texts])
    kept: list[int] = []
    starts: list[np.ndarray] = []
    for index, text in enumerate(texts):
        begin = int(ends[index]) - len(text)
        found = window_starts(joined[begin : begin + len(text)])
        if len(found) >= LEAST_WINDOWS:
            kept.append(index)
            starts.append(found + begin)
    result = np.zeros((len(kept), MINIMA), dtype=np.uint64)
    done = 0
    while done < len(kept):
        upto, count = done, 0
        while upto < len(kept) and (upto == done or count + len(starts[upto]) <= AT_ONCE):
            count += len(starts[upto])
            upto += 1
        result[done:upto] = _minima(joined, starts[done:upto])
        done = upto
    return np.array(kept, dtype=np.int64), result


def _minima(joined: np.ndarray, starts: Sequence[np.ndarray]) -> np.ndarray:
    places = np.concatenate(starts)
    parts = joined[places[:, None] + np.arange(WINDOW)].view("<u8").astype(np.uint64)
    hashes = _mixed((parts[:, 0] * _ODD_ONE) ^ _mixed(parts[:, 1] + _ODD_TWO))
    borders = np.cumsum([0, *(len(part) for part in starts[:-1])])
    return np.minimum.reduceat(hashes[:, None] * _FACTORS[None, :], borders, axis=0)


class Alike:
    def __init__(self, kept: int = KEPT) -> None:
        """`kept`: how many of the newest rows are compared with; memory grows with it alone."""
        self._kept = kept
        self.rows = 0
        self.compared = 0
        self.examples: list[dict[str, Any]] = []
        # Pages of these that nothing is written to are never given memory: a small file costs
        # little.
        self._signatures = np.zeros((kept, MINIMA), dtype=np.uint16)
        self._row_of = np.zeros(kept, dtype=np.int64)
        self._key_of = np.zeros(kept, dtype=np.uint64)
        self._slots = np.zeros((BANDS, SLOTS), dtype=np.int64)

    def see(self, rows: Sequence[int], keys: Sequence[int], texts: Sequence[str]) -> None:
        """Normalised texts of rows in file order. Exact duplicates (the same key) are counted
        elsewhere and are no near ones."""
        if not rows:
            return
        data = [text.encode("utf-8", "surrogatepass")[:LONGEST_BYTES] for text in texts]
        kept, found = signatures(data)
        if len(kept) == 0:
            return
        # Ordinals from 1: 0 is an empty slot.
        ordinals = np.arange(self.compared + 1, self.compared + 1 + len(kept))
        places = ordinals % self._kept
        self._signatures[places] = (_mixed(found) & np.uint64(0xFFFF)).astype(np.uint16)
        self._row_of[places] = np.asarray(rows, dtype=np.int64)[kept]
        self._key_of[places] = np.asarray(keys, dtype=np.uint64)[kept]
        candidates = self._candidates(found, ordinals)
        self.compared += len(kept)
        self._compare(ordinals, candidates)

    def _candidates(self, found: np.ndarray, ordinals: np.ndarray) -> np.ndarray:
        """int64 [rows, 2 × BANDS]: ordinals of earlier rows that agree in a whole band; 0 = none.
        Rows of the same call are found among themselves, the others in the table."""
        bands = found.reshape(len(found), BANDS, MINIMA // BANDS)
        folded = bands[:, :, 0]
        for column in range(1, bands.shape[2]):
            folded = _mixed(folded * _ODD_ONE + bands[:, :, column])
        slots = (folded % np.uint64(SLOTS)).astype(np.int64)
        candidates = np.zeros((len(found), 2 * BANDS), dtype=np.int64)
        for band in range(BANDS):
            mine = slots[:, band]
            candidates[:, band] = self._slots[band, mine]
            order = np.argsort(mine, kind="stable")
            same = np.flatnonzero(mine[order[1:]] == mine[order[:-1]])
            candidates[order[same + 1], BANDS + band] = ordinals[order[same]]
            self._slots[band, mine] = ordinals
        return candidates

    def _compare(self, ordinals: np.ndarray, candidates: np.ndarray) -> None:
        # A row more than `kept` rows back has been overwritten.
        candidates[candidates <= self.compared - self._kept] = 0
        which = np.flatnonzero(candidates.any(axis=1))
        if len(which) == 0:
            return
        own, others = ordinals[which] % self._kept, candidates[which] % self._kept
        shares = (self._signatures[others] == self._signatures[own][:, None, :]).mean(axis=2)
        is_exact = self._key_of[others] == self._key_of[own][:, None]
        shares[(candidates[which] == 0) | is_exact] = 0.0
        best = shares.argmax(axis=1)
        top = shares[np.arange(len(which)), best]
        alike = np.flatnonzero(top >= ALIKE)
        self.rows += len(alike)
        for index in alike[: max(0, EXAMPLES - len(self.examples))].tolist():
            self.examples.append(
                {
                    "row": int(self._row_of[own[index]]),
                    "of": int(self._row_of[others[index, best[index]]]),
                    "share": round(float(top[index]), 2),
                }
            )

    def facts(self) -> dict[str, Any]:
        return {"rows": self.rows, "compared": self.compared, "first": self.examples}
