"""Atomic files: a reader sees the old content or the new content, never half of one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def fsync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes, durable: bool = True) -> None:
    """Temporary name in the same folder, fsync, rename, fsync of the folder.

    `durable=False` leaves both fsyncs out: for what is worthless after a power cut (heartbeat).
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as stream:
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


def write_json(path: Path, document: Any, durable: bool = True) -> None:  # noqa: ANN401 - JSON
    write_text(path, json.dumps(document, ensure_ascii=False) + "\n", durable)


def read_json(path: Path) -> dict[str, Any]:
    """Refuses a document of a newer format, and what is no document at all."""
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no JSON object.")
    if int(document.get("format", 1)) > 1:
        raise ValueError(f"{path} has format {document['format']}; this program reads format 1.")
    return document


class LineFile:
    """A file that grows by whole lines. What cannot be written (a full disk) waits in memory and
    goes out in order with a later line; no half line stays behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting = bytearray()

    def append(self, document: Any) -> None:  # noqa: ANN401 - JSON
        """Never raises for a disk that is full or gone: `flush` says so to who has to know."""
        self._waiting += (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8")
        try:
            self.flush()
        except OSError:
            return

    def flush(self, durable: bool = False) -> None:
        """Writes what waits. OSError when it cannot be written; it then still waits."""
        with self.path.open("ab", buffering=0) as stream:
            before = stream.seek(0, os.SEEK_END)
            written = 0
            try:
                while written < len(self._waiting):
                    written += stream.write(self._waiting[written:])
            except OSError:
                os.truncate(stream.fileno(), before)
                raise
            self._waiting.clear()
            if durable:
                os.fsync(stream.fileno())
