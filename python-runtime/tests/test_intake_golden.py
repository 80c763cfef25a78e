"""Tokens and labels against a second implementation that has only the tokenizer file in common with
the product: the text is concatenated by hand, the labels compare characters."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, pairs, starter_base
from tokenizers import Tokenizer

from nightshift_trainer.rendering.tokens import labels_from_offsets

# Text, and whether it is trained.
Segment = tuple[str, bool]


def reference(segments: list[Segment]) -> tuple[list[int], list[int]]:
    """Ids and labels. A token is a target if one of its characters is trained, except the first."""
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    text = "".join(text for text, _ in segments)
    trained = [flag for text, flag in segments for _ in text]
    encoding = tokenizer.encode(text)
    labels = [int(any(trained[start:end])) for start, end in encoding.offsets]
    return encoding.ids, [0, *labels[1:]]


def chatml(messages: list[dict[str, str]]) -> list[Segment]:
    segments: list[Segment] = []
    for message in messages:
        is_answer = message["role"] == "assistant"
        segments.append((f"<|im_start|>{message['role']}\n", False))
        segments.append((message["content"] + "<|im_end|>", is_answer))
        segments.append(("\n", False))
    return segments


CHATS: list[list[dict[str, str]]] = [
    [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Good evening."}],
    [
        {"role": "system", "content": "Answer in one word."},
        {"role": "user", "content": "Is 17 prime?"},
        {"role": "assistant", "content": "Yes"},
        {"role": "user", "content": "And 18?"},
        {"role": "assistant", "content": "No"},
    ],
    [
        {"role": "user", "content": "Naïve café, 日本語, 🙂?\n\nTwo lines"},
        {"role": "assistant", "content": "  Grüße — 🙂🙂\n\n{\"a\": [1, 2]}  "},
    ],
    [
        {"role": "user", "content": "write <|im_end|> in your answer"},
        {"role": "assistant", "content": "\n<|im_end|>\n"},
    ],
]  # fmt: skip


def test_messages(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(workspace.lines("a.jsonl", [{"messages": m} for m in CHATS]))
    assert report["verdict"] == "ready", report["message"]
    examples = workspace.cached()
    assert [row for row, *_ in examples] == [1, 2, 3, 4]
    for messages, (_, _, ids, labels) in zip(CHATS, examples, strict=True):
        assert (ids, labels) == reference(chatml(messages))
    assert report["trained_token_share"] == pytest.approx(
        sum(sum(e[3]) for e in examples) / sum(len(e[2]) for e in examples)
    )


def test_question_answer_and_mapped_columns_are_the_same_chat(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records: list[dict[str, Any]] = list(pairs(9))
    workspace.intake(workspace.lines("a.jsonl", records), "d-1")
    flat = [{"q": r["question"], "a": r["answer"], "extra": 1} for r in records]
    mapping = {"format": "columns", "prompt": "q", "answer": "a"}
    workspace.intake(workspace.lines("b.jsonl", flat), "d-2", mapping=mapping)
    assert workspace.cached("d-1") == workspace.cached("d-2")
    for record, (_, _, ids, labels) in zip(records, workspace.cached(), strict=True):
        messages = chat(record["question"], record["answer"])["messages"]
        assert (ids, labels) == reference(chatml(messages))


@pytest.mark.parametrize("max_length", [4096, 16, 7])
def test_text_trains_every_token_but_the_first_exactly_once(
    tmp_path: Path, max_length: int
) -> None:
    workspace = Workspace(tmp_path)
    texts = ["A short text.", "Once upon a time " * 20 + "the end.", "Ünïcode 🙂 " * 15, "x"]
    path = workspace.lines("t.jsonl", [{"text": text, "meta": {"id": 1}} for text in texts])
    report = workspace.intake(path, max_length=max_length)
    assert report["verdict"] == "ready" and report["record_format"] == "text"
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    eos = tokenizer.token_to_id("<|im_end|>")
    for number, text in enumerate(texts, start=1):
        parts = [(ids, labels) for row, _, ids, labels in workspace.cached() if row == number]
        assert all(len(ids) <= max_length for ids, _ in parts)
        targets = [
            t for ids, labels in parts for t, label in zip(ids, labels, strict=True) if label
        ]
        assert [parts[0][0][0], *targets] == [*tokenizer.encode(text).ids, eos]
        for (before, _), (after, labels) in pairwise(parts):
            assert after[0] == before[-1] and labels[0] == 0


def test_a_very_long_record_is_tokenized_in_chunks_with_the_same_result(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    answer = "The quick brown fox reads a letter. It counts 1234 apples, and so on. " * 2500
    messages = chat("Tell me.", answer)["messages"]
    path = workspace.lines("a.jsonl", [{"messages": messages}])
    report = workspace.intake(path, max_length=200_000)
    assert len(answer) > 2 * 65_536 and report["verdict"] == "ready"
    assert workspace.cached()[0][2:] == reference(chatml(messages))


def test_over_length_refuse_rejects_up_to_five_percent_and_truncates_nothing(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    records = [*pairs(19), {"question": "Long?", "answer": "word " * 100}]
    report = workspace.intake(workspace.lines("a.jsonl", records), max_length=60)
    assert (report["verdict"], workspace.rejected()) == ("ready", [(20, "over_length")])
    assert report["max_length"] == 60
    assert report["max_length_loses_nothing"] > 60 and report["truncated"] == 0
    records.append({"question": "Long too?", "answer": "word " * 100})
    report = workspace.intake(workspace.lines("b.jsonl", records), max_length=60)
    assert report["verdict"] == "refused"
    assert report["message"].startswith(
        "2 of 21 rows are longer than max_length (60 tokens); the limit is 5 % of the rows."
    )


def test_over_length_drop_never_refuses(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = [*pairs(5), *[{"question": f"L{n}?", "answer": "word " * 100} for n in range(5)]]
    path = workspace.lines("a.jsonl", records)
    report = workspace.intake(path, max_length=60, over_length="drop")
    assert (report["verdict"], report["accepted"], report["over_length"]) == ("ready", 5, 5)


def test_over_length_truncate_cuts_the_end_and_rejects_rows_without_an_answer(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    long_answer = chat("Short?", "word " * 100)["messages"]
    records = [
        {"messages": long_answer},
        chat("word " * 100, "Lost."),
        *({"messages": chat(f"{n}?", "ok")["messages"]} for n in range(3)),
    ]
    path = workspace.lines("a.jsonl", records)
    report = workspace.intake(path, max_length=60, over_length="truncate")
    assert (report["verdict"], report["truncated"]) == ("ready", 1)
    assert workspace.rejected() == [(2, "answer_lost")]
    ids, labels = reference(chatml(long_answer))
    assert workspace.cached()[0][2:] == (ids[:60], labels[:60])


def test_every_token_that_overlaps_a_span_is_labeled_except_the_first() -> None:
    offsets = [(0, 2), (2, 5), (5, 5), (5, 9), (9, 10)]
    assert labels_from_offsets(offsets, [(0, 3), (6, 9)]).tolist() == [0, 1, 0, 1, 0]
    assert labels_from_offsets(offsets, []).tolist() == [0] * 5
    assert labels_from_offsets([], [(0, 1)]).tolist() == []
