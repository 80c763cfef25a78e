"""The fixed validation set in the tokens of another base model. Its questions never change, so a
workspace that switches to another base is evaluated on the same ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cache import core_folder
from ..files import read_json, remove_tree
from ..hashing import file_hash
from ..rendering.base import PreparedBase
from .cache_writer import CacheWriter, HeldOutText, publish_folder
from .options import IntakeOptions, cache_key
from .records import Record
from .rejections import Rejections
from .split import CORE, Candidate
from .validation import Validator


def held_out_texts(base: PreparedBase, chosen: Iterable[Candidate]) -> list[HeldOutText]:
    """In row order. A raw text has no prompt and so no entry: only its loss is evaluated."""
    with_prompt = sorted(
        (candidate for candidate in chosen if candidate.prompt),
        key=lambda candidate: candidate.row,
    )
    return [
        HeldOutText(
            candidate.row,
            next((m["content"] for m in reversed(candidate.messages) if m["role"] == "user"), ""),
            candidate.prompt,
            candidate.expected,
            base.tokenizer.encode(candidate.prompt, add_special_tokens=False).ids,
        )
        for candidate in with_prompt
    ]


def ensure_validation_tokens(core: Path, base: PreparedBase, options: IntakeOptions) -> None:
    """Creates the tokens for this base unless they exist. Rows that are longer than `max_length`
    in its tokens are left out of the evaluation."""
    hashes = {"template_hash": base.template_hash, "tokenizer_hash": base.tokenizer_hash}
    target = core_folder(core, hashes)
    if (target / "cache.json").is_file():
        return
    content_hash = str(read_json(core / "cache.json")["content_hash"])
    build_validation_tokens(core, target, base, options, content_hash, {})


def build_validation_tokens(
    core: Path,
    target: Path,
    base: PreparedBase,
    options: IntakeOptions,
    content_hash: str,
    extra_files: Mapping[str, str],
) -> None:
    """Writes the tokens into `target`, with the files that it holds besides."""
    # Not splitlines: a text may contain U+2028.
    lines = (core / "records.jsonl").read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    core_options = replace(options, core_rows=len(rows), mapping=None, over_length="drop")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    remove_tree(partial)
    writer = CacheWriter(partial)
    try:
        validator = Validator(base, core_options, writer, Rejections(None))
        for row in rows:
            validator.add(_record(row))
        validator.flush()
        table = writer.table()
        table[:, 5] = CORE
        facts = {
            "template_hash": base.template_hash,
            "tokenizer_hash": base.tokenizer_hash,
            "key": cache_key(file_hash(core / "records.jsonl"), base, core_options),
            "content_hash": content_hash,
            "vocabulary": base.vocabulary,
        }
        candidates = validator.accepted.candidates.ranked()
        writer.finish(table, held_out_texts(base, candidates), facts, extra_files)
        publish_folder(partial, target)
    finally:
        writer.close()
        remove_tree(partial)


def _record(row: Mapping[str, Any]) -> Record:
    messages = row["messages"]
    is_text = messages[0]["role"] == "text"
    fields = {"text": messages[0]["content"]} if is_text else {"messages": messages}
    return Record(int(row["row"]), fields, json.dumps(fields, ensure_ascii=False))
