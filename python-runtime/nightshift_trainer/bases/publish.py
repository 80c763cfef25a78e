"""Completes a model folder (training template, base.json) and publishes it by one rename."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import xxhash

from ..files import fsync_folder, write_json
from ..rendering.base import added_tokens, file_hash, special_tokens
from ..rendering.derive import derive_training_template
from ..rendering.template import ChatTemplate

HASHED = ("model.safetensors", "config.json", "tokenizer.json")


def write_training_template(folder: Path) -> None:
    """Raises `TemplateRefused` when the model's own template cannot be marked."""
    settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    special = special_tokens(settings)
    own = ChatTemplate((folder / "chat_template.jinja").read_text("utf-8"), special)
    ends = [special["eos_token"]] if "eos_token" in special else []
    source = derive_training_template(own, [*ends, *added_tokens(folder / "tokenizer.json")])
    (folder / "training_template.jinja").write_text(source, "utf-8")


def folder_hash(folder: Path) -> str:
    """xxh3-128 over the hashes of weights, configuration and tokenizer, in hex."""
    digest = xxhash.xxh3_128()
    weights = sorted(path.name for path in folder.glob("*.safetensors"))
    for name in [*weights, *HASHED[1:]]:
        digest.update(f"{name}:{file_hash(folder / name)}\n".encode())
    return digest.hexdigest()


def remove_partials(target: Path) -> None:
    for old in target.parent.glob(f".{target.name}.*.partial"):
        shutil.rmtree(old, ignore_errors=True)


def publish(
    target: Path,
    fill: Callable[[Path], int],
    *,
    identifier: str,
    name: str,
    label: str,
    licence: str,
) -> dict[str, object]:
    """`fill` writes the model into a temporary folder and answers its parameters; the folder then
    appears whole under `target` or not at all. A folder that is there already is kept."""
    if (target / "base.json").is_file():
        return json.loads((target / "base.json").read_text("utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_partials(target)
    partial = target.parent / f".{target.name}.{os.getpid()}.partial"
    partial.mkdir()
    try:
        parameters = fill(partial)
        write_training_template(partial)
        facts: dict[str, object] = {
            "format": 1,
            "id": identifier,
            "name": name,
            "label": label,
            "hash": folder_hash(partial),
            "licence": licence,
            "parameters": parameters,
            "made": time.time(),
        }
        for path in partial.iterdir():
            path.chmod(0o644)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        write_json(partial / "base.json", facts)
        partial.rename(target)
        fsync_folder(target.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return facts
