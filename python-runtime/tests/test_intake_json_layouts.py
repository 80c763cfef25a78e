"""JSON that is not one object per line: arrays, indented objects, rows under a key, cut files."""

from __future__ import annotations

import json

import pytest
from intake_support import Workspace, add_up, chat, pairs

ROWS = pairs(4)
ARRAY = json.dumps(ROWS)
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.mark.parametrize(
    ("name", "content", "accepted", "rejected"),
    [
        ("comma.json", ARRAY[:-1] + ",", 4, 0),
        ("element.json", ARRAY[:-30], 3, 1),
        ("string.json", ARRAY[:-5], 3, 1),
        ("nested.json", json.dumps([chat("a", "b"), chat("c", "d")])[:-20], 1, 1),
        ("indented.json", json.dumps(ROWS, indent=1)[:-2], 4, 0),
        ("key.json", json.dumps({"data": ROWS})[:-2], 4, 0),
        ("object.json", json.dumps({"data": ROWS})[:-1], 4, 0),
        ("in-key.json", json.dumps({"data": ROWS}, indent=1)[:-25], 3, 1),
        ("array.jsonl", ARRAY[:-1], 4, 0),
        ("indented.jsonl", "\n".join(json.dumps(row, indent=1) for row in ROWS)[:-9], 3, 1),
    ],
)
def test_json_that_was_cut_off_needs_the_users_word(
    workspace: Workspace, name: str, content: str, accepted: int, rejected: int
) -> None:
    report = workspace.intake(workspace.write(name, content))
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
    assert (report["accepted"], report["rejected"]["total"]) == (accepted, rejected)
    assert "probably an incomplete download" in report["incomplete"] and add_up(report)
    report = workspace.intake(workspace.root / name, accept_valid_rows=True)
    assert (report["verdict"], report["accepted"]) == ("ready", accepted)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("array.jsonl", ARRAY),
        ("array.ndjson", ARRAY.replace("}, ", "},\n")),
        ("lines.json", LINES),
        ("lines.ndjson", LINES),
        ("lines.txt", LINES),
        ("indented.jsonl", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
        ("joined.json", "".join(map(json.dumps, ROWS))),
        ("commas.jsonl", ",\n".join(map(json.dumps, ROWS))),
        ("returns.jsonl", LINES.replace("\n", "\r")),
        ("missing-commas.json", "[" + "\n".join(map(json.dumps, ROWS)) + "]"),
        ("trailing-comma.json", ARRAY[:-1] + ",]"),
        ("two.json", json.dumps(ROWS[:2]) + "," + json.dumps(ROWS[2:])),
        ("chunks.jsonl", json.dumps(ROWS[:2]) + "\n" + json.dumps(ROWS[2:])),
        ("object-behind.json", json.dumps(ROWS[:3]) + "\n" + json.dumps(ROWS[3])),
        ("data.json", json.dumps({"version": 1, "data": ROWS}, indent=1)),
        ("rows.json", json.dumps({"features": [{"name": "q"}], "rows": ROWS})),
        ("train.jsonl", json.dumps({"train": ROWS, "tags": ["a"]})),
        ("any.json", json.dumps({"whatever": ROWS})),
        ("caps.jsonl", LINES.replace('"question"', '"Question"').replace('"answer"', '"ANSWER "')),
        ("lists.jsonl", "\n".join(json.dumps(chat("a", str(n))["messages"]) for n in range(4))),
    ],
)
def test_other_layouts_of_json_are_read_whole(
    workspace: Workspace, name: str, content: str
) -> None:
    report = workspace.intake(workspace.write(name, content))
    assert (report["verdict"], report["rows"], report["accepted"]) == ("ready", 4, 4)


def test_an_array_of_more_than_48_mib_is_read(workspace: Workspace) -> None:
    # A long id is read but not tokenized.
    element = json.dumps({"id": "a" * 15_000, "question": "a", "answer": "b"})
    path = workspace.root / "big.json"
    with path.open("w") as stream:
        stream.write("[" + ",\n".join([element] * 3_500) + "]")
    assert path.stat().st_size > 48 << 20
    report = workspace.intake(path, dry_run=True)
    path.unlink()
    assert (report["verdict"], report["rows"]) == ("ready", 3_500)
