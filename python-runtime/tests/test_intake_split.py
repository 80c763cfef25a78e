"""Held-out rows: the core once per workspace, a slice per dataset, and all duplicates of both."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from intake_support import Workspace, chat, pairs, read_cache

from nightshift_trainer.intake.lengths import length_statistics
from nightshift_trainer.intake.normalize import normalize
from nightshift_trainer.intake.split import held_out_target


@pytest.mark.parametrize(
    ("rows", "core", "part"),
    [(9, 0, 0), (10, 1, 1), (100, 10, 10), (560, 28, 20), (7473, 373, 149), (100_000, 1000, 200)],
)
def test_sizes(rows: int, core: int, part: int) -> None:
    assert held_out_target(rows, 1000, 0.05) == core
    assert held_out_target(rows, 200, 0.02) == part
    assert core + part <= 0.2 * rows


def kinds(workspace: Workspace, dataset: str = "d-1") -> dict[int, int]:
    return {row: kind for row, kind, *_ in workspace.cached(dataset)}


def test_every_row_has_exactly_one_kind(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(workspace.lines("a.jsonl", pairs(600)))
    split = json.loads((workspace.home() / "split.json").read_text())
    found = kinds(workspace)
    assert [r for r, k in found.items() if k == 2] == split["core"]
    assert [r for r, k in found.items() if k == 1] == split["slice"]
    assert report["held_out"] == {"core": 30, "slice": 20, "duplicates": 0}
    assert report["trained_rows"] == 550 and report["planned_steps"] == 35
    assert report["rows"] == report["trained_rows"] + 50
    core = read_cache(tmp_path / "data" / "validation" / "core")
    assert [row for row, *_ in core] == split["core"]
    assert {row: e for row, _, *e in core} == {
        row: e for row, kind, *e in workspace.cached() if kind == 2
    }
    folder = workspace.home() / "cache" / report["cache"]
    texts = [json.loads(line) for line in (folder / "texts.jsonl").read_text().splitlines()]
    assert [text["row"] for text in texts] == sorted(split["core"] + split["slice"])
    for text in texts:
        assert text["expected"] == f"It is {text['row']}."
        assert text["question"] == f"What is {text['row'] - 1} plus one?"
        ids = next(e[2] for e in workspace.cached() if e[0] == text["row"])
        assert ids[: len(text["prompt_ids"])] == text["prompt_ids"]


def test_duplicates_of_held_out_questions_are_held_out_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    twice = [
        record
        for n, pair in enumerate(pairs(300))
        for record in (pair, {"question": f"  {pair['question'].upper()}!! ", "answer": f"No {n}"})
    ]
    report = workspace.intake(workspace.lines("a.jsonl", twice))
    found = kinds(workspace)
    counts = Counter(found.values())
    assert counts[1] + counts[2] == counts[3] == report["held_out"]["duplicates"] == 50
    for row, kind in found.items():
        other = row + 1 if row % 2 else row - 1
        assert (kind == 0) == (found[other] == 0)


def test_a_question_of_all_rows_is_not_held_out(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = [chat("Write a story.", f"Once {n}.") for n in range(200)]
    report = workspace.intake(workspace.lines("a.jsonl", records))
    assert report["trained_rows"] == 200 and report["verdict"] == "ready"
    note = "0 validation rows: too few (min. 20) to report a train/validation gap."
    assert note in report["notes"]


def test_the_core_never_changes_and_later_duplicates_of_it_are_held_out(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(workspace.lines("a.jsonl", pairs(600)), "d-1")
    core = tmp_path / "data" / "validation" / "core"
    before = {path.name: path.read_bytes() for path in core.iterdir()}
    report = workspace.intake(workspace.lines("b.jsonl", pairs(900)), "d-2")
    assert {path.name: path.read_bytes() for path in core.iterdir()} == before
    assert report["overlap_validation"] == 30
    assert report["held_out"] == {"core": 0, "slice": 20, "duplicates": 30}
    held_out = {row for row, kind in kinds(workspace, "d-2").items() if kind == 3}
    assert held_out == {row for row, kind in kinds(workspace, "d-1").items() if kind == 2}
    again = workspace.intake(tmp_path / "a.jsonl", "d-1")
    assert again["held_out"] == {"core": 30, "slice": 20, "duplicates": 0}


def test_a_core_written_with_the_old_field_name_still_holds_out_its_questions(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(workspace.lines("a.jsonl", pairs(600)), "d-1")
    path = tmp_path / "data" / "validation" / "core" / "core.json"
    document = json.loads(path.read_text("utf-8"))
    document["normalised_hashes"] = document.pop("normalized_hashes")
    path.write_text(json.dumps(document), "utf-8")
    report = workspace.intake(workspace.lines("b.jsonl", pairs(900)), "d-2")
    assert report["overlap_validation"] == report["held_out"]["duplicates"] == 30


def test_the_split_depends_on_the_seed_alone(tmp_path: Path) -> None:
    splits = []
    for name, seed in (("first", 1), ("same", 1), ("other", 2)):
        workspace = Workspace(tmp_path / name)
        workspace.intake(workspace.lines("a.jsonl", pairs(300)), seed=seed)
        splits.append((workspace.home() / "split.json").read_text())
    assert splits[0] == splits[1] != splits[2]


def test_normalization() -> None:
    assert normalize("  „Hello,\tWORLD\u00a0ﬁne!“ ") == "hello, world fine"
    assert normalize("a.b") != normalize("ab")
    assert normalize("???") == "???"


def test_percentiles_and_histogram_against_numpy() -> None:
    values = np.random.default_rng(3).integers(1, 900, 777)
    found = length_statistics(array("q", values.tolist()))
    for name, percent in (("p5", 5), ("p50", 50), ("p95", 95), ("p99", 99)):
        assert found[name] == np.percentile(values, percent, method="inverted_cdf")
    for part in found["histogram"]:
        inside = (values >= part["from"]) & (values < part["to"])
        assert part["count"] == inside.sum()
    assert sum(part["count"] for part in found["histogram"]) == 777


def test_the_cache_key_depends_on_everything_that_decides_tokens(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.lines("a.jsonl", pairs(20))
    mapping = {"format": "columns", "prompt": "question", "answer": "answer"}
    changes: list[dict[str, Any]] = [
        {},
        {"max_length": 100},
        {"over_length": "drop"},
        {"thinking": "keep"},
        {"mapping": mapping},
    ]
    keys = [workspace.intake(path, **change)["cache"] for change in changes]
    keys.append(workspace.intake(workspace.lines("b.jsonl", pairs(21)))["cache"])
    assert len(set(keys)) == 6 and all(len(key) == 16 for key in keys)
    assert workspace.intake(path, seed=9)["cache"] == keys[0]
