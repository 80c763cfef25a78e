"""The core's questions in the tokens of one base. The questions never change; a workspace that goes
over to another base keeps them and is measured by the same ones."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cache import core_folder
from ..files import read_json
from ..rendering.base import BaseTexts, file_hash
from .cache_writer import CacheWriter, HeldOutText, publish_folder
from .judge import Judge
from .options import IntakeOptions, cache_key
from .records import Record
from .rejections import Rejections
from .split import CORE, Candidate


def texts_of(base: BaseTexts, chosen: Iterable[Candidate]) -> list[HeldOutText]:
    """Raw texts have no question and so no entry: only their loss is measured."""
    asked = sorted((item for item in chosen if item.prompt), key=lambda item: item.row)
    return [
        HeldOutText(
            item.row,
            next((m["content"] for m in reversed(item.messages) if m["role"] == "user"), ""),
            item.prompt,
            item.expected,
            base.tokenizer.encode(item.prompt, add_special_tokens=False).ids,
        )
        for item in asked
    ]


def require_core_tokens(core: Path, base: BaseTexts, options: IntakeOptions) -> None:
    """Makes them where they are not there yet. Rows that are too long for `max_length` in the
    tokens of this base are left out of its measure."""
    facts = {"template_hash": base.template_hash, "tokenizer_hash": base.tokenizer_hash}
    target = core_folder(core, facts)
    if (target / "cache.json").is_file():
        return
    # Not splitlines: a text may hold U+2028 and the like.
    lines = (core / "records.jsonl").read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    wanted = replace(options, core_rows=len(rows), mapping=None, over_length="drop")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    writer = CacheWriter(partial)
    try:
        judge = Judge(base, wanted, writer, Rejections(None))
        for row in rows:
            judge.take(_record(row))
        judge.flush()
        table = writer.table()
        table[:, 5] = CORE
        own = {
            **facts,
            "key": cache_key(file_hash(core / "records.jsonl"), base, wanted),
            "content_hash": read_json(core / "cache.json")["content_hash"],
            "vocabulary": base.vocabulary,
        }
        writer.finish(table, texts_of(base, judge.candidates.ranked()), own)
        publish_folder(partial, target)
    finally:
        writer.close()
        shutil.rmtree(partial, ignore_errors=True)


def _record(row: Mapping[str, Any]) -> Record:
    messages = row["messages"]
    is_text = messages[0]["role"] == "text"
    fields = {"text": messages[0]["content"]} if is_text else {"messages": messages}
    return Record(int(row["row"]), fields, json.dumps(fields, ensure_ascii=False))
