"""A local transformers folder as base: safetensors only, copied; never pickles, never code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ..rendering.base import BaseRefused

TEXT_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)


def _parameters(weights: list[Path]) -> int:
    """Counted from the headers; the tensors themselves are not read."""
    total = 0
    for path in weights:
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            count = 1
            for length in tensor["shape"]:
                count *= length
            total += count
    return total


def write_folder(source: Path, folder: Path) -> int:
    """Takes over a model folder; `BaseRefused` says what is missing."""
    if not source.is_dir():
        raise BaseRefused(f"{source} is not a folder.")
    weights = sorted(source.glob("*.safetensors"))
    if not weights:
        pickled = [*source.glob("*.bin"), *source.glob("*.pt")]
        what = (
            f"only {pickled[0].name}, which can run code when loaded" if pickled else "no weights"
        )
        raise BaseRefused(f"{source} holds {what}; weights in .safetensors are needed.")
    for name in ("config.json", "tokenizer.json"):
        if not (source / name).is_file():
            raise BaseRefused(f"{source} has no {name}.")
    for name in TEXT_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    settings_path = folder / "tokenizer_config.json"
    settings = json.loads(settings_path.read_text("utf-8")) if settings_path.is_file() else {}
    if not settings_path.is_file():
        settings_path.write_text("{}\n", "utf-8")
    if not (folder / "chat_template.jinja").is_file():
        template = settings.get("chat_template")
        if not isinstance(template, str) or not template:
            raise BaseRefused(
                f"{source} has no chat template (chat_template.jinja, or chat_template in "
                f"tokenizer_config.json): it cannot be asked questions as it is."
            )
        (folder / "chat_template.jinja").write_text(template, "utf-8")
    for path in weights:
        # A copy, never a link: a program that writes into its own folder must not change the base.
        shutil.copyfile(path, folder / path.name)
    return _parameters(weights)
