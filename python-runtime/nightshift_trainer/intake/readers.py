"""Files to records: .jsonl, .csv, .json, .parquet, packed or not. Every problem names its row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .lines import MAX_LINE_BYTES, Line, LineReader, shown_text
from .records import Record, Rejection
from .streams import FileRefused, data_suffix, read_up_to

# A .json array is read whole: above this size it is refused and .jsonl named instead.
MAX_JSON_BYTES = 48 << 20


def too_long(line: Line) -> Rejection:
    return Rejection(
        line.number,
        "line_too_long",
        f"The line has {line.length:,} bytes; the limit is {MAX_LINE_BYTES:,}.",
        shown_text(line.data),
    )


def json_lines(lines: Iterable[Line]) -> Iterator[Record | Rejection]:
    for line in lines:
        if line.too_long:
            yield too_long(line)
            continue
        if not line.data.strip():
            continue
        try:
            text = line.data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield Rejection(
                line.number,
                "not_utf8",
                f"Byte {error.start + 1} of the line is not UTF-8.",
                shown_text(line.data),
            )
            continue
        yield _parsed(line.number, text)


def _parsed(row: int, text: str) -> Record | Rejection:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Rejection(row, "not_json", f"Not JSON: {error}.", text[:500])
    return _as_record(row, value, text)


def _as_record(row: int, value: Any, raw: str) -> Record | Rejection:  # noqa: ANN401
    if not isinstance(value, dict):
        message = f"A JSON object was expected, not {type(value).__name__}."
        return Rejection(row, "not_an_object", message, raw[:500])
    return Record(row, value, raw)


class _CsvLines:
    """Text lines for the csv module; remembers which physical line it handed out last."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.number = 0
        self.rejected: list[Rejection] = []
        self.raw: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number = line.number
            if line.too_long:
                self.rejected.append(too_long(line))
                continue
            # Undecodable bytes stay visible as surrogates and are found in the finished record.
            text = line.data.decode("utf-8", "surrogateescape")
            self.raw.append(text)
            yield text + "\n"

    @property
    def shown(self) -> str:
        return _visible(self.raw[0][:500]) if self.raw else ""


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _has_escapes(fields: Iterable[str]) -> bool:
    return any("\udc80" <= c <= "\udcff" for text in fields for c in text)


def _visible(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def csv_records(lines: Iterator[Line]) -> Iterator[Record | Rejection]:
    """The first record names the columns. A quoted field may hold separators and line breaks."""
    source = iter(lines)
    first = next((line for line in source if line.data.strip() or line.too_long), None)
    if first is None:
        return
    if first.too_long:
        raise FileRefused(f"Line {first.number}, which names the columns, is too long.")
    header_text = first.data.decode("utf-8", "replace")
    delimiter = _delimiter(header_text)

    def with_header() -> Iterator[Line]:
        yield first
        yield from source

    feed = _CsvLines(with_header())
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    names = [name.strip() for name in next(reader)]
    if len(set(names)) != len(names) or not all(names):
        raise FileRefused(f"Line {first.number} does not name every column once: {names}.")
    while True:
        before = feed.number
        feed.raw = []
        try:
            values = next(reader)
        except StopIteration:
            yield from feed.rejected
            return
        except csv.Error as error:
            yield from feed.rejected
            feed.rejected = []
            yield Rejection(before + 1, "not_an_object", f"Not a CSV record: {error}.", feed.shown)
            continue
        skipped = len(feed.rejected)
        yield from feed.rejected
        feed.rejected = []
        row, shown = before + 1 + skipped, feed.shown
        if not values or (len(values) == 1 and not values[0].strip() and len(names) > 1):
            continue
        if _has_escapes(values):
            yield Rejection(row, "not_utf8", "The record holds bytes that are not UTF-8.", shown)
        elif len(values) != len(names):
            yield Rejection(
                row,
                "not_an_object",
                f"The record has {len(values)} fields, the first line names {len(names)}.",
                shown,
            )
        else:
            raw = "\n".join(feed.raw)
            yield Record(row, dict(zip(names, values, strict=True)), raw)


def json_array(text: str) -> Iterator[Record | Rejection]:
    """One array of objects. A row is the element's number from 1: an array may well stand on a
    single line, and a row number has to name one record."""
    decoder = json.JSONDecoder()
    place, row = text.index("[") + 1, 0
    while True:
        while place < len(text) and (text[place].isspace() or text[place] == ","):
            place += 1
        row += 1
        if place >= len(text) or text[place] == "]":
            return
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            # Behind a broken element nothing says where the next one begins.
            shown = text[place : place + 500]
            yield Rejection(row, "not_json", f"Not JSON from here to the end: {error}.", shown)
            return
        yield _as_record(row, value, text[place:end])
        place = end


def parquet_records(path: Path) -> Iterator[Record | Rejection]:
    """Rows in their order, numbered from 1, a batch at a time."""
    # Imported here: half a second and 50 MB that no other file needs.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as source:
            row = 0
            for batch in source.iter_batches(batch_size=1024):
                for fields in batch.to_pylist():
                    row += 1
                    raw = json.dumps(fields, ensure_ascii=False, default=str)
                    yield Record(row, fields, raw)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise FileRefused(f"{path.name} is no parquet file that can be read: {reason}") from error


def open_records(path: Path, reader: LineReader) -> Iterator[Record | Rejection]:
    """Chooses by the name's ending; a .json file that does not begin with `[` is read by lines."""
    ending = data_suffix(path)
    if ending == ".parquet":
        for _ in reader:
            pass  # takes the content hash
        return parquet_records(path)
    if ending in (".csv", ".tsv"):
        return csv_records(iter(reader))
    if ending == ".json" and _begins_with_bracket(path):
        content = read_up_to(path, MAX_JSON_BYTES + 1)
        if len(content) > MAX_JSON_BYTES:
            raise FileRefused(
                f"{path.name} is one JSON array of more than {MAX_JSON_BYTES:,} bytes; "
                "above that only one object a line (.jsonl) is read."
            )
        for _ in reader:
            pass  # takes the content hash
        try:
            return json_array(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise FileRefused(f"{path.name} is not UTF-8 (byte {error.start + 1}).") from error
    return json_lines(reader)


def _begins_with_bracket(path: Path) -> bool:
    return read_up_to(path, 4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
