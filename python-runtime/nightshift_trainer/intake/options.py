"""The options of an intake run. The engine sets all of them: there are no defaults here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import xxhash

from .. import protocol
from ..rendering.base import PreparedBase
from ..rendering.control_tokens import ControlTokenPolicy
from ..rendering.thinking import Thinking
from .records import ColumnMapping

OverLength = Literal["refuse", "drop", "truncate"]
SystemMessagePolicy = Literal["reject", "merge"]


@dataclass(frozen=True)
class IntakeOptions:
    max_length: int
    over_length: OverLength
    thinking: Thinking
    slice_rows: int
    core_rows: int
    seed: int
    batch_size: int
    epochs: int
    save_steps: int
    mapping: ColumnMapping | None
    accept_valid_rows: bool
    dry_run: bool
    control_tokens: ControlTokenPolicy = "encode"
    system_messages: SystemMessagePolicy = "reject"
    # Think blocks are a decision of the user, and are stripped until it is made.
    ask_thinking: bool = False
    accept_unused_fields: bool = False
    # Stop after so many rows: a preview of a mapping; 0 for the whole file.
    max_rows: int = 0
    # What the user has chosen; None for UTF-8.
    encoding: str | None = None
    # Free disk space that nothing may use; 0 for no limit.
    min_free_bytes: int = 0


def _choice(value: Any, allowed: tuple[str, ...], name: str) -> Any:  # noqa: ANN401 - JSON
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; allowed are {', '.join(allowed)}.")
    return value


def _mapping(mapping: Any) -> ColumnMapping | None:  # noqa: ANN401 - JSON
    if mapping is None:
        return None
    names = ("format", "prompt", "answer", "system", "column")
    return ColumnMapping(**{name: mapping[name] for name in names if mapping.get(name)})


def read_options(options: protocol.IntakeOptions) -> IntakeOptions:
    thinking = options["thinking"]
    return IntakeOptions(
        max_length=options["max_length"],
        over_length=_choice(options["over_length"], ("refuse", "drop", "truncate"), "over_length"),
        thinking=_choice(
            "off" if thinking == "ask" else thinking, ("off", "keep", "model"), "thinking"
        ),
        slice_rows=options["slice_rows"],
        core_rows=options["core_rows"],
        seed=options["seed"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        save_steps=options["save_steps"],
        mapping=_mapping(options["mapping"]),
        accept_valid_rows=options["accept_valid_rows"],
        dry_run=options["dry_run"],
        # Absent in the options that a cache of an earlier version was made with.
        control_tokens=_choice(
            options.get("control_tokens", "encode"), ("encode", "text"), "control_tokens"
        ),
        system_messages=_choice(
            options.get("system_messages", "reject"), ("reject", "merge"), "system_messages"
        ),
        ask_thinking=thinking == "ask",
        accept_unused_fields=options.get("accept_unused_fields", False),
        max_rows=options.get("max_rows", 0),
        encoding=options.get("encoding"),
        min_free_bytes=options.get("min_free_bytes", 0),
    )


def _mapping_key(mapping: ColumnMapping) -> str:
    parts = [mapping.prompt, mapping.answer]
    if mapping.system or mapping.format != "columns":
        parts += [mapping.system, mapping.format, mapping.column]
    return "\x1f".join(parts)


def cache_key(content_hash: str, base: PreparedBase, options: IntakeOptions) -> str:
    """The first 16 hex digits of xxh3-128 over everything that decides ids and labels. The parts
    and their order are part of the format: existing caches are found by this key."""
    mapping = options.mapping
    parts = (
        content_hash,
        base.template_hash,
        base.tokenizer_hash,
        str(options.max_length),
        options.over_length,
        options.thinking,
        "" if mapping is None else _mapping_key(mapping),
        *_later_parts(base, options),
    )
    return xxhash.xxh3_128_hexdigest("\x1e".join(parts).encode("utf-8"))[:16]


def _later_parts(base: PreparedBase, options: IntakeOptions) -> list[str]:
    """Parts that existing caches were made without; each is absent where it changes nothing."""
    parts: list[str] = []
    if base.end_of_turn is not None and base.end_of_turn.extension:
        parts.append(f"end_of_turn={base.end_of_turn.extension}")
    if base.text_prefix:
        parts.append(f"text_prefix={base.text_prefix}")
    if base.has_date:
        parts.append(f"date={base.date.isoformat(timespec='seconds')}")
    if options.control_tokens != "encode":
        parts.append(f"control_tokens={options.control_tokens}")
    if options.encoding is not None:
        parts.append(f"encoding={options.encoding}")
    if options.system_messages != "reject":
        parts.append(f"system_messages={options.system_messages}")
    return parts
