"""The text NaN in a CSV file: no value in a column of numbers, an ordinary word in any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from .records import Record, Rejection

NAN_TEXTS = frozenset(("nan", "-nan", "inf", "-inf", "infinity", "-infinity"))
# The columns of numbers are found in this many rows.
SAMPLE_ROWS = 1000


class CsvMissing:
    """`missing`: how many cells of each column of numbers had no number; `words`: how many cells of
    other columns are such a word, and stay text."""

    def __init__(self) -> None:
        self.missing: Counter[str] = Counter()
        self.words: Counter[str] = Counter()

    def records(self, items: Iterable[Record | Rejection]) -> Iterator[Record | Rejection]:
        source = iter(items)
        sample = list(islice(source, SAMPLE_ROWS))
        numeric = _numeric_columns(item for item in sample if isinstance(item, Record))
        for item in sample:
            yield self._replaced(item, numeric)
        for item in source:
            yield self._replaced(item, numeric)

    def _replaced(self, item: Record | Rejection, numeric: frozenset[str]) -> Record | Rejection:
        if isinstance(item, Rejection):
            return item
        found = [name for name, value in item.fields.items() if _is_nan(value)]
        if not found:
            return item
        for name in found:
            (self.missing if name in numeric else self.words)[name] += 1
        gaps = dict.fromkeys((name for name in found if name in numeric), None)
        return replace(item, fields={**item.fields, **gaps}) if gaps else item


def _is_nan(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() in NAN_TEXTS


def _numeric_columns(records: Iterable[Record]) -> frozenset[str]:
    """Columns whose cells are all empty, a number or NaN."""
    names: set[str] = set()
    texts: set[str] = set()
    for record in records:
        names.update(record.fields)
        for name, value in record.fields.items():
            if isinstance(value, str) and value.strip() and not _is_number(value):
                texts.add(name)
    return frozenset(names - texts)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
