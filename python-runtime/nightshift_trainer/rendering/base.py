"""A prepared base model without its weights: tokenizer, templates and hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash
from tokenizers import Tokenizer

from .template import ChatTemplate, TemplateRefused
from .tokens import load_tokenizer

SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "pad_token")
NEEDED_FILES = ("tokenizer.json", "chat_template.jinja", "training_template.jinja")


class BaseRefused(Exception):
    """The folder is not a model that can be trained; the message says what is missing."""

    category = "model_not_found"


def file_hash(path: Path) -> str:
    """xxh3-128 of a file's bytes, in hex."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def special_tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens of `tokenizer_config.json` by name; a value may be a string or an
    object."""
    tokens: dict[str, str] = {}
    for name in SPECIAL_NAMES:
        value = settings.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str):
            tokens[name] = value
    return tokens


def added_tokens(tokenizer_json: Path) -> tuple[str, ...]:
    """The texts of all special tokens in the vocabulary."""
    description = json.loads(tokenizer_json.read_text("utf-8"))
    return tuple(
        token["content"] for token in description.get("added_tokens", []) if token.get("special")
    )


@dataclass(frozen=True)
class PreparedBase:
    """Everything needed to turn records into tokens. `chat_template`: the model's own;
    `training_template`: the one derived from it, which marks the answers."""

    folder: Path
    tokenizer: Tokenizer
    chat_template: ChatTemplate
    training_template: ChatTemplate
    special_tokens: Mapping[str, str]
    end_tokens: tuple[str, ...]
    eos_id: int
    vocabulary: int
    template_hash: str
    tokenizer_hash: str

    @property
    def end_ids(self) -> frozenset[int]:
        """The ids that end an answer: end of turn and, where it differs, end of text."""
        names = {self.special_tokens.get("eos_token"), self.special_tokens.get("pad_token")}
        ids = {self.tokenizer.token_to_id(name) for name in names if name is not None}
        return frozenset(int(token) for token in ids if token is not None) | {self.eos_id}


def open_base(folder: Path) -> PreparedBase:
    """Raises `BaseRefused` for a folder that is not a prepared base model, OSError for a file that
    can't be read."""
    for name in NEEDED_FILES:
        if not (folder / name).is_file():
            raise BaseRefused(f"{folder} is not a prepared base model: {name} is missing.")
    try:
        return _read_base(folder)
    except (BaseRefused, OSError, MemoryError):
        raise
    except TemplateRefused as error:
        raise BaseRefused(f"{folder} can't be used as a base model: {error}.") from error
    # The tokenizers library reports a damaged file as a bare Exception.
    except Exception as error:
        raise BaseRefused(
            f"{folder} can't be used as a base model: its tokenizer or templates are damaged "
            f"({error})."
        ) from error


def _read_base(folder: Path) -> PreparedBase:
    settings_path = folder / "tokenizer_config.json"
    settings = json.loads(settings_path.read_text("utf-8")) if settings_path.is_file() else {}
    special = special_tokens(settings)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    eos = special.get("eos_token")
    eos_id = tokenizer.token_to_id(eos) if eos is not None else None
    if eos_id is None:
        raise BaseRefused(f"{settings_path} names no eos_token that is in the vocabulary.")
    return PreparedBase(
        folder=folder,
        tokenizer=tokenizer,
        chat_template=ChatTemplate((folder / "chat_template.jinja").read_text("utf-8"), special),
        training_template=ChatTemplate(
            (folder / "training_template.jinja").read_text("utf-8"), special
        ),
        special_tokens=special,
        end_tokens=added_tokens(folder / "tokenizer.json"),
        eos_id=int(eos_id),
        vocabulary=tokenizer.get_vocab_size(with_added_tokens=True),
        template_hash=file_hash(folder / "training_template.jinja"),
        tokenizer_hash=file_hash(folder / "tokenizer.json"),
    )
