"""Records of .parquet files: rows in order, numbered from 1, read in batches."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .records import SHOWN_CHARACTERS, Record, Rejection
from .streams import FileRefused

BATCH_ROWS = 1024


def parquet_records(path: Path) -> Iterator[Record | Rejection]:
    # Imported here: it takes half a second and 50 MB that no other format needs.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as source:
            names = source.schema_arrow.names
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise FileRefused(
                    f"{path.name} names {' and '.join(f'`{name}`' for name in twice)} more than "
                    f"once. Rename the columns."
                )
            row = 0
            for batch in source.iter_batches(batch_size=BATCH_ROWS):
                for fields in _rows_of(batch):
                    row += 1
                    yield _record(row, fields)
    except MemoryError:
        # An ArrowException as well, but not a damaged file.
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise FileRefused(f"{path.name} {_damage(path)}") from error


def _damage(path: Path) -> str:
    """What is wrong with a file that pyarrow can't read, from its first and last bytes."""
    with path.open("rb") as stream:
        begins = stream.read(4)
        stream.seek(max(0, path.stat().st_size - 4))
        ends = stream.read(4)
    if begins != b"PAR1":
        return "is not a Parquet file."
    if ends != b"PAR1":
        return "is an incomplete Parquet file: its end is missing. Copy or download it again."
    return "is a damaged Parquet file. Copy or download it again."


def _rows_of(batch: Any) -> Iterator[dict[str, Any] | Exception]:  # noqa: ANN401 - RecordBatch
    """The rows of a batch. Where one of them can't be converted, each is tried alone."""
    try:
        yield from batch.to_pylist()
        return
    except (ValueError, OverflowError, ArithmeticError):
        pass
    for index in range(batch.num_rows):
        try:
            yield batch.slice(index, 1).to_pylist()[0]
        except (ValueError, OverflowError, ArithmeticError) as error:
            yield error


def _record(row: int, fields: dict[str, Any] | Exception) -> Record | Rejection:
    if isinstance(fields, UnicodeDecodeError):
        message = "The row contains text that is not valid UTF-8."
        return Rejection(row, "not_utf8", message, "")
    if isinstance(fields, Exception):
        message = "A value of the row is outside the range of its type."
        return Rejection(row, "unreadable", message, "")
    try:
        plain = {name: plain_value(value) for name, value in fields.items()}
    except UnicodeDecodeError:
        shown = json.dumps(fields, ensure_ascii=False, default=str)[:SHOWN_CHARACTERS]
        message = "The row contains binary data that is not UTF-8 text."
        return Rejection(row, "not_utf8", message, shown)
    return Record(row, plain, json.dumps(plain, ensure_ascii=False, default=str))


def plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever Parquet holds
    """The value as JSON has it: text from bytes, dates and decimals; lists and objects inside."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    if isinstance(value, tuple):
        # An entry of a map.
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {name: plain_value(item) for name, item in value.items()}
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)
