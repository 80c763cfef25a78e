"""The records as they stand in the file, packed in blocks, so that any row can be shown again.

A row of a parquet file, a packed file or an array cannot be found by its place in the data file.
So every record's text goes into blocks of about half a megabyte, each packed on its own;
`originals.i64` says where each block lies. One row costs the unpacking of one block. `rows.i32`
holds the number of every physical row in their order.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import zstandard

BLOCK_BYTES = 1 << 19
# Of a longer record the beginning is kept, and its whole length.
KEPT_BYTES = 1 << 18
# First row, offset in `originals.zst`, packed length, rows.
COLUMNS = 4


class Originals:
    """Rows come in the order of the file. Memory: one block and four numbers for each block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks_path = folder / ".originals.zst.partial"
        self._stream = self._blocks_path.open("wb")
        self._rows_path = folder / ".rows.i32.partial"
        self._row_stream = self._rows_path.open("wb")
        self._numbers = array("i")
        self._packer = zstandard.ZstdCompressor(level=1)
        self._open = bytearray()
        self._rows = 0
        self._first = 0
        self._offset = 0
        self._table: list[tuple[int, int, int, int]] = []

    def add(self, row: int, text: str) -> None:
        """An entry is `row kept-bytes all-bytes` on a line of its own, then the bytes."""
        data = text.encode("utf-8", "replace")
        kept = data[:KEPT_BYTES]
        if self._rows == 0:
            self._first = row
        self._open += f"{row} {len(kept)} {len(data)}\n".encode("ascii")
        self._open += kept
        self._rows += 1
        self._numbers.append(row)
        if len(self._open) >= BLOCK_BYTES:
            self._pack()

    def _pack(self) -> None:
        if self._rows == 0:
            return
        packed = self._packer.compress(bytes(self._open))
        self._stream.write(packed)
        self._table.append((self._first, self._offset, len(packed), self._rows))
        self._offset += len(packed)
        self._open, self._rows = bytearray(), 0
        np.asarray(self._numbers, dtype="<i4").tofile(self._row_stream)
        self._numbers = array("i")

    def finish(self) -> None:
        """The table goes first: a table that names blocks which are not there yet is read as none
        (`unpack` fails), blocks without their table are not found."""
        self._pack()
        self._stream.close()
        self._row_stream.close()
        table_path = self._folder / ".originals.i64.partial"
        np.array(self._table, dtype="<i8").reshape(-1, COLUMNS).tofile(table_path)
        table_path.replace(self._folder / "originals.i64")
        self._blocks_path.replace(self._folder / "originals.zst")
        self._rows_path.replace(self._folder / "rows.i32")

    def close(self) -> None:
        """What is not finished goes away."""
        for stream, path in (
            (self._stream, self._blocks_path),
            (self._row_stream, self._rows_path),
        ):
            stream.close()
            path.unlink(missing_ok=True)
