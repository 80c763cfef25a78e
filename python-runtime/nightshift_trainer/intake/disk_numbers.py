"""Numbers of every row of a file, on disk: in memory they made the worker grow with the file."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

BUFFER = 1 << 15


class DiskNumbers(Sequence[int]):
    """64-bit numbers in the order in which they were added; only the newest are in memory.
    `typecode`: `q` or `Q`. `folder`: for the temporary file, which has no name."""

    def __init__(self, typecode: str, folder: Path | None) -> None:
        self._typecode, self._folder = typecode, folder
        self._buffer: array[int] = array(typecode)
        self._stream: Any = None
        self._stored = 0

    def append(self, number: int) -> None:
        self._buffer.append(number)
        if len(self._buffer) >= BUFFER:
            self._store()

    def _store(self) -> None:
        if self._stream is None:
            # Open as long as this object lives; the system removes it.
            self._stream = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        self._stream.seek(0, 2)
        self._stream.write(self._buffer.tobytes())
        self._stored += len(self._buffer)
        self._buffer = array(self._typecode)

    def _part(self, start: int, stop: int) -> array[int]:
        numbers: array[int] = array(self._typecode)
        if start < self._stored:
            self._stream.seek(start * numbers.itemsize)
            count = min(stop, self._stored) - start
            numbers.frombytes(self._stream.read(count * numbers.itemsize))
        if stop > self._stored:
            numbers.extend(self._buffer[max(0, start - self._stored) : stop - self._stored])
        return numbers

    def __len__(self) -> int:
        return self._stored + len(self._buffer)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> array[int]: ...

    def __getitem__(self, index: int | slice) -> int | array[int]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self._part(start, stop)[::step] if start < stop else array(self._typecode)
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(index)
        return self._part(position, position + 1)[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: ANN401
        kind = "<i8" if self._typecode == "q" else "<u8"
        values = np.frombuffer(self._part(0, len(self)).tobytes(), dtype=kind)
        return values if dtype is None else values.astype(dtype)
