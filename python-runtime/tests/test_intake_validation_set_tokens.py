"""A workspace that switches to another base is evaluated on the same questions, in its tokens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from intake_support import Workspace, make_starter, pairs, read_cache, starter_base

from nightshift_trainer.cache import TokenCache, core_folder
from nightshift_trainer.rendering.base import open_base


def other_base(folder: Path) -> Path:
    """The starter with only ten of its merges, so that the same text has other tokens."""
    base = make_starter(folder)
    path = base / "tokenizer.json"
    document = json.loads(path.read_text("utf-8"))
    merges = document["model"]["merges"]
    document["model"]["merges"] = merges[:10]
    path.write_text(json.dumps(document), "utf-8")
    return base


def test_the_tokens_for_another_base_are_of_the_same_questions(tmp_path: Path) -> None:
    # A line separator in the text: some readers end a line there, but this file does not.
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

    # The same file in a workspace that started with that base.
    second = Workspace(tmp_path / "second", base)
    second.intake(second.lines("a.jsonl", rows))
    expected = tmp_path / "second" / "data" / "validation" / "core"
    assert read_cache(again) == read_cache(expected) != before
    assert TokenCache(again).texts() == TokenCache(expected).texts() != []
    assert read_cache(core) == before

    # The next intake keeps the folder; the first base still finds its own.
    created = (again / "cache.json").stat().st_mtime_ns
    first.intake(first.lines("c.jsonl", rows[100:200]), "d-3")
    assert (again / "cache.json").stat().st_mtime_ns == created
    starter = open_base(starter_base())
    hashes = {"template_hash": starter.template_hash, "tokenizer_hash": starter.tokenizer_hash}
    assert core_folder(core, hashes) == core
    shutil.rmtree(again)
    assert not core_folder(core, facts).exists()
