"""Physical lines of a file, counted as `grep -n` counts, in flat memory.

A line longer than the limit is not kept: it comes back as its beginning and its length, and
reading goes on behind it. The content hash is taken on the way, so a file is read once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .streams import (
    FileRefused,
    HashedFile,
    damage_refused,
    data_suffix,
    read_up_to,
    refuse_cut_zstd,
    unpacked,
)

BLOCK = 1 << 20
MAX_LINE_BYTES = 16 << 20
SHOWN = 500
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """`data` without its line end; `length` in bytes; `too_long` when `data` is only the start."""

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
        """Of the file as it lies on the disk."""
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
            return f" behind line {number:,} (byte {self.bytes_read:,} was read)"

        with self._file as file, damage_refused(self._path, where):
            stream = unpacked(self._path, file)
            while block := stream.read(BLOCK):
                start = 0
                while (end := block.find(b"\n", start)) >= 0:
                    length += end - start
                    self._keep(pending, block[start:end])
                    number += 1
                    yield self._line(number, pending, length)
                    pending = bytearray()
                    length = 0
                    start = end + 1
                length += len(block) - start
                self._keep(pending, block[start:])
            file.read_on()
        if length > 0:
            yield self._line(number + 1, pending, length)

    def _keep(self, pending: bytearray, part: bytes) -> None:
        room = self._limit + 1 - len(pending)
        if room > 0:
            pending += part[:room]

    def _line(self, number: int, pending: bytearray, length: int) -> Line:
        too_long = length > self._limit
        data = bytes(pending[: SHOWN * 4]) if too_long else bytes(pending)
        if number == 1 and data.startswith(BYTE_ORDER_MARK):
            data = data[len(BYTE_ORDER_MARK) :]
        if data.endswith(b"\r"):
            data = data[:-1]
        return Line(number, data, length, too_long)


def refuse_what_is_not_text(path: Path) -> None:
    """Raises `FileRefused` for a folder, an empty file and bytes that are not text."""
    if path.is_dir():
        raise FileRefused(f"{path.name} is a folder, not a file.")
    if not path.is_file():
        raise FileRefused(f"{path.name} is not there.")
    if path.stat().st_size == 0:
        raise FileRefused(f"{path.name} is empty (0 bytes).")
    if data_suffix(path) == ".parquet":
        return
    if path.suffix.lower() == ".zst":
        refuse_cut_zstd(path)
    try:
        head = read_up_to(path, 1 << 16)
    except FileRefused:
        return  # The reader comes to the same place and can name the line before it.
    if not head:
        raise FileRefused(f"{path.name} is empty once it is unpacked.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused(f"{path.name} is UTF-16 text. Save it as UTF-8.")
    if b"\x00" in head:
        raise FileRefused(
            f"{path.name} is not a text file (it holds zero bytes). "
            f"Accepted are .jsonl, .json and .csv in UTF-8, each also as .gz or .zst, and .parquet."
        )
    if not head.strip(b" \t\r\n" + BYTE_ORDER_MARK) and len(head) < 1 << 16:
        raise FileRefused(f"{path.name} holds only blank lines.")


def shown_text(data: bytes) -> str:
    """The first characters of a bad line, as they can be shown."""
    return data[: SHOWN * 4].decode("utf-8", "replace")[:SHOWN]


def hash_of(path: Path) -> str:
    """The content hash of a file that was refused before it was read; empty for no file."""
    if not path.is_file():
        return ""
    with HashedFile(path) as file:
        file.read_on()
        return file.content_hash
