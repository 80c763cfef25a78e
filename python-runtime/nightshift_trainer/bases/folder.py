"""A local transformers folder as base: copied, safetensors only; never pickles, never code."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..architectures import UnsupportedModel, class_name
from ..rendering.base import BaseRefused
from ..rendering.special_tokens import read_settings
from .bounds import require_bounded
from .embeddings import EMBEDDINGS, require_embeddings, tensor_shapes
from .named_templates import read_chat_template

# The output layer in the architectures of transformers.
HEADS = ("lm_head.weight", "embed_out.weight")
TEXT_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)


def _count_parameters(weights: list[Path], settings: Mapping[str, Any]) -> int:
    """The number of parameters, from the headers alone; no tensor is read. An output layer that is
    the input embeddings counts once, also where the file has both."""
    shapes = {name: shape for path in weights for name, shape in tensor_shapes(path).items()}
    is_tied = settings.get("tie_word_embeddings") is True
    has_embeddings = any(name.endswith(EMBEDDINGS) for name in shapes)
    return sum(
        math.prod(shape)
        for name, shape in shapes.items()
        if not (is_tied and has_embeddings and name.endswith(HEADS))
    )


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
    try:
        class_name(source)
    except UnsupportedModel as error:
        raise BaseRefused(f"{source} can't be used as a base model: {error}.") from error
    require_bounded(source, weights)
    for name in TEXT_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    settings_path = folder / "tokenizer_config.json"
    if not settings_path.is_file():
        settings_path.write_text("{}\n", "utf-8")
    (folder / "chat_template.jinja").write_text(read_chat_template(source), "utf-8")
    require_embeddings(source, weights)
    for path in weights:
        # Copied, not hard-linked: a program that writes into the source must not change the base.
        shutil.copyfile(path, folder / path.name)
    return _count_parameters(weights, read_settings(source / "config.json"))
