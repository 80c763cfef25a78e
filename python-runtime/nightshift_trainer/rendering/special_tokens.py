"""The special tokens of a model folder: from tokenizer_config.json, and from the files that name
them where it doesn't (special_tokens_map.json, generation_config.json, config.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from tokenizers import Tokenizer

SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "pad_token")


def read_settings(path: Path) -> dict[str, Any]:
    """The JSON object of a settings file; empty without the file. ValueError when it is damaged."""
    if not path.is_file():
        return {}
    document: Any = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return cast("dict[str, Any]", document)


def special_tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens that a file names; a value may be a string or an object with `content`."""
    tokens: dict[str, str] = {}
    for name in SPECIAL_NAMES:
        value = settings.get(name)
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get("content")
        if isinstance(value, str):
            tokens[name] = value
    return tokens


def generation_end_ids(folder: Path) -> tuple[int, ...]:
    """The ids that end a generation, in the order of generation_config.json, else config.json."""
    for name in ("generation_config.json", "config.json"):
        value = read_settings(folder / name).get("eos_token_id")
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        ids = tuple(number for number in values if isinstance(number, int))
        if ids:
            return ids
    return ()


def read_special_tokens(folder: Path, tokenizer: Tokenizer) -> dict[str, str]:
    """As transformers reads them; the end token also from the ids that end a generation."""
    tokens = {
        **special_tokens(read_settings(folder / "special_tokens_map.json")),
        **special_tokens(read_settings(folder / "tokenizer_config.json")),
    }
    if "eos_token" not in tokens:
        for number in generation_end_ids(folder):
            text = tokenizer.id_to_token(number)
            if text is not None:
                tokens["eos_token"] = text
                break
    return tokens


def added_tokens(tokenizer_json: Path) -> tuple[str, ...]:
    """The texts of all special tokens in the vocabulary."""
    description = json.loads(tokenizer_json.read_text("utf-8"))
    return tuple(
        token["content"] for token in description.get("added_tokens", []) if token.get("special")
    )


def text_prefix(tokenizer_json: Path) -> tuple[int, ...]:
    """The ids that the model's tokenizer puts before a raw text, usually the begin token or none.
    The post-processor decides, as in transformers, which ignores `add_bos_token` beside it."""
    tokenizer = Tokenizer.from_file(str(tokenizer_json))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoding = tokenizer.encode("a", add_special_tokens=True)
    prefix: list[int] = []
    for number, is_special in zip(encoding.ids, encoding.special_tokens_mask, strict=True):
        if not is_special:
            break
        prefix.append(int(number))
    return tuple(prefix)
