"""What repeats and what gives itself away: duplicates, near-duplicates, leakage. Named by row."""

from __future__ import annotations

import json
import random
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat

from nightshift_trainer.intake.alike import ALIKE, LEAST_WINDOWS, WINDOW, Alike
from nightshift_trainer.intake.leakage import answer_in_prompt
from nightshift_trainer.intake.normalise import normalised, text_key
from nightshift_trainer.intake.records import Chat


def sentence(seed: int, words: int = 40) -> list[str]:
    source = random.Random(seed)
    return ["".join(source.choices("abcdefghijklmnop", k=6)) for _ in range(words)]


def windows_of(text: str) -> set[str]:
    """The definition, written down plainly (ASCII only)."""
    starts = [0, *(i + 1 for i in range(len(text) - WINDOW) if text[i] == " ")]
    return {text[start : start + WINDOW] for start in starts}


def jaccard(one: str, other: str) -> float:
    a, b = windows_of(one), windows_of(other)
    return len(a & b) / len(a | b)


def seen(texts: list[str], at_once: int) -> Alike:
    alike = Alike()
    for start in range(0, len(texts), at_once):
        part = texts[start : start + at_once]
        rows = list(range(start + 1, start + 1 + len(part)))
        alike.see(rows, [text_key(text) for text in part], part)
    return alike


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_estimates_lie_near_the_counted_share_and_do_not_depend_on_batches(at_once: int) -> None:
    texts: list[str] = []
    for seed in range(60):
        words = sentence(seed, 120)
        texts.append(" ".join(words))
        changed = list(words)
        for place in random.Random(1000 + seed).sample(range(120), seed % 12):
            changed[place] = "other1"
        texts.append(" ".join(changed))
    alike = seen(texts, at_once)
    whole = seen(texts, len(texts))
    assert (alike.rows, alike.examples) == (whole.rows, whole.examples)
    shares = [jaccard(a, b) for a, b in list(pairwise(texts))[::2]]
    sure = sum(1 for share in shares if 0.92 <= share < 1)
    possible = sum(1 for share in shares if 0.6 <= share < 1)
    assert sure > 4 and sure <= alike.rows <= possible
    for example in alike.examples:
        counted = jaccard(texts[example["row"] - 1], texts[example["of"] - 1])
        assert example["share"] >= ALIKE and abs(example["share"] - counted) < 0.2
        assert example["row"] == example["of"] + 1


def test_unrelated_and_short_rows_are_not_alike_and_exact_ones_are_counted_elsewhere() -> None:
    texts = [" ".join(sentence(seed)) for seed in range(400)]
    assert seen(texts, 64).rows == 0
    assert seen([texts[0]] * 20, 4).rows == 0
    short = [f"word word word {n}" for n in range(50)]
    assert seen(short, 8).compared == 0 and LEAST_WINDOWS > 4


def test_writing_without_spaces_is_compared_by_characters() -> None:
    source = random.Random(3)
    letters = [chr(0x4E00 + n) for n in range(2000)]
    rows = ["".join(source.choices(letters, k=80)) for _ in range(30)]
    near = [row[:76] + "的一是不" for row in rows]
    alike = seen([*rows, *near], 16)
    assert alike.compared == 60 and 24 <= alike.rows <= 30


def test_only_the_newest_rows_are_compared_with() -> None:
    alike = Alike(kept=64)
    texts = [" ".join(sentence(seed)) for seed in range(200)]
    near = [f"{texts[170]} more", f"{texts[3]} more"]
    for start in range(0, 200, 20):
        part = texts[start : start + 20]
        alike.see(range(start, start + 20), [text_key(text) for text in part], part)
    alike.see([200, 201], [1, 2], near)
    assert [(one["row"], one["of"]) for one in alike.examples] == [(200, 170)]
    assert alike.compared == 202


