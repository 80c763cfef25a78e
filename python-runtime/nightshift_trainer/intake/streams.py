"""The bytes of a data file: decompressed by its suffix, hashed as stored on disk."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import xxhash
import zstandard

from ..limits import unpacked_limit, unpacked_message
from .encodings import Transcoded

COMPRESSED_SUFFIXES = (".gz", ".zst")
ZSTD_FRAME_MAGIC, ZSTD_SKIPPABLE_MAGICS = 0xFD2FB528, range(0x184D2A50, 0x184D2A60)
MAX_ZSTD_HEADER_BYTES = 18


class FileRefused(Exception):
    """The whole file can't be read as a dataset; the message says why and what to do."""

    category = "dataset_error"


class FileUnreadable(Exception):
    """The system can't read the data file. Another file may be readable, so it counts against the
    dataset, unlike a failure to write into the workspace."""

    category = "dataset_error"


@contextmanager
def unreadable_file(path: Path) -> Iterator[None]:
    """Turns an OSError of the data file itself into `FileUnreadable`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileUnreadable(f"{path.name} can't be read: {reason}.") from error


def data_suffix(path: Path) -> str:
    """The lower-case suffix that names the format: `.jsonl` of `a.jsonl.gz`."""
    plain = path.with_suffix("") if path.suffix.lower() in COMPRESSED_SUFFIXES else path
    return plain.suffix.lower()


class HashedFile(io.RawIOBase):
    """The file as stored on disk, with the hash and the number of the bytes read so far. Raises
    `FileUnreadable`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with unreadable_file(path):
            self._stream = path.open("rb", buffering=0)
        self._digest = xxhash.xxh3_128()
        self.bytes_read = 0

    @property
    def content_hash(self) -> str:
        return self._digest.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        with unreadable_file(self._path):
            count = self._stream.readinto(view) or 0
        self._digest.update(view[:count])
        self.bytes_read += count
        return count

    def read_to_end(self) -> None:
        """For the hash: a decompressor stops where its data ends."""
        while self.read(1 << 20):
            pass

    def close(self) -> None:
        self._stream.close()
        super().close()


def decompressed(path: Path, raw: io.RawIOBase, encoding: str | None = None) -> BinaryIO:
    """The bytes inside the compression; with an `encoding`, converted from it to UTF-8."""
    stream = _unpacked(path, raw)
    if path.suffix.lower() in COMPRESSED_SUFFIXES:
        stream = cast("BinaryIO", _Bounded(path, stream))
    return stream if encoding is None else cast("BinaryIO", Transcoded(stream, encoding))


def _unpacked(path: Path, raw: io.RawIOBase) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=cast("BinaryIO", raw), mode="rb"))
    if suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(
            cast("BinaryIO", raw), read_across_frames=True, closefd=False
        )
        return cast("BinaryIO", reader)
    return cast("BinaryIO", raw)


class _Bounded(io.RawIOBase):
    """Raises `FileRefused` for a few bytes that unpack to very many."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._name, self._stream = path.name, stream
        self._size = path.stat().st_size
        self._left = unpacked_limit(self._size)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise FileRefused(unpacked_message(self._name, self._size))
        return data

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


@contextmanager
def damaged_file(path: Path, where: Callable[[], str] = str) -> Iterator[None]:
    """Turns an error of the decompressor into `FileRefused`. `where`: how far the file was read,
    appended to the sentence."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        raise FileRefused(
            f"{path.name} can't be decompressed{where()}: {_damage(path, error)}"
        ) from error


def _damage(path: Path, error: Exception) -> str:
    again = "Copy or download it again."
    text = str(error)
    if isinstance(error, EOFError):
        return f"it ends before its compressed data does. {again}"
    if "Not a gzipped file" in text:
        with path.open("rb") as stream:
            is_gzip = stream.read(2) == b"\x1f\x8b"
        if is_gzip:
            return f"bytes that aren't gzip follow the compressed data. {again}"
        plain = path.name[: -len(path.suffix)]
        return f"it isn't gzip-compressed. If it is plain text, rename it to {plain}."
    if "CRC check failed" in text or "Incorrect length" in text:
        return f"the checksum at its end doesn't match its content. {again}"
    return f"its compressed data is damaged. {again}"


def read_up_to(path: Path, limit: int, encoding: str | None = None) -> bytes:
    """At most `limit` decompressed bytes from the beginning, or a little more in an `encoding`."""
    parts: list[bytes] = []
    with HashedFile(path) as raw, damaged_file(path):
        stream = decompressed(path, raw, encoding)
        while limit > 0 and (part := stream.read(min(limit, 1 << 20))):
            parts.append(part)
            limit -= len(part)
    return b"".join(parts)


def refuse_truncated_zstd(path: Path) -> None:
    """A decompressor silently accepts a `.zst` file that ends between two blocks. So the borders of
    frames and blocks are checked first, without decompressing anything."""
    with unreadable_file(path):
        size = path.stat().st_size
        end = _last_frame_end(path, size)
    if end is not None and end != size:
        raise FileRefused(
            f"{path.name} is truncated: it has {size:,} bytes but needs at least {end:,}. "
            "Copy or download it again."
        )


def _last_frame_end(path: Path, size: int) -> int | None:
    """Beyond `size` when the file is truncated; None for bytes that are not zstandard, which the
    decompressor reports."""
    position = 0
    with path.open("rb") as stream:
        while position + 4 <= size:
            stream.seek(position)
            head = stream.read(MAX_ZSTD_HEADER_BYTES)
            magic = int.from_bytes(head[:4], "little")
            if magic in ZSTD_SKIPPABLE_MAGICS:
                position += 8 + int.from_bytes(head[4:8], "little")
            elif magic == ZSTD_FRAME_MAGIC:
                position = _frame_end(stream, position, head, size)
            else:
                return None
    return position


def _frame_end(stream: BinaryIO, position: int, head: bytes, size: int) -> int:
    """Where the frame at `position` ends; beyond `size` when it is truncated."""
    try:
        header = zstandard.frame_header_size(head)
        has_checksum = zstandard.get_frame_parameters(head).has_checksum
    except zstandard.ZstdError:
        return max(size + 1, position + MAX_ZSTD_HEADER_BYTES)
    position += header
    is_last = False
    while not is_last:
        stream.seek(position)
        data = stream.read(3)
        if len(data) < 3:
            return max(size + 1, position + 3)
        block = int.from_bytes(data, "little")
        is_last, is_repeated = block & 1 == 1, (block >> 1) & 3 == 1
        position += 3 + (1 if is_repeated else block >> 3)
    return position + (4 if has_checksum else 0)
