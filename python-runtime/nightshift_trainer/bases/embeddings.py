"""Compares the tokenizer of a model folder with its embeddings, from the headers of the weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from tokenizers import Tokenizer

from ..rendering.base import BaseRefused
from ..rendering.special_tokens import read_settings

# The limit of the safetensors library.
MAX_HEADER_BYTES = 100_000_000
# The input embeddings in the architectures of transformers.
EMBEDDINGS = (
    "embed_tokens.weight",
    "wte.weight",
    "embed_in.weight",
    "word_embeddings.weight",
    "tok_embeddings.weight",
    "embeddings.weight",
)


def tensor_shapes(weights: Path) -> dict[str, list[int]]:
    """By name; no tensor is read. Raises `BaseRefused` for a file that is not safetensors."""
    try:
        with weights.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            if size > MAX_HEADER_BYTES:
                raise ValueError(f"a header of {size:,} bytes")
            header = json.loads(stream.read(size))
        return {
            str(name): [int(length) for length in tensor["shape"]]
            for name, tensor in header.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaseRefused(f"{weights} is not a valid .safetensors file ({error}).") from error


def _embedding_rows(source: Path, weights: Sequence[Path]) -> int | None:
    """The number of token ids that the model knows; None where nothing says it."""
    sizes = [
        shape[0]
        for path in weights
        for name, shape in tensor_shapes(path).items()
        if len(shape) == 2 and name.endswith(EMBEDDINGS) and "position" not in name
    ]
    config = read_settings(source / "config.json")
    nested: Any = config.get("text_config")
    for settings in (config, nested if isinstance(nested, dict) else {}):
        size = cast("dict[str, Any]", settings).get("vocab_size")
        if isinstance(size, int):
            sizes.append(size)
    return min(sizes, default=None)


def require_embeddings(source: Path, weights: Sequence[Path]) -> None:
    """Raises `BaseRefused` when the tokenizer makes ids that the model has no embedding for."""
    rows = _embedding_rows(source, weights)
    try:
        tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    # The tokenizers library reports a damaged file as a bare Exception.
    except Exception as error:
        raise BaseRefused(f"{source / 'tokenizer.json'} can't be loaded: {error}.") from error
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    if rows is None or not vocabulary:
        return
    token, highest = max(vocabulary.items(), key=lambda item: item[1])
    if highest >= rows:
        beyond = sum(1 for number in vocabulary.values() if number >= rows)
        raise BaseRefused(
            f"{source} can't be used as a base model: its tokenizer has token ids up to "
            f"{highest:,} ({token!r}), its embeddings end at {rows - 1:,}, so {beyond:,} of its "
            f"tokens can't be trained. Resize the embeddings, or use the tokenizer of this model."
        )
