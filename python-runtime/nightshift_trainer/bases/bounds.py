"""Refuses a model folder whose small files ask for more memory than its weights could ever use."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..rendering.base import BaseRefused
from .embeddings import tensor_shapes

# The largest tokenizer.json of a known model has 35 MB; parsing takes about 20 times as much.
MAX_TOKENIZER_BYTES = 128 << 20
MAX_TEXT_BYTES = 16 << 20
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
SIZES = (
    "hidden_size",
    "intermediate_size",
    "vocab_size",
    "n_embd",
    "n_inner",
    "d_model",
    "head_dim",
    "num_attention_heads",
    "num_key_value_heads",
    "num_experts",
    "num_local_experts",
)


def require_bounded(source: Path, weights: Sequence[Path]) -> None:
    """Raises `BaseRefused`. Call it before anything but the headers of the weights is read."""
    for path in sorted(source.iterdir()):
        limit = MAX_TOKENIZER_BYTES if path.name == "tokenizer.json" else MAX_TEXT_BYTES
        is_text = path.suffix in (".json", ".jinja")
        if is_text and path.is_file() and path.stat().st_size > limit:
            raise BaseRefused(
                f"{path} has {path.stat().st_size:,} bytes; a model folder is read up to "
                f"{limit:,}. Use the file that its publisher provides."
            )
    shapes = [shape for path in weights for shape in tensor_shapes(path).values()]
    parameters = sum(math.prod(shape) for shape in shapes)
    try:
        config = json.loads((source / "config.json").read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BaseRefused(f"{source / 'config.json'} is not JSON: {error}.") from error
    for name, value in _numbers(config):
        most = len(shapes) if name in LAYERS else parameters if name in SIZES else None
        if most is not None and value > most:
            found = "tensors" if name in LAYERS else "parameters"
            raise BaseRefused(
                f"{source} can't be used as a base model: config.json has {name} {value:,}, but "
                f"its weights have only {most:,} {found}. Use the config.json of these weights."
            )


def _numbers(config: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - parsed JSON
    """The whole numbers of the settings and of those of a nested model."""
    if not isinstance(config, dict):
        return
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _numbers(value)
        elif isinstance(value, int):
            yield str(name), value
