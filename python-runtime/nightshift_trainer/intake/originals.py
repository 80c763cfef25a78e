"""The records as they are in the file, compressed in blocks, so that the row viewer can show any.

A row of a Parquet file, a compressed file or a JSON array can't be found by its offset in the data
file. So the text of every record goes into blocks of about half a megabyte, compressed separately;
`originals.i64` has the offset of each block, so reading a row decompresses a single block.
`rows.i32` has the numbers of all physical rows in order.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import zstandard

BLOCK_BYTES = 1 << 19
# Of a longer record only the beginning is stored, and its full length.
MAX_STORED_BYTES = 1 << 18
# First row, offset in `originals.zst`, compressed length, number of rows.
COLUMNS = 4


class OriginalsWriter:
    """Rows are added in file order. Memory: one block, and four numbers for each block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks_path = folder / ".originals.zst.partial"
        self._stream = self._blocks_path.open("wb")
        self._rows_path = folder / ".rows.i32.partial"
        self._row_stream = self._rows_path.open("wb")
        self._row_numbers = array("i")
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._block = bytearray()
        self._block_rows = 0
        self._first_row = 0
        self._offset = 0
        self._table: list[tuple[int, int, int, int]] = []

    def add(self, row: int, text: str) -> None:
        """An entry is the line `<row> <stored bytes> <all bytes>`, then the stored bytes."""
        data = text.encode("utf-8", "replace")
        stored = data[:MAX_STORED_BYTES]
        if self._block_rows == 0:
            self._first_row = row
        self._block += f"{row} {len(stored)} {len(data)}\n".encode("ascii")
        self._block += stored
        self._block_rows += 1
        self._row_numbers.append(row)
        if len(self._block) >= BLOCK_BYTES:
            self._write_block()

    def _write_block(self) -> None:
        if self._block_rows == 0:
            return
        compressed = self._compressor.compress(bytes(self._block))
        self._stream.write(compressed)
        self._table.append((self._first_row, self._offset, len(compressed), self._block_rows))
        self._offset += len(compressed)
        self._block, self._block_rows = bytearray(), 0
        self._row_stream.write(np.asarray(self._row_numbers, dtype="<i4").tobytes())
        self._row_numbers = array("i")

    def finish(self) -> None:
        """Renames the table first: with blocks that don't match it, decompression fails and the
        viewer shows no originals, instead of the wrong rows."""
        self._write_block()
        self._stream.close()
        self._row_stream.close()
        table_path = self._folder / ".originals.i64.partial"
        table = np.array(self._table, dtype="<i8").reshape(-1, COLUMNS)
        table_path.write_bytes(table.tobytes())
        table_path.replace(self._folder / "originals.i64")
        self._blocks_path.replace(self._folder / "originals.zst")
        self._rows_path.replace(self._folder / "rows.i32")

    def close(self) -> None:
        """Removes the partial files of a run that did not finish."""
        for stream, path in (
            (self._stream, self._blocks_path),
            (self._row_stream, self._rows_path),
        ):
            stream.close()
            path.unlink(missing_ok=True)
