"""Physical lines of a file, numbered as by `grep -n`, in constant memory.

Of a line longer than the limit only the beginning and the length are kept, and reading continues
after it. The content hash is computed on the way, so that the file is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..wording import count_of
from .encodings import ENCODINGS, EncodingEvidence, wide_encoding
from .file_kinds import other_kind
from .findings import EncodingRequired
from .records import SHOWN_CHARACTERS, Rejection
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
QUOTED = re.compile(rb'"[^"]*"')
CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Line:
    """`data` without its line ending; `length` in bytes; `too_long` when `data` is only the
    beginning."""

    number: int
    data: bytes
    length: int
    too_long: bool


class LineReader:
    """Iterate once, over lines or over `blocks`; afterwards `content_hash` and `bytes_read` are
    those of the whole file. `encoding`: None for UTF-8."""

    def __init__(
        self, path: Path, limit: int = MAX_LINE_BYTES, encoding: str | None = None
    ) -> None:
        self._path = path
        self._limit = limit
        self._lines_read: int | None = None
        self._file: HashedFile | None = None
        self.encoding = encoding

    @property
    def bytes_read(self) -> int:
        """Bytes on disk, before decompression."""
        return 0 if self._file is None else self._file.bytes_read

    @property
    def content_hash(self) -> str:
        assert self._file is not None
        return self._file.content_hash

    def head(self) -> bytes:
        """The first 64 kB as UTF-8, without a byte order mark. Empty for damaged files: reading on
        finds the same damage, and can name the line before it."""
        try:
            head = read_up_to(self._path, HEAD_BYTES, self.encoding)[:HEAD_BYTES]
        except FileRefused:
            return b""
        return head.removeprefix(BYTE_ORDER_MARK)

    def blocks(self) -> Iterator[bytes]:
        """The decompressed content as UTF-8."""
        self._file = HashedFile(self._path)

        def where() -> str:
            line = "" if self._lines_read is None else f" after line {self._lines_read:,}"
            return f"{line} ({count_of(self.bytes_read, 'byte')} read)"

        with self._file as file, damaged_file(self._path, where):
            stream = decompressed(self._path, file, self.encoding)
            while block := stream.read(BLOCK_BYTES):
                yield block
            file.read_to_end()

    def __iter__(self) -> Iterator[Line]:
        pending = bytearray()
        length = 0
        ending = line_ending(self.head())
        self._lines_read = 0
        for block in self.blocks():
            start = 0
            while (end := block.find(ending, start)) >= 0:
                length += end - start
                self._append(pending, block[start:end])
                self._lines_read += 1
                yield self._line(self._lines_read, pending, length)
                pending = bytearray()
                length = 0
                start = end + 1
            length += len(block) - start
            self._append(pending, block[start:])
        if length > 0:
            yield self._line(self._lines_read + 1, pending, length)

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


def line_ending(head: bytes) -> bytes:
    """A carriage return where lines end with it alone (Excel's "CSV (Macintosh)"). Line breaks
    inside quotes are part of a field and count for nothing."""
    unquoted = QUOTED.sub(b"", head).rstrip(b"\r")
    return b"\r" if b"\n" not in unquoted and b"\r" in unquoted else b"\n"


def require_data_file(path: Path, encoding: str | None = None) -> None:
    """Raises `FileRefused` for a folder, an empty file and bytes that are not text, and
    `EncodingRequired` for UTF-16 and UTF-32. `encoding`: what the user has chosen."""
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
        head = read_up_to(path, HEAD_BYTES, encoding)
    except FileRefused:
        return  # The reader finds the same damage, and can name the line before it.
    _require_text(path, head)


def _require_text(path: Path, head: bytes) -> None:
    if not head:
        raise FileRefused(f"{path.name} is empty after decompression.")
    kind = other_kind(path, head)
    if kind is not None:
        raise FileRefused(kind)
    wide = wide_encoding(head)
    if wide is not None:
        evidence = EncodingEvidence()
        evidence.set_wide(wide, head)
        raise EncodingRequired(
            f"{path.name} is not UTF-8; it looks like {ENCODINGS[wide]}. Check the preview and "
            f"choose the encoding, or save the file as UTF-8.",
            evidence,
        )
    if b"\x00" in head and not _has_line_of_text(head):
        raise FileRefused(
            f"{path.name} is a binary file (contains NUL bytes). Supported are .jsonl, .json, "
            f".csv, .tsv and .txt, optionally compressed as .gz or .zst, and .parquet."
        )
    if not head.strip(b" \t\r\n" + BYTE_ORDER_MARK) and len(head) < HEAD_BYTES:
        raise FileRefused(f"{path.name} contains only blank lines.")


def _has_line_of_text(head: bytes) -> bool:
    """A line without NUL bytes: then only the lines that contain them are rejected."""
    lines = head.split(line_ending(head))
    return any(
        line.strip() and b"\x00" not in line and not CONTROL_BYTES.search(line) for line in lines
    )


def shown_text(data: bytes) -> str:
    """The first characters of an invalid line, with replacement characters where needed."""
    return data[:SHOWN_BYTES].decode("utf-8", "replace")[:SHOWN_CHARACTERS]


def too_long(line: Line) -> Rejection:
    return Rejection(
        line.number,
        "line_too_long",
        f"The line has {line.length:,} bytes; the limit is {MAX_LINE_BYTES:,}.",
        shown_text(line.data),
    )


def content_hash_of(path: Path) -> str:
    """The content hash of a file that was refused before it was read; empty without a file."""
    if not path.is_file():
        return ""
    with HashedFile(path) as file:
        file.read_to_end()
        return file.content_hash
