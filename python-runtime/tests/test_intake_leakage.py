"""Duplicates, near-duplicates, leaked answers and validation overlap, reported by row."""

from __future__ import annotations

import json
import random
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat

from nightshift_trainer.intake.leakage import answer_in_prompt
from nightshift_trainer.intake.near_duplicates import (
    MIN_SIMILARITY,
    MIN_WINDOWS,
    WINDOW_BYTES,
    NearDuplicates,
)
from nightshift_trainer.intake.normalize import normalize, normalized_hash
from nightshift_trainer.intake.records import Chat


def sentence(seed: int, words: int = 40) -> list[str]:
    source = random.Random(seed)
    return ["".join(source.choices("abcdefghijklmnop", k=6)) for _ in range(words)]


def windows_of(text: str) -> set[str]:
    """The definition of windows, for ASCII."""
    starts = [0, *(i + 1 for i in range(len(text) - WINDOW_BYTES) if text[i] == " ")]
    return {text[start : start + WINDOW_BYTES] for start in starts}


def jaccard(first: str, second: str) -> float:
    a, b = windows_of(first), windows_of(second)
    return len(a & b) / len(a | b)


def find_near_duplicates(texts: list[str], batch: int) -> NearDuplicates:
    found = NearDuplicates()
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        rows = list(range(start + 1, start + 1 + len(part)))
        found.add(rows, [normalized_hash(text) for text in part], part)
    return found


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_estimates_are_near_the_exact_similarity_for_any_batch_size(batch: int) -> None:
    texts: list[str] = []
    for seed in range(60):
        words = sentence(seed, 120)
        texts.append(" ".join(words))
        changed = list(words)
        for place in random.Random(1000 + seed).sample(range(120), seed % 12):
            changed[place] = "other1"
        texts.append(" ".join(changed))
    found = find_near_duplicates(texts, batch)
    at_once = find_near_duplicates(texts, len(texts))
    assert (found.count, found.examples) == (at_once.count, at_once.examples)
    similarities = [jaccard(a, b) for a, b in list(pairwise(texts))[::2]]
    certain = sum(1 for similarity in similarities if 0.92 <= similarity < 1)
    possible = sum(1 for similarity in similarities if 0.6 <= similarity < 1)
    assert certain > 4 and certain <= found.count <= possible
    for example in found.examples:
        exact = jaccard(texts[example["row"] - 1], texts[example["of"] - 1])
        assert example["similarity"] >= MIN_SIMILARITY
        assert abs(example["similarity"] - exact) < 0.2
        assert example["row"] == example["of"] + 1


def test_unrelated_short_and_equal_rows_are_not_near_duplicates() -> None:
    texts = [" ".join(sentence(seed)) for seed in range(400)]
    assert find_near_duplicates(texts, 64).count == 0
    assert find_near_duplicates([texts[0]] * 20, 4).count == 0
    short = [f"word word word {n}" for n in range(50)]
    assert find_near_duplicates(short, 8).compared == 0 and MIN_WINDOWS > 4


def test_text_without_spaces_is_compared_by_characters() -> None:
    source = random.Random(3)
    characters = [chr(0x4E00 + n) for n in range(2000)]
    rows = ["".join(source.choices(characters, k=80)) for _ in range(30)]
    near = [row[:76] + "的一是不" for row in rows]
    found = find_near_duplicates([*rows, *near], 16)
    assert found.compared == 60 and 24 <= found.count <= 30


def test_only_the_newest_rows_are_compared_with() -> None:
    found = NearDuplicates(capacity=64)
    texts = [" ".join(sentence(seed)) for seed in range(200)]
    near = [f"{texts[170]} more", f"{texts[3]} more"]
    for start in range(0, 200, 20):
        part = texts[start : start + 20]
        found.add(range(start, start + 20), [normalized_hash(text) for text in part], part)
    found.add([200, 201], [1, 2], near)
    assert [(example["row"], example["of"]) for example in found.examples] == [(200, 170)]
    assert found.compared == 202


def test_memory_does_not_grow_with_the_rows() -> None:
    found = NearDuplicates(capacity=1024)
    words = [" ".join(sentence(seed, 12)) for seed in range(500)]
    tracemalloc.start()
    sizes: list[int] = []
    for start in range(0, 15_000, 500):
        texts = [f"{word} {start} {word[:20]} {start + 7}" for word in words]
        found.add(range(start, start + 500), range(start, start + 500), texts)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert found.compared == 15_000 and len(found.examples) <= 20
    assert sizes[-1] - sizes[4] < 64 * 1024


@pytest.mark.parametrize(
    ("prompt", "answer", "leaked"),
    [
        ("Is it red or blue?", "Blue.", True),
        ("Say nothing", "no", False),
        ("Copy: alpha beta", " ALPHA  beta ", True),
        ("Count 12 and 3", "2", False),
        ("日本語は?", "日本", False),
        ("Which?", "This", False),
    ],
)
def test_an_answer_is_found_in_the_prompt_as_whole_words(
    prompt: str, answer: str, leaked: bool
) -> None:
    messages = chat(prompt, answer)["messages"]
    assert answer_in_prompt(Chat(tuple(messages))) is leaked


def test_the_report_lists_duplicates_and_leaked_answers(tmp_path: Path) -> None:
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
    assert near["first"][0]["row"] == 4 and near["first"][0]["similarity"] >= MIN_SIMILARITY
    assert report["answer_in_prompt"] == {"rows": 1, "share": 0.2, "first": [2]}


def test_a_common_system_message_makes_no_near_duplicates(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    system = {"role": "system", "content": " ".join(sentence(9, 200))}
    records = [
        {"messages": [system, *chat(" ".join(sentence(n, 12)), "ok")["messages"]]}
        for n in range(30)
    ]
    near = workspace.intake(workspace.lines("a.jsonl", records))["near_duplicates"]
    assert near["compared"] == 30 and near["rows"] == 0


def test_overlap_with_the_validation_set_is_found_after_normalization(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    first = [{"question": f"What is {n}?", "answer": str(n)} for n in range(400)]
    workspace.intake(workspace.lines("a.jsonl", first), "d-1")
    core = workspace.root / "data" / "validation" / "core" / "records.jsonl"
    assert core.is_file()
    split = (workspace.home("d-1") / "split.json").read_text()
    held_out = json.loads(split)["core"]
    assert normalize(f"WHAT IS {held_out[0] - 1}!") == f"what is {held_out[0] - 1}"
    other = [{"question": f"Other {n}?", "answer": "x"} for n in range(30)]
    leaking = [{"question": f"WHAT IS {row - 1}!", "answer": "y"} for row in held_out[:3]]
    report = workspace.intake(workspace.lines("b.jsonl", [*other, *leaking]), "d-2")
    assert report["overlap_validation"] == 3
    assert report["first_overlapping"] == [31, 32, 33]
    trained = {row for row, kind, *_ in workspace.cached("d-2") if kind == 0}
    assert not trained & {31, 32, 33}


def test_rows_that_would_lose_their_whole_answer_are_counted_for_every_policy(
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
