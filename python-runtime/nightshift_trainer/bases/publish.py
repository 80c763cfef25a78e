"""Completes a model folder (training template, base.json) and publishes it with one rename."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import xxhash

from ..files import fsync_folder, read_json, remove_tree, write_json
from ..hashing import file_hash
from ..renamed_fields import with_current_names
from ..rendering.base import BaseRefused
from ..rendering.derive import derive_training_template
from ..rendering.special_tokens import added_tokens, read_special_tokens
from ..rendering.template import ChatTemplate
from ..rendering.tokens import load_tokenizer

# Hashed after the weights, in this order: existing bases are identified by the result.
HASHED_FILES = ("config.json", "tokenizer.json")


def write_training_template(folder: Path) -> None:
    """Raises `TemplateRefused` when no training template can be derived from the model's own."""
    special = _special_tokens(folder)
    chat_template = ChatTemplate((folder / "chat_template.jinja").read_text("utf-8"), special)
    source = derive_training_template(
        chat_template, [special["eos_token"], *added_tokens(folder / "tokenizer.json")]
    )
    (folder / "training_template.jinja").write_text(source, "utf-8")


def _special_tokens(folder: Path) -> dict[str, str]:
    """Raises `BaseRefused` for a tokenizer that can't be loaded or names no end token."""
    try:
        tokenizer = load_tokenizer(folder / "tokenizer.json")
        special = read_special_tokens(folder, tokenizer)
    except OSError:
        raise
    # The tokenizers library reports a damaged file as a bare Exception.
    except Exception as error:
        raise BaseRefused(f"The tokenizer can't be loaded: {error}.") from error
    eos = special.get("eos_token")
    if eos is None or tokenizer.token_to_id(eos) is None:
        raise BaseRefused(
            "The tokenizer has no end token: tokenizer_config.json and special_tokens_map.json "
            "name no eos_token that is in the vocabulary, and generation_config.json no "
            "eos_token_id."
        )
    return special


def folder_hash(folder: Path) -> str:
    """xxh3-128 over the hashes of weights, configuration and tokenizer, in hex."""
    digest = xxhash.xxh3_128()
    weights = sorted(path.name for path in folder.glob("*.safetensors"))
    for name in [*weights, *HASHED_FILES]:
        digest.update(f"{name}:{file_hash(folder / name)}\n".encode())
    return digest.hexdigest()


def remove_partials(target: Path) -> None:
    for old in target.parent.glob(f".{target.name}.*.partial"):
        remove_tree(old)


def publish(
    target: Path,
    fill: Callable[[Path], int],
    *,
    identifier: str,
    name: str,
    label: str,
    license_name: str,
    check: Callable[[Path, int], None] | None = None,
) -> dict[str, object]:
    """Publishes the folder that `fill` writes, and returns its base.json. `fill` gets a temporary
    folder and returns the number of parameters; `check` gets both and may refuse. An existing
    `target` is kept unchanged."""
    if (target / "base.json").is_file():
        return with_current_names(read_json(target / "base.json"))
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_partials(target)
    partial = target.parent / f".{target.name}.{os.getpid()}.partial"
    partial.mkdir()
    try:
        parameters = fill(partial)
        write_training_template(partial)
        if check is not None:
            check(partial, parameters)
        facts: dict[str, object] = {
            "format": 1,
            "id": identifier,
            "name": name,
            "label": label,
            "hash": folder_hash(partial),
            "license": license_name,
            "parameters": parameters,
            "made": time.time(),
        }
        for path in partial.iterdir():
            path.chmod(0o600)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        write_json(partial / "base.json", facts)
        partial.rename(target)
        fsync_folder(target.parent)
    except BaseException:
        remove_tree(partial)
        raise
    return facts
