"""Which checkpoint is resumed from: the newest whose bytes are all what was saved.

Imports no torch, so that a worker answers it in a moment (docs/protocol.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash

from ...files import read_json

_NAME = re.compile(r"\Astep-(\d{8})\Z")
BLOCK = 1 << 22


@dataclass(frozen=True)
class Found:
    folder: Path
    step: int
    manifest: dict[str, Any]


def hash_file(path: Path, beat: Callable[[], None]) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            beat()
    return digest.hexdigest()


def seal(manifest: Mapping[str, Any]) -> str:
    """xxh3-128, hex, over the manifest's own content without its seal: it holds the cursor, and a
    flipped bit in a number is still good JSON."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8"))


def verify(folder: Path, beat: Callable[[], None]) -> str | None:
    """Null when every byte is what the manifest says, else what is wrong."""
    try:
        manifest = read_json(folder / "manifest.json")
        files: dict[str, Any] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"its manifest.json cannot be read ({error})"
    if manifest.get("seal") != seal(manifest):
        return "the content of manifest.json is not what was saved"
    for name, facts in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != facts["size"]:
            return f"{name} has {path.stat().st_size} bytes instead of {facts['size']}"
        if hash_file(path, beat) != facts["xxh3_128"]:
            return f"the content of {name} is not what was saved"
    return None


def steps_in(root: Path) -> list[tuple[int, Path]]:
    """Published checkpoints, newest first, by number; any junk in the folder is passed over."""
    if not root.is_dir():
        return []
    found = [(int(match[1]), path) for path in root.iterdir() if (match := _NAME.match(path.name))]
    return sorted(found, reverse=True)


def newest(
    root: Path,
    beat: Callable[[], None],
    skipped: Callable[[Path, str], None],
    why_not: Callable[[Found], str | None] = lambda _: None,
) -> Found | None:
    """The newest that verifies and that nothing speaks against; `skipped` hears of each newer one
    that is passed over."""
    for _, folder in steps_in(root):
        found = only(folder, beat, skipped)
        if found is None:
            continue
        reason = why_not(found)
        if reason is None:
            return found
        skipped(folder, reason)
    return None


def only(
    folder: Path, beat: Callable[[], None], skipped: Callable[[Path, str], None]
) -> Found | None:
    """This one checkpoint, if it verifies."""
    reason = verify(folder, beat)
    if reason is None:
        return Found(folder, int(folder.name[5:]), read_json(folder / "manifest.json"))
    skipped(folder, reason)
    return None
