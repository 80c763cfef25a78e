"""Records of .parquet files: rows in order, numbered from 1, read in batches."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from ..limits import unpacked_limit, unpacked_message
from .lines import MAX_LINE_BYTES
from .records import SHOWN_CHARACTERS, Record, Rejection
from .streams import FileRefused

BATCH_ROWS = 1024
# Of the texts of a batch that is converted at once.
BATCH_BYTES = 64 << 20


def parquet_records(path: Path) -> Iterator[Record | Rejection]:
    # Imported here: it takes half a second and 50 MB that no other format needs.
    import pyarrow
    from pyarrow import parquet

    try:
        # Equal texts are kept once: a few bytes can repeat a text of megabytes a million times.
        texts = _text_columns(parquet.ParquetFile(path))
        with parquet.ParquetFile(path, read_dictionary=texts) as source:
            names = source.schema_arrow.names
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise FileRefused(
                    f"{path.name} names {' and '.join(f'`{name}`' for name in twice)} more than "
                    f"once. Rename the columns."
                )
            row, left = 0, unpacked_limit(path.stat().st_size)
            # One thread: where memory is limited, those of Arrow wait for each other when it ends.
            for batch in source.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                sizes = _row_bytes(batch)
                left -= sum(sizes)
                if left < 0:
                    raise FileRefused(unpacked_message(path.name, path.stat().st_size))
                for item in _records_of(batch, row + 1, sizes):
                    row += 1
                    yield item
    except MemoryError:
        # An ArrowException as well, but not a damaged file.
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise FileRefused(f"{path.name} {_damage(path)}") from error


def _text_columns(source: Any) -> list[str]:  # noqa: ANN401 - ParquetFile
    with source:
        columns = [source.schema.column(index) for index in range(len(source.schema))]
        return [
            column.path
            for column in columns
            if column.physical_type == "BYTE_ARRAY"
            and column.logical_type.type in ("STRING", "NONE")
        ]


def _records_of(
    batch: Any,  # noqa: ANN401 - RecordBatch
    first: int,
    sizes: list[int],
) -> Iterator[Record | Rejection]:
    """A batch at once while its texts are small, else row by row, without those that are too
    large."""
    if sum(sizes) <= BATCH_BYTES:
        for row, fields in enumerate(_rows_of(batch), first):
            yield _record(row, fields)
        return
    for index, size in enumerate(sizes):
        row = first + index
        if size > MAX_LINE_BYTES:
            message = f"The row has {size:,} bytes; the limit is {MAX_LINE_BYTES:,}."
            yield Rejection(row, "line_too_long", message, "")
            continue
        for fields in _rows_of(batch.slice(index, 1)):
            yield _record(row, fields)


def _row_bytes(batch: Any) -> list[int]:  # noqa: ANN401 - RecordBatch
    """The bytes of the values of each row, without making any of them."""
    rows = [1] * batch.num_rows
    for column in batch.columns:
        for index, size in enumerate(_value_bytes(column)):
            rows[index] += size
    return rows


def _value_bytes(array: Any) -> list[int]:  # noqa: ANN401 - Array
    import pyarrow
    from pyarrow import compute

    kind = array.type
    if pyarrow.types.is_dictionary(kind):
        lengths = _value_bytes(array.dictionary)
        return [0 if index is None else lengths[index] for index in array.indices.to_pylist()]
    if _is_text(kind):
        lengths: Any = compute.binary_length(array)  # pyright: ignore[reportAttributeAccessIssue]
        return [length or 0 for length in lengths.to_pylist()]
    if pyarrow.types.is_struct(kind):
        fields = [_value_bytes(array.field(index)) for index in range(kind.num_fields)]
        return [sum(sizes) for sizes in zip(*fields, strict=True)] or [0] * len(array)
    types = pyarrow.types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        items = _value_bytes(array.values)
        ends = list(accumulate(items, initial=0))
        offsets = array.offsets.to_pylist()
        return [ends[end] - ends[start] + (end - start) for start, end in pairwise(offsets)]
    return [0] * len(array)


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - DataType
    from pyarrow import types

    return (
        types.is_string(kind)
        or types.is_binary(kind)
        or types.is_large_string(kind)
        or types.is_large_binary(kind)
    )


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
