"""The hash of a file: of checkpoints, token caches, base models and validation sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xxhash

BLOCK_BYTES = 1 << 20


def file_hash(path: Path, on_block: Callable[[], None] = lambda: None) -> str:
    """xxh3-128 of a file's bytes, in hex. `on_block` is called after each megabyte."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            on_block()
    return digest.hexdigest()
