"""Reads records from .jsonl, .json, .csv, .tsv, .txt and .parquet files, compressed or not. Every
problem is reported with its row."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

from .csv_records import csv_records
from .findings import Findings
from .json_errors import json_place, json_problem
from .json_layout import json_layout
from .json_records import JsonRecords, as_record
from .json_stream import JsonStream
from .json_values import FieldTwice, parse_json
from .lines import HEAD_BYTES, Line, LineReader, shown_text, too_long
from .parquet_records import parquet_records
from .records import SHOWN_CHARACTERS, Record, Rejection
from .streams import FileRefused, data_suffix
from .text_records import text_records
from .unreadable import is_of_content


def json_lines(lines: Iterable[Line], findings: Findings) -> Iterator[Record | Rejection]:
    for line in lines:
        if line.too_long:
            yield too_long(line)
            continue
        if not line.data.strip():
            continue
        if b"\x00" in line.data:
            message = "The line contains NUL bytes."
            yield Rejection(line.number, "not_json", message, shown_text(line.data))
            continue
        try:
            text = line.data.decode("utf-8")
        except UnicodeDecodeError as error:
            findings.encoding.add_invalid(line.number, line.data)
            yield Rejection(
                line.number,
                "not_utf8",
                f"Byte {error.start + 1} of the line is not valid UTF-8.",
                shown_text(line.data),
            )
            continue
        if not line.data.isascii():
            findings.encoding.add_valid()
        yield _parsed(line.number, text)


def _parsed(row: int, text: str) -> Record | Rejection:
    try:
        value = parse_json(text)
    except FieldTwice as error:
        return Rejection(row, "field_twice", str(error), text[:SHOWN_CHARACTERS])
    except (ValueError, RecursionError) as error:
        message = f"Not valid JSON: {json_problem(error)}{json_place(error)}."
        return Rejection(row, "not_json", message, text[:SHOWN_CHARACTERS])
    return as_record(row, value, text)


def open_records(
    path: Path, reader: LineReader, findings: Findings | None = None
) -> Iterator[Record | Rejection]:
    """Chooses the format by the suffix, and how JSON is laid out by the content."""
    findings = findings or Findings()
    suffix = data_suffix(path)
    if suffix == ".parquet":
        for _ in reader.blocks():
            pass  # For the hash.
        return parquet_records(path)
    if suffix in (".csv", ".tsv"):
        return csv_records(iter(reader), findings, "\t" if suffix == ".tsv" else ",")
    head = reader.head()
    if suffix == ".txt" and not _is_json_lines(head):
        return text_records(iter(reader), findings, by_paragraph=_has_blank_lines(head))
    layout = json_layout(head, len(head) < HEAD_BYTES - 3, prefers_values=suffix == ".json")
    if layout == "lines":
        return json_lines(reader, findings)
    if suffix != ".json" and head.lstrip().startswith(b"["):
        findings.notes.append("The file is a JSON array, not one object per line; it was read so.")
    return iter(JsonRecords(path.name, JsonStream(reader.blocks()), findings))


def readable(path: Path, items: Iterator[Record | Rejection]) -> Iterator[Record | Rejection]:
    """The items. An error of a reader that nobody foresaw refuses the file, with the row before it;
    repeating the same file would end the same way."""
    row = 0
    try:
        for item in items:
            row = item.row
            yield item
    except Exception as error:
        if not is_of_content(error):
            raise
        traceback.print_exc()
        after = f" after row {row:,}" if row else ""
        raise FileRefused(
            f"{path.name} could not be read{after}. The details are in the worker's log."
        ) from error


def _is_json_lines(head: bytes) -> bool:
    first = head.lstrip().split(b"\n", 1)[0].strip()
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _has_blank_lines(head: bytes) -> bool:
    text = head.strip().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return any(not line.strip() for line in text.split(b"\n"))