def test_memory_does_not_grow_with_the_rows() -> None:
    alike = Alike(kept=1024)
    words = [" ".join(sentence(seed, 12)) for seed in range(500)]
    tracemalloc.start()
    sizes: list[int] = []
    for start in range(0, 15_000, 500):
        texts = [f"{word} {start} {word[:20]} {start + 7}" for word in words]
        alike.see(range(start, start + 500), range(start, start + 500), texts)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert alike.compared == 15_000 and len(alike.examples) <= 20
    assert sizes[-1] - sizes[4] < 64 * 1024


@pytest.mark.parametrize(
    ("asked", "answer", "given"),
    [
        ("Is it red or blue?", "Blue.", True),
        ("Say nothing", "no", False),
        ("Copy: alpha beta", " ALPHA  beta ", True),
        ("Count 12 and 3", "2", False),
        ("日本語は?", "日本", False),
        ("Which?", "This", False),
    ],
)
def test_an_answer_stands_in_the_prompt_as_whole_words(
    asked: str, answer: str, given: bool
) -> None:
    messages = chat(asked, answer)["messages"]
    assert answer_in_prompt(Chat(tuple(messages))) is given


def test_the_report_names_rows_that_repeat_and_that_give_the_answer_away(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    words = " ".join(sentence(1, 60))
    records: list[dict[str, Any]] = [
        {"question": words, "answer": "one answer"},
        {"question": "Is it up or down?", "answer": "down"},
        {"question": words.upper() + "  ", "answer": "One answer!"},
        {"question": words + " more", "answer": "one answer"},
        {"question": "Something else entirely?", "answer": "yes"},
    ]
    report = workspace.intake(workspace.lines("a.jsonl", records))
    assert report["duplicates"] == 1
    assert report["first_duplicates"] == [{"row": 3, "of": 1}]
    near = report["near_duplicates"]
    assert (near["rows"], near["compared"]) == (1, 4)
    assert near["first"][0]["row"] == 4 and near["first"][0]["share"] >= ALIKE
    assert report["answer_in_prompt"] == {"rows": 1, "share": 0.2, "first": [2]}


def test_one_instruction_over_all_rows_makes_no_near_duplicates(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    system = {"role": "system", "content": " ".join(sentence(9, 200))}
    records = [
        {"messages": [system, *chat(" ".join(sentence(n, 12)), "ok")["messages"]]}
        for n in range(30)
    ]
    near = workspace.intake(workspace.lines("a.jsonl", records))["near_duplicates"]
    assert near["compared"] == 30 and near["rows"] == 0


def test_overlap_with_the_validation_rows_is_named_under_the_normalisation_of_the_exclusion(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    first = [{"question": f"What is {n}?", "answer": str(n)} for n in range(400)]
    workspace.intake(workspace.lines("a.jsonl", first), "d-1")
    core = workspace.root / "data" / "validation" / "core" / "records.jsonl"
    assert core.is_file()
    split = (workspace.home("d-1") / "split.json").read_text()
    held = json.loads(split)["core"]
    asked = [f"  what is  {row - 1} ?" for row in held[:3]]
    assert normalised(asked[0]) != asked[0]
    other = [{"question": f"Other {n}?", "answer": "x"} for n in range(30)]
    leaking = [{"question": f"WHAT IS {row - 1}!", "answer": "y"} for row in held[:3]]
    report = workspace.intake(workspace.lines("b.jsonl", [*other, *leaking]), "d-2")
    assert report["overlap_validation"] == 3
    assert report["first_overlapping"] == [31, 32, 33]
    trained = {row for row, kind, *_ in workspace.cached("d-2") if kind == 0}
    assert not trained & {31, 32, 33}


def test_rows_that_would_lose_their_whole_answer_are_counted_under_every_policy(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    records = [
        chat("word " * 100, "Lost."),
        chat("Short?", "word " * 100),
        *(chat(f"{n}?", "ok") for n in range(3)),
    ]
    path = workspace.lines("a.jsonl", records)
    for policy in ("refuse", "drop", "truncate"):
        report = workspace.intake(path, max_length=60, over_length=policy)
        assert (report["over_length"], report["over_length_answer_lost"]) == (2, 1), policy
