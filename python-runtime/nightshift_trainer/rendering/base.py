"""A model folder as intake and scoring see it: tokenizer, templates, hashes. Never the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash
from tokenizers import Tokenizer

from .template import ChatTemplate
from .tokens import load_tokenizer

SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "pad_token")


class BaseRefused(Exception):
    """The folder is not a model that can be trained; the text says what is missing."""


def file_hash(path: Path) -> str:
    """xxh3-128 of a file's bytes, in hex."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def special_tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    """Special tokens of `tokenizer_config.json` by name; a value may be text or an object."""
    found: dict[str, str] = {}
    for name in SPECIAL_NAMES:
        value = settings.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str):
            found[name] = value
    return found


def added_tokens(tokenizer_json: Path) -> tuple[str, ...]:
    """Texts of all special tokens of the vocabulary."""
    description = json.loads(tokenizer_json.read_text("utf-8"))
    return tuple(
        item["content"] for item in description.get("added_tokens", []) if item.get("special")
    )


@dataclass(frozen=True)
class BaseTexts:
    """Everything needed to turn records into tokens."""

    folder: Path
    tokenizer: Tokenizer
    own: ChatTemplate
    training: ChatTemplate
    special: Mapping[str, str]
    end_tokens: tuple[str, ...]
    eos_id: int
    vocabulary: int
    template_hash: str
    tokenizer_hash: str

    @property
    def end_ids(self) -> frozenset[int]:
        """The ids that end an answer: end of turn and, where it differs, end of text."""
        names = {self.special.get("eos_token"), self.special.get("pad_token")}
        ids = {self.tokenizer.token_to_id(name) for name in names if name is not None}
        return frozenset(int(token) for token in ids if token is not None) | {self.eos_id}


def open_base(folder: Path) -> BaseTexts:
    needed = ("tokenizer.json", "chat_template.jinja", "training_template.jinja")
    for name in needed:
        if not (folder / name).is_file():
            raise BaseRefused(f"{folder} has no {name}: it is not a prepared base model.")
    settings_path = folder / "tokenizer_config.json"
    settings = json.loads(settings_path.read_text("utf-8")) if settings_path.is_file() else {}
    special = special_tokens(settings)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    eos = special.get("eos_token")
    eos_id = tokenizer.token_to_id(eos) if eos is not None else None
    if eos_id is None:
        raise BaseRefused(f"{settings_path} names no eos_token that the tokenizer knows.")
    return BaseTexts(
        folder=folder,
        tokenizer=tokenizer,
        own=ChatTemplate((folder / "chat_template.jinja").read_text("utf-8"), special),
        training=ChatTemplate((folder / "training_template.jinja").read_text("utf-8"), special),
        special=special,
        end_tokens=added_tokens(folder / "tokenizer.json"),
        eos_id=int(eos_id),
        vocabulary=tokenizer.get_vocab_size(with_added_tokens=True),
        template_hash=file_hash(folder / "training_template.jinja"),
        tokenizer_hash=file_hash(folder / "tokenizer.json"),
    )
