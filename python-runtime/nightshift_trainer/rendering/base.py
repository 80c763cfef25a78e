"""A prepared base model without its weights: tokenizer, templates and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tokenizers import Tokenizer

from ..hashing import file_hash
from .control_tokens import ControlTokens
from .end_of_turn import EndOfTurn, find_end_of_turn
from .special_tokens import added_tokens, generation_end_ids, read_special_tokens, text_prefix
from .template import ChatTemplate, TemplateRefused
from .tokens import load_tokenizer

NEEDED_FILES = ("tokenizer.json", "chat_template.jinja", "training_template.jinja")


class BaseRefused(Exception):
    """The folder is not a model that can be trained; the message says what is missing."""

    category = "model_not_found"


@dataclass(frozen=True)
class PreparedBase:
    """Everything needed to turn records into tokens. `chat_template`: the model's own;
    `training_template`: the one derived from it, which marks the answers. `end_of_turn`: None when
    the training template has none that can be trained. `text_prefix`: what the tokenizer puts
    before a raw text. `date`: what the templates take as the current time."""

    folder: Path
    tokenizer: Tokenizer
    chat_template: ChatTemplate
    training_template: ChatTemplate
    special_tokens: Mapping[str, str]
    end_tokens: tuple[str, ...]
    end_of_turn: EndOfTurn | None
    control_tokens: ControlTokens
    text_prefix: tuple[int, ...]
    eos_id: int
    end_ids: frozenset[int]
    vocabulary: int
    template_hash: str
    tokenizer_hash: str
    date: datetime

    @property
    def has_date(self) -> bool:
        """A template writes the current date into the text."""
        return self.chat_template.has_date or self.training_template.has_date

    def on(self, date: datetime) -> PreparedBase:
        """The same base at another time, which only its templates can see."""
        if not self.has_date:
            return self
        return replace(
            self,
            chat_template=self.chat_template.on(date),
            training_template=self.training_template.on(date),
            date=date,
        )


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
    tokenizer_path = folder / "tokenizer.json"
    tokenizer = load_tokenizer(tokenizer_path)
    special = read_special_tokens(folder, tokenizer)
    eos = special.get("eos_token")
    eos_id = tokenizer.token_to_id(eos) if eos is not None else None
    if eos is None or eos_id is None:
        raise BaseRefused(
            f"{folder} names no eos_token that is in the vocabulary (tokenizer_config.json, "
            f"special_tokens_map.json, generation_config.json)."
        )
    date = datetime.now()
    chat_template = ChatTemplate((folder / "chat_template.jinja").read_text("utf-8"), special, date)
    training_source = (folder / "training_template.jinja").read_text("utf-8")
    training_template = ChatTemplate(training_source, special, date)
    end_tokens = tuple(dict.fromkeys([*added_tokens(tokenizer_path), eos]))
    end_of_turn = _end_of_turn(training_template, end_tokens)
    return PreparedBase(
        folder=folder,
        tokenizer=tokenizer,
        chat_template=chat_template,
        training_template=training_template,
        special_tokens=special,
        end_tokens=end_tokens,
        end_of_turn=end_of_turn,
        control_tokens=ControlTokens(tokenizer, chat_template.literal_text()),
        text_prefix=text_prefix(tokenizer_path),
        eos_id=int(eos_id),
        end_ids=_end_ids(folder, tokenizer, special, end_of_turn),
        vocabulary=tokenizer.get_vocab_size(with_added_tokens=True),
        template_hash=file_hash(folder / "training_template.jinja"),
        tokenizer_hash=file_hash(tokenizer_path),
        date=date,
    )


def _end_of_turn(template: ChatTemplate, tokens: tuple[str, ...]) -> EndOfTurn | None:
    """None for a base that an earlier version accepted; its rows are rejected with the reason."""
    try:
        return find_end_of_turn(template, tokens)
    except TemplateRefused:
        return None


def _end_ids(
    folder: Path, tokenizer: Tokenizer, special: Mapping[str, str], end: EndOfTurn | None
) -> frozenset[int]:
    """The ids that end an answer: end of turn, end of text, and those of the generation
    settings."""
    names = [special.get("eos_token"), special.get("pad_token"), end.token if end else None]
    ids = {tokenizer.token_to_id(name) for name in names if name is not None}
    known = {int(token) for token in ids if token is not None}
    return frozenset(known | set(generation_end_ids(folder)))
