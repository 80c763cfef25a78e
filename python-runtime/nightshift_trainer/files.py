"""Atomic writes: a reader sees the old content or the new content, never a mixture."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

# They say something about this process or the machine at this moment, nothing about the file.
_TEMPORARY = {errno.EAGAIN, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
SURROGATES = re.compile("[\ud800-\udfff]")


def is_temporary(error: BaseException) -> bool:
    """Whether nothing is known of the file: it must be taken neither for missing nor damaged."""
    return isinstance(error, OSError) and error.errno in _TEMPORARY


def raise_if_temporary(error: BaseException) -> None:
    if is_temporary(error):
        raise error


def fsync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable. Windows has no such call and doesn't need it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Windows has neither. A pipe in place of a file would block its reader or writer for ever.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def _open_regular(path: Path, flags: int) -> int:
    """OSError for anything but a regular file. What is made is for this account alone."""
    descriptor = os.open(path, flags | _NO_WAIT | _BINARY, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(f"{path} is not a regular file")


def open_append(path: Path) -> int:
    """A descriptor for appending. OSError for a link, which would lead to another file."""
    return _open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW)


def read_text(path: Path) -> str:
    """As `Path.read_text`, but never waits for a pipe."""
    with os.fdopen(_open_regular(path, os.O_RDONLY), "rb") as stream:
        return stream.read().decode("utf-8")


def remove_tree(path: Path) -> None:
    """Removes a folder with its content, or a link itself; OSErrors are ignored. Nothing is removed
    through a link in place of the folder that holds it, which may lead anywhere."""
    if path.parent.is_symlink():
        return
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def write_bytes(path: Path, content: bytes, durable: bool = True) -> None:
    """Writes to a temporary name in the same folder, fsyncs, renames, and fsyncs the folder.

    `durable=False` skips both fsyncs: for files that are useless after a power cut (heartbeat).
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # A leftover of an earlier process of this pid, or a link that somebody put there.
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
        with os.fdopen(_open_regular(temporary, flags), "wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        fsync_folder(path.parent)


def write_text(path: Path, content: str, durable: bool = True) -> None:
    write_bytes(path, content.encode("utf-8"), durable)


def without_surrogates(text: str) -> str:
    """Half surrogates, which UTF-8 can't represent, become replacement characters."""
    return text if text.isascii() else SURROGATES.sub("\ufffd", text)


def write_json(path: Path, document: Any, durable: bool = True) -> None:  # noqa: ANN401 - JSON
    text = without_surrogates(json.dumps(document, ensure_ascii=False))
    write_text(path, text + "\n", durable)


def read_json(path: Path) -> dict[str, Any]:
    """ValueError when the file holds no JSON object, or one of a newer format."""
    document = json.loads(read_text(path))
    if not isinstance(document, dict):
        raise ValueError(f"{path} doesn't contain a JSON object.")
    if int(document.get("format", 1)) > 1:
        raise ValueError(
            f"{path} has format {document['format']}; this version of Nightshift reads format 1."
        )
    return document


class LineFile:
    """An append-only file of JSON lines. Lines that can't be written (disk full) stay in memory and
    are written in order before the next line; a partial line is truncated."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pending = bytearray()

    def append(self, document: Any) -> None:  # noqa: ANN401 - JSON
        """Never raises when the disk is full or gone; use `flush` to learn whether it worked."""
        self._pending += (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8")
        try:
            self.flush()
        except OSError:
            return

    def flush(self, durable: bool = False) -> None:
        """Writes all pending lines. OSError when that fails; the lines then stay pending."""
        with os.fdopen(open_append(self.path), "ab", buffering=0) as stream:
            before = stream.seek(0, os.SEEK_END)
            written = 0
            try:
                while written < len(self._pending):
                    written += stream.write(self._pending[written:])
            except OSError:
                os.truncate(stream.fileno(), before)
                raise
            self._pending.clear()
            if durable:
                os.fsync(stream.fileno())
