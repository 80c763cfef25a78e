"""A workspace that goes over to another base is measured by the same questions, in its tokens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from intake_support import Workspace, make_starter, pairs, read_cache, starter_base

from nightshift_trainer.cache import TokenCache, core_folder
from nightshift_trainer.rendering.base import open_base


def other_base(folder: Path) -> Path:
    """The starter's letters, with ten of its merges: the same texts are other tokens."""
    base = make_starter(folder)
    path = base / "tokenizer.json"
    document = json.loads(path.read_text("utf-8"))
    merges = document["model"]["merges"]
    document["model"]["merges"] = merges[:10]
    path.write_text(json.dumps(document), "utf-8")
    return base


def test_the_core_of_another_base_holds_the_same_questions(tmp_path: Path) -> None:
    # A line separator inside a text: it ends a line for some readers, and not in this file.
    rows = [
        {"question": f"{row['question']}\u2028Say it.", "answer": row["answer"]}
        for row in pairs(600)
    ]
    first = Workspace(tmp_path / "first")
    first.intake(first.lines("a.jsonl", rows))
    core = tmp_path / "first" / "data" / "validation" / "core"
    before = read_cache(core)

    base = other_base(tmp_path / "other")
    first.base = base
    first.intake(first.lines("b.jsonl", rows[:100]), "d-2")
    facts = {
        "template_hash": open_base(base).template_hash,
        "tokenizer_hash": open_base(base).tokenizer_hash,
    }
    again = core_folder(core, facts)
    assert again != core and again.parent == core.parent

    # What a workspace that began with that base made of the same file.
    alone = Workspace(tmp_path / "alone", base)
    alone.intake(alone.lines("a.jsonl", rows))
    expected = tmp_path / "alone" / "data" / "validation" / "core"
    assert read_cache(again) == read_cache(expected) != before
    assert TokenCache(again).texts() == TokenCache(expected).texts() != []
    assert read_cache(core) == before

    # A second look makes nothing; the first base finds its own.
    stamp = (again / "cache.json").stat().st_mtime_ns
    first.intake(first.lines("c.jsonl", rows[100:200]), "d-3")
    assert (again / "cache.json").stat().st_mtime_ns == stamp
    known = open_base(starter_base())
    own = {"template_hash": known.template_hash, "tokenizer_hash": known.tokenizer_hash}
    assert core_folder(core, own) == core
    shutil.rmtree(again)
    assert not core_folder(core, facts).exists()
