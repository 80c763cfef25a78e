"""A local transformers folder as base: copied, safetensors only; never pickles, never code."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

from ..rendering.base import BaseRefused

# The limit of the safetensors library.
MAX_HEADER_BYTES = 100_000_000
TEXT_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)


def _count_parameters(weights: list[Path]) -> int:
    """The number of parameters, from the headers alone; no tensor is read."""
    total = 0
    for path in weights:
        try:
            shapes = _shapes(path)
            total += sum(math.prod(shape) for shape in shapes)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BaseRefused(f"{path} is not a valid .safetensors file ({error}).") from error
    return total


def _shapes(weights: Path) -> list[list[int]]:
    with weights.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        if size > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {size:,} bytes")
        header = json.loads(stream.read(size))
    return [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]


def write_folder(source: Path, folder: Path) -> int:
    """Copies a model folder and returns its number of parameters. Raises `BaseRefused`."""
    if not source.is_dir():
        raise BaseRefused(f"{source} is not a folder.")
    weights = sorted(source.glob("*.safetensors"))
    if not weights:
        pickled = [*source.glob("*.bin"), *source.glob("*.pt")]
        detail = f" (only {pickled[0].name}, which can run code when loaded)" if pickled else ""
        raise BaseRefused(f"{source} has no weights in .safetensors format{detail}.")
    for name in ("config.json", "tokenizer.json"):
        if not (source / name).is_file():
            raise BaseRefused(f"{source} can't be used as a base model: {name} is missing.")
    for name in TEXT_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    settings_path = folder / "tokenizer_config.json"
    if not settings_path.is_file():
        settings_path.write_text("{}\n", "utf-8")
    try:
        settings = json.loads(settings_path.read_text("utf-8"))
    except ValueError as error:
        raise BaseRefused(f"{source / settings_path.name} is not valid JSON: {error}.") from error
    if not (folder / "chat_template.jinja").is_file():
        template = settings.get("chat_template")
        if not isinstance(template, str) or not template:
            raise BaseRefused(
                f"{source} has no chat template (chat_template.jinja, or chat_template in "
                f"tokenizer_config.json), so it can't be trained on chats."
            )
        (folder / "chat_template.jinja").write_text(template, "utf-8")
    for path in weights:
        # Copied, not hard-linked: a program that writes into the source must not change the base.
        shutil.copyfile(path, folder / path.name)
    return _count_parameters(weights)
