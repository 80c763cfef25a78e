"""Records of .csv and .tsv files, with the habits of Excel and pandas: a `sep=` line, an index
column, separators at the end of every line, lines that end with a carriage return alone."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator

from ..wording import count_of
from .findings import Findings
from .json_records import printable
from .lines import MAX_LINE_BYTES, Line, too_long
from .records import SHOWN_CHARACTERS, Record, Rejection
from .streams import FileRefused

DELIMITERS = (",", ";", "\t", "|")
# Lines that decide which delimiter the file has.
SAMPLE_LINES = 20
EXCEL_SEPARATOR = re.compile(rb'"?sep=(.)"?\s*', re.IGNORECASE)
# A NUL byte inside the csv module, which doesn't take it in every version of Python.
NUL = "\udc00"
# Beginnings of the messages of the csv module.
_WORDS: tuple[tuple[str, str], ...] = (
    ("unexpected end", "a quote isn't closed"),
    ("field larger", "a field is longer than 16 MiB, so a quote probably isn't closed"),
    ("new-line character", "a carriage return is outside quotes"),
)
QUOTE_WORDS = "text follows a closing quote; a quote inside a quoted field must be doubled"


class _CsvLines:
    """Text lines for the csv module, with the number of the physical line it read last."""

    def __init__(self, lines: Iterator[Line], findings: Findings) -> None:
        self._lines, self._findings = lines, findings
        self.number = 0
        self.rejected: list[Rejection] = []
        self.raw: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number = line.number
            if line.too_long:
                self.rejected.append(too_long(line))
                continue
            text = self._text_of(line)
            self.raw.append(text)
            yield text + "\n"

    def _text_of(self, line: Line) -> str:
        """Undecodable bytes become surrogates, which are found in the parsed record."""
        text = line.data.decode("utf-8", "surrogateescape")
        if not text.isascii():
            if _has_undecodable_bytes((text,)):
                self._findings.encoding.add_invalid(line.number, line.data)
            else:
                self._findings.encoding.add_valid()
        return text.replace("\x00", NUL)

    def take_rejected(self) -> list[Rejection]:
        rejected, self.rejected = self.rejected, []
        return rejected

    @property
    def shown(self) -> str:
        return _shown(self.raw[0][:SHOWN_CHARACTERS]) if self.raw else ""


def _shown(text: str) -> str:
    return printable(text.replace(NUL, "\x00"))


def _has_undecodable_bytes(fields: Iterable[str]) -> bool:
    return any("\udc80" <= c <= "\udcff" for text in fields for c in text)


def csv_records(
    lines: Iterator[Line], findings: Findings | None = None, first_delimiter: str = ","
) -> Iterator[Record | Rejection]:
    """The first record is the header. A quoted field may contain delimiters and line breaks.
    `first_delimiter`: preferred where several are possible."""
    findings = findings or Findings()
    source = iter(lines)
    header = next((line for line in source if line.data.strip() or line.too_long), None)
    if header is None:
        return
    delimiter = None
    if (separator := EXCEL_SEPARATOR.fullmatch(header.data)) is not None:
        delimiter = separator[1].decode("latin-1")
        header = next((line for line in source if line.data.strip() or line.too_long), None)
        if header is None:
            return
    if header.too_long:
        raise FileRefused(f"The header (line {header.number}) is too long.")
    sample = [header, *itertools.islice(source, SAMPLE_LINES)]
    feed = _CsvLines(itertools.chain(sample, source), findings)
    csv.field_size_limit(MAX_LINE_BYTES)
    if delimiter is None:
        delimiter = _delimiter(sample, first_delimiter)
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    try:
        columns = _Columns(header.number, [name.strip() for name in next(reader)], findings)
    except csv.Error as error:
        raise FileRefused(
            f"The header (line {header.number}) can't be read: {_problem(error)}."
        ) from error
    rows = 0
    for item in _csv_rows(feed, reader, columns):
        rows += 1
        yield item
    if rows == 0:
        raise FileRefused(f"The file has a header (line {header.number}) but no rows.")


def _delimiter(sample: list[Line], first: str) -> str:
    """The delimiter that splits the header into several fields and the lines after it into as
    many. A delimiter inside quotes splits nothing."""
    texts = [line.data.decode("utf-8", "replace").replace("\x00", "") for line in sample]

    def score(delimiter: str) -> tuple[bool, int, int]:
        try:
            counts = [len(row) for row in csv.reader(texts, delimiter=delimiter) if row]
        except csv.Error:
            return (False, 0, 0)
        fields = counts[0] if counts else 0
        return (fields > 1, sum(1 for count in counts[1:] if count == fields), fields)

    ordered = [first, *(other for other in DELIMITERS if other != first)]
    return max(ordered, key=score)


class _Columns:
    """Which field of a line is which column. A first column without a name is the row index that
    pandas writes; other columns without a name are read only where they have a value."""

    def __init__(self, line: int, names: list[str], findings: Findings) -> None:
        self.names = names
        named = [name for name in names if name]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise FileRefused(
                f"The header (line {line}) names {' and '.join(f'`{name}`' for name in twice)} "
                f"more than once. Rename the columns."
            )
        if not named:
            raise FileRefused(f"The header (line {line}) names no column.")
        self._has_index = not names[0] and len(named) > 1
        if self._has_index:
            findings.notes.append(
                "The first column has no name, so it is read as the row index and not used."
            )
        self._width = max(index for index, name in enumerate(names) if name) + 1

    def fields(self, values: list[str]) -> dict[str, str] | str:
        """The named fields, or what is wrong with their number."""
        count = len(values)
        while len(values) > self._width and not values[-1].strip():
            values = values[:-1]
        if not self._width <= count or len(values) > max(self._width, len(self.names)):
            return f"The record has {count_of(count, 'field')}; the header has {len(self.names)}."
        found: dict[str, str] = {}
        for index, value in enumerate(values):
            name = self.names[index] if index < len(self.names) else ""
            if name:
                found[name] = value
            elif value.strip() and not (index == 0 and self._has_index):
                found[f"column {index + 1}"] = value
        return found


def _csv_rows(
    feed: _CsvLines, reader: Iterator[list[str]], columns: _Columns
) -> Iterator[Record | Rejection]:
    while True:
        before = feed.number
        feed.raw = []
        try:
            values = next(reader)
        except StopIteration:
            yield from feed.rejected
            return
        except csv.Error as error:
            row = before + 1 + len(feed.rejected)
            yield from feed.take_rejected()
            _refuse_swallowed(row, feed, columns, is_open="unexpected end" in str(error))
            message = f"Not a valid CSV record: {_problem(error)}."
            yield Rejection(row, "not_an_object", message, feed.shown)
            continue
        row = before + 1 + len(feed.rejected)
        yield from feed.take_rejected()
        if not values or (len(values) == 1 and not values[0].strip() and len(columns.names) > 1):
            continue
        yield _csv_row(row, values, columns, feed)


def _problem(error: csv.Error) -> str:
    text = str(error)
    return next((words for start, words in _WORDS if text.startswith(start)), QUOTE_WORDS)


def _refuse_swallowed(row: int, feed: _CsvLines, columns: _Columns, is_open: bool) -> None:
    """Refuses the file when an open quote has made one record of many: these lines are rows that
    nobody has counted, so "1 row is rejected" would be untrue."""
    lines = len(feed.raw)
    if lines < 2 or not (is_open or any(_is_record(text, columns) for text in feed.raw[1:])):
        return
    raise FileRefused(
        f"The record from line {row:,} swallows {lines:,} lines, up to line {feed.number:,}: a "
        f"quote that opens in line {row:,} isn't closed there. Close or remove the quote and add "
        f"the file again."
    )


def _is_record(text: str, columns: _Columns) -> bool:
    return len(columns.names) > 1 and any(
        len(next(csv.reader([text], delimiter=delimiter), [])) == len(columns.names)
        for delimiter in DELIMITERS
    )


def _csv_row(row: int, values: list[str], columns: _Columns, feed: _CsvLines) -> Record | Rejection:
    if _has_undecodable_bytes(values):
        message = "The record contains bytes that are not valid UTF-8."
        return Rejection(row, "not_utf8", message, feed.shown)
    if any(NUL in value for value in values):
        return Rejection(row, "not_an_object", "The record contains NUL bytes.", feed.shown)
    fields = columns.fields(values)
    if isinstance(fields, str):
        _refuse_swallowed(row, feed, columns, is_open=False)
        return Rejection(row, "not_an_object", fields, feed.shown)
    return Record(row, fields, "\n".join(feed.raw))
