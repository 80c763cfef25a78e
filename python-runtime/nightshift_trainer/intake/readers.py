"""Reads records from .jsonl, .csv, .json and .parquet files, compressed or not. Every problem is
reported with its row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..wording import count_of
from .json_values import FieldTwice, parse_json, parse_json_at
from .lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, Line, LineReader, shown_text
from .records import SHOWN_CHARACTERS, Record, Rejection, json_type
from .streams import FileRefused, data_suffix, read_up_to

# A .json array is parsed as a whole; a larger one is refused, with the advice to use .jsonl.
MAX_JSON_MEGABYTES = 48
PARQUET_BATCH_ROWS = 1024


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
                f"Byte {error.start + 1} of the line is not valid UTF-8.",
                shown_text(line.data),
            )
            continue
        yield _parsed(line.number, text)


def _parsed(row: int, text: str) -> Record | Rejection:
    try:
        value = parse_json(text)
    except FieldTwice as error:
        return Rejection(row, "field_twice", str(error), text[:SHOWN_CHARACTERS])
    except (ValueError, RecursionError) as error:
        return Rejection(row, "not_json", f"Not valid JSON: {error}.", text[:SHOWN_CHARACTERS])
    return _as_record(row, value, text)


def _as_record(row: int, value: Any, raw: str) -> Record | Rejection:  # noqa: ANN401
    if not isinstance(value, dict):
        message = f"A row must be a JSON object, not {json_type(value)}."
        return Rejection(row, "not_an_object", message, raw[:SHOWN_CHARACTERS])
    return Record(row, value, raw)


class _CsvLines:
    """Text lines for the csv module, with the number of the physical line it read last."""

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
            # Undecodable bytes become surrogates, which are found in the parsed record.
            text = line.data.decode("utf-8", "surrogateescape")
            self.raw.append(text)
            yield text + "\n"

    def take_rejected(self) -> list[Rejection]:
        rejected, self.rejected = self.rejected, []
        return rejected

    @property
    def shown(self) -> str:
        return _printable(self.raw[0][:SHOWN_CHARACTERS]) if self.raw else ""


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _has_undecodable_bytes(fields: Iterable[str]) -> bool:
    return any("\udc80" <= c <= "\udcff" for text in fields for c in text)


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def csv_records(lines: Iterator[Line]) -> Iterator[Record | Rejection]:
    """The first record is the header. A quoted field may contain delimiters and line breaks."""
    source = iter(lines)
    header = next((line for line in source if line.data.strip() or line.too_long), None)
    if header is None:
        return
    if header.too_long:
        raise FileRefused(f"The header (line {header.number}) is too long.")

    def with_header() -> Iterator[Line]:
        yield header
        yield from source

    feed = _CsvLines(with_header())
    csv.field_size_limit(MAX_LINE_BYTES)
    delimiter = _delimiter(header.data.decode("utf-8", "replace"))
    reader = csv.reader(iter(feed), delimiter=delimiter, strict=True)
    names = [name.strip() for name in next(reader)]
    if len(set(names)) != len(names) or not all(names):
        raise FileRefused(
            f"The header (line {header.number}) must name every column, each only once: {names}."
        )
    yield from _csv_rows(feed, reader, names)


def _csv_rows(
    feed: _CsvLines, reader: Iterator[list[str]], names: list[str]
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
            yield from feed.take_rejected()
            message = f"Not a valid CSV record: {error}."
            yield Rejection(before + 1, "not_an_object", message, feed.shown)
            continue
        row = before + 1 + len(feed.rejected)
        yield from feed.take_rejected()
        if not values or (len(values) == 1 and not values[0].strip() and len(names) > 1):
            continue
        yield _csv_row(row, values, names, feed)


def _csv_row(row: int, values: list[str], names: list[str], feed: _CsvLines) -> Record | Rejection:
    if _has_undecodable_bytes(values):
        message = "The record contains bytes that are not valid UTF-8."
        return Rejection(row, "not_utf8", message, feed.shown)
    if len(values) != len(names):
        message = f"The record has {count_of(len(values), 'field')}; the header has {len(names)}."
        return Rejection(row, "not_an_object", message, feed.shown)
    return Record(row, dict(zip(names, values, strict=True)), "\n".join(feed.raw))


def json_array(text: str) -> Iterator[Record | Rejection]:
    """An array of objects. Here a row is the number of the element, from 1: a whole array may be on
    one line, and a row number must identify one record."""
    position, row = text.index("[") + 1, 0
    while True:
        while position < len(text) and (text[position].isspace() or text[position] == ","):
            position += 1
        row += 1
        if position >= len(text) or text[position] == "]":
            return
        try:
            value, end = parse_json_at(text, position)
        except FieldTwice as error:
            # The element is complete, so the next one begins after it.
            shown = text[position : error.end][:SHOWN_CHARACTERS]
            yield Rejection(row, "field_twice", str(error), shown)
            position = error.end
            continue
        except (ValueError, RecursionError) as error:
            # After an invalid element, nothing says where the next one begins.
            message = f"Not valid JSON from here to the end of the file: {error}."
            shown = text[position : position + SHOWN_CHARACTERS]
            yield Rejection(row, "not_json", message, shown)
            return
        yield _as_record(row, value, text[position:end])
        position = end


def parquet_records(path: Path) -> Iterator[Record | Rejection]:
    """Rows in order, numbered from 1, read in batches."""
    # Imported here: it takes half a second and 50 MB that no other format needs.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as source:
            row = 0
            for batch in source.iter_batches(batch_size=PARQUET_BATCH_ROWS):
                for fields in batch.to_pylist():
                    row += 1
                    raw = json.dumps(fields, ensure_ascii=False, default=str)
                    yield Record(row, fields, raw)
    except MemoryError:
        # An ArrowException as well, but not a damaged file.
        raise
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise FileRefused(f"{path.name} is not a valid Parquet file: {reason}") from error


def open_records(path: Path, reader: LineReader) -> Iterator[Record | Rejection]:
    """Chooses the format by the suffix; a .json file that does not begin with `[` is read as
    .jsonl."""
    suffix = data_suffix(path)
    if suffix == ".parquet":
        _read_for_hash(reader)
        return parquet_records(path)
    if suffix in (".csv", ".tsv"):
        return csv_records(iter(reader))
    if suffix == ".json" and _begins_with_bracket(path):
        content = read_up_to(path, (MAX_JSON_MEGABYTES << 20) + 1)
        if len(content) > MAX_JSON_MEGABYTES << 20:
            raise FileRefused(
                f"{path.name} is a JSON array of more than {MAX_JSON_MEGABYTES} MiB. "
                "Save it as .jsonl, with one object per line."
            )
        _read_for_hash(reader)
        try:
            return json_array(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise FileRefused(
                f"{path.name} is not valid UTF-8 (byte {error.start + 1}). Save it as UTF-8."
            ) from error
    return json_lines(reader)


def _read_for_hash(reader: LineReader) -> None:
    for _ in reader:
        pass


def _begins_with_bracket(path: Path) -> bool:
    return read_up_to(path, 4096).lstrip(BYTE_ORDER_MARK + b" \t\r\n").startswith(b"[")
