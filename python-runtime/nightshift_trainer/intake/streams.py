"""The bytes of a data file: unpacked when its name says so, hashed as they lie on the disk."""

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

PACKED = (".gz", ".zst")


class FileRefused(Exception):
    """The file as a whole cannot be read as a dataset; the text says why and what to do."""


def data_suffix(path: Path) -> str:
    """The ending that names the format, small: `.jsonl` of `a.jsonl.gz`."""
    plain = path.with_suffix("") if path.suffix.lower() in PACKED else path
    return plain.suffix.lower()


class HashedFile(io.RawIOBase):
    """The file as it lies on the disk; its hash and how much was read so far."""

    def __init__(self, path: Path) -> None:
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
        count = self._stream.readinto(view) or 0
        self._digest.update(view[:count])
        self.bytes_read += count
        return count

    def read_on(self) -> None:
        """To the end, for the hash: an unpacker stops where its data ends."""
        while self.read(1 << 20):
            pass

    def close(self) -> None:
        self._stream.close()
        super().close()


def unpacked(path: Path, raw: io.RawIOBase) -> BinaryIO:
    ending = path.suffix.lower()
    if ending == ".gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=cast("BinaryIO", raw), mode="rb"))
    if ending == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(
            cast("BinaryIO", raw), read_across_frames=True, closefd=False
        )
        return cast("BinaryIO", reader)
    return cast("BinaryIO", raw)


@contextmanager
def damage_refused(path: Path, where: Callable[[], str] = str) -> Iterator[None]:
    """What an unpacker says of a broken file, as a refusal. `where`: how far it was read, or
    nothing."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise FileRefused(
            f"{path.name} cannot be unpacked{where()}: {reason}. Copy or download it again."
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes, for a look at the beginning or for a file that is read whole."""
    with path.open("rb") as raw, damage_refused(path):
        yield unpacked(path, cast("io.RawIOBase", raw))


def read_up_to(path: Path, most: int) -> bytes:
    """At most `most` unpacked bytes."""
    parts: list[bytes] = []
    with opened(path) as stream:
        while most > 0 and (part := stream.read(min(most, 1 << 20))):
            parts.append(part)
            most -= len(part)
    return b"".join(parts)


_FRAME, _SKIPPABLE = 0xFD2FB528, range(0x184D2A50, 0x184D2A60)
_LONGEST_HEADER = 18


def refuse_cut_zstd(path: Path) -> None:
    """An unpacker takes a `.zst` file that ends between two blocks for a shorter one, silently. So
    the borders of its frames and blocks are walked along first; nothing is unpacked for that."""
    size = path.stat().st_size
    place = 0
    with path.open("rb") as stream:
        while place + 4 <= size:
            stream.seek(place)
            head = stream.read(_LONGEST_HEADER)
            magic = int.from_bytes(head[:4], "little")
            if magic in _SKIPPABLE:
                place += 8 + int.from_bytes(head[4:8], "little")
            elif magic == _FRAME:
                place = _behind_frame(stream, place, head, size)
            else:
                return  # The unpacker says what these bytes are not.
    if place != size:
        raise FileRefused(
            f"{path.name} is cut: it has {size:,} bytes and goes on to byte {place:,} at least. "
            "Copy or download it again."
        )


def _behind_frame(stream: BinaryIO, place: int, head: bytes, size: int) -> int:
    """Where the frame at `place` ends; beyond `size` when it is cut."""
    try:
        header = zstandard.frame_header_size(head)
        has_checksum = zstandard.get_frame_parameters(head).has_checksum
    except zstandard.ZstdError:
        return max(size + 1, place + _LONGEST_HEADER)
    place += header
    is_last = False
    while not is_last:
        stream.seek(place)
        data = stream.read(3)
        if len(data) < 3:
            return max(size + 1, place + 3)
        block = int.from_bytes(data, "little")
        is_last, is_repeated = block & 1 == 1, (block >> 1) & 3 == 1
        place += 3 + (1 if is_repeated else block >> 3)
    return place + (4 if has_checksum else 0)
