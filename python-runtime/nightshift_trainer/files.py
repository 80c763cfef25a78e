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
    with temporary.open("wb") as stream:
        stream.write(content)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    temporary.replace(path)
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
