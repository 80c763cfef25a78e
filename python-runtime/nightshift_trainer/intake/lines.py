"""Physical lines of a file, numbered as by `grep -n`, in constant memory.

Of a line longer than the limit only the beginning and the length are kept, and reading continues
after it. The content hash is computed on the way, so that the file is read once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..wording import count_of
from .records import SHOWN_CHARACTERS
from .streams import (
    FileRefused,
    HashedFile,
    damaged_file,
    data_suffix,
    decompressed,
    read_up_to,
    refuse_truncated_zstd,
    unreadable_file,
)

BLOCK_BYTES = 1 << 20
HEAD_BYTES = 1 << 16
MAX_LINE_BYTES = 16 << 20
# Enough for `SHOWN_CHARACTERS` characters of UTF-8.
SHOWN_BYTES = SHOWN_CHARACTERS * 4
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """`data` without its line ending; `length` in bytes; `too_long` when `data` is only the
    beginning."""

    number: int
    data: bytes
    length: int
    too_long: bool


class LineReader:
    """Iterate once; afterwards `content_hash` and `bytes_read` are those of the whole file."""

    def __init__(self, path: Path, limit: int = MAX_LINE_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._file: HashedFile | None = None

    @property
    def bytes_read(self) -> int:
        """Bytes on disk, before decompression."""
        return 0 if self._file is None else self._file.bytes_read

    @property
    def content_hash(self) -> str:
        assert self._file is not None
        return self._file.content_hash

    def __iter__(self) -> Iterator[Line]:
        number = 0
        pending = bytearray()
        length = 0
        self._file = HashedFile(self._path)

        def where() -> str:
            return f" after line {number:,} ({count_of(self.bytes_read, 'byte')} read)"

        with self._file as file, damaged_file(self._path, where):
            stream = decompressed(self._path, file)
            while block := stream.read(BLOCK_BYTES):
                start = 0
                while (end := block.find(b"\n", start)) >= 0:
                    length += end - start
                    self._append(pending, block[start:end])
                    number += 1
                    yield self._line(number, pending, length)
                    pending = bytearray()
                    length = 0
                    start = end + 1
                length += len(block) - start
                self._append(pending, block[start:])
            file.read_to_end()
        if length > 0:
            yield self._line(number + 1, pending, length)

    def _append(self, pending: bytearray, part: bytes) -> None:
        room = self._limit + 1 - len(pending)
        if room > 0:
            pending += part[:room]

    def _line(self, number: int, pending: bytearray, length: int) -> Line:
        too_long = length > self._limit
        data = bytes(pending[:SHOWN_BYTES]) if too_long else bytes(pending)
        if number == 1 and data.startswith(BYTE_ORDER_MARK):
            data = data[len(BYTE_ORDER_MARK) :]
        if data.endswith(b"\r"):
            data = data[:-1]
        return Line(number, data, length, too_long)


def require_data_file(path: Path) -> None:
    """Raises `FileRefused` for a folder, an empty file and bytes that are not text."""
    with unreadable_file(path):
        if path.is_dir():
            raise FileRefused(f"{path.name} is a folder, not a file.")
        if not path.is_file():
            raise FileRefused(f"{path.name} was not found.")
        if path.stat().st_size == 0:
            raise FileRefused(f"{path.name} is empty (0 bytes).")
    if data_suffix(path) == ".parquet":
        return
    if path.suffix.lower() == ".zst":
        refuse_truncated_zstd(path)
    try:
        head = read_up_to(path, HEAD_BYTES)
    except FileRefused:
        return  # The reader finds the same damage, and can name the line before it.
    _require_text(path, head)


def _require_text(path: Path, head: bytes) -> None:
    if not head:
        raise FileRefused(f"{path.name} is empty after decompression.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused(f"{path.name} is UTF-16. Save it as UTF-8.")
    if b"\x00" in head:
        raise FileRefused(
            f"{path.name} is a binary file (contains NUL bytes). Supported are .jsonl, .json and "
            f".csv in UTF-8, optionally compressed as .gz or .zst, and .parquet."
        )
    if not head.strip(b" \t\r\n" + BYTE_ORDER_MARK) and len(head) < HEAD_BYTES:
        raise FileRefused(f"{path.name} contains only blank lines.")


def shown_text(data: bytes) -> str:
    """The first characters of an invalid line, with replacement characters where needed."""
    return data[:SHOWN_BYTES].decode("utf-8", "replace")[:SHOWN_CHARACTERS]


def content_hash_of(path: Path) -> str:
    """The content hash of a file that was refused before it was read; empty without a file."""
    if not path.is_file():
        return ""
    with HashedFile(path) as file:
        file.read_to_end()
        return file.content_hash
