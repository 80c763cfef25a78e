"""The messages of verdicts, notes and rejections, with their counts in singular and plural."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, pairs

from nightshift_trainer.intake.notes import validation_set_note
from nightshift_trainer.intake.records import json_type
from nightshift_trainer.intake.verdict import REASON_PHRASES, Counts, Verdict, decide_verdict
from nightshift_trainer.wording import count_of


def verdict(
    rows: int, by_reason: dict[str, int], formats: dict[str, int] | None = None, **changes: Any
) -> Verdict:
    accepted = rows - sum(by_reason.values())
    counts = Counts(rows, accepted, by_reason, formats or {"messages": rows}, 100, 50)
    options: dict[str, Any] = {
        "policy": "drop",
        "max_length": 1024,
        "mapped": False,
        "accept_valid_rows": False,
        **changes,
    }
    return decide_verdict(counts, **options)


@pytest.mark.parametrize(
    ("rows", "by_reason", "message"),
    [
        (
            100,
            {"no_answer": 3, "wrong_type": 2, "not_json": 1, "over_length": 20},
            "26 of 100 rows can't be used: 20 are longer than max_length, 3 have no answer, "
            "2 have a value of the wrong type, 1 isn't valid JSON. Train on the 74 valid rows, "
            "or fix the file and re-upload.",
        ),
        (
            2,
            {"empty_answer": 1},
            "1 of 2 rows can't be used: 1 has an empty answer. "
            "Train on the 1 valid row, or fix the file and re-upload.",
        ),
    ],
)
def test_rows_that_need_a_decision(rows: int, by_reason: dict[str, int], message: str) -> None:
    assert verdict(rows, by_reason) == Verdict("needs_decision", "accept_valid_rows", message)
    assert verdict(rows, by_reason, accept_valid_rows=True).verdict == "ready"


@pytest.mark.parametrize(
    ("rows", "by_reason", "message"),
    [
        (0, {}, "The file contains no records."),
        (
            40,
            {"not_utf8": 40},
            "Not UTF-8: all 40 rows contain bytes from another encoding. Save the file as UTF-8.",
        ),
        (
            1,
            {"not_utf8": 1},
            "Not UTF-8: the only row contains bytes from another encoding. Save the file as UTF-8.",
        ),
        (1, {"not_json": 1}, "The only row isn't valid JSON."),
        (4, {"no_answer": 4}, "None of the 4 rows can be used: all have no answer."),
        (
            1200,
            {"no_answer": 1, "not_json": 1199},
            "None of the 1,200 rows can be used: 1,199 aren't valid JSON, 1 has no answer.",
        ),
    ],
)
def test_files_without_a_valid_row(rows: int, by_reason: dict[str, int], message: str) -> None:
    assert verdict(rows, by_reason) == Verdict("refused", None, message)


def test_columns_mixed_formats_and_long_rows() -> None:
    columns = verdict(3080, {"unknown_columns": 3080}, {"unknown": 3080})
    assert columns.message == (
        "Map columns: format not recognized (3,080 rows). "
        "Choose the prompt column and the response column."
    )
    mixed = verdict(3, {}, {"question_answer": 2, "messages": 1}).message
    assert mixed is not None and "(question/answer 2 rows, messages 1 row)" in mixed
    long = verdict(10, {"over_length": 1}, policy="refuse").message
    assert long is not None
    assert long.startswith("1 of 10 rows is longer than max_length (1,024 tokens);")


def test_every_rejection_reason_of_the_protocol_has_a_phrase() -> None:
    reasons = (
        "not_json, not_an_object, not_utf8, line_too_long, no_answer, empty_answer, "
        "unknown_columns, role_not_rendered, mixed_format, over_length, answer_lost, "
        "template_error, empty_text, wrong_type, not_for_training, unsupported_weight, not_text, "
        "field_twice, unreadable"
    )
    assert set(REASON_PHRASES) == set(reasons.split(", "))


def test_counts_and_types() -> None:
    assert [count_of(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]
    assert validation_set_note(1) == "1 row goes to the fixed validation set."
    assert validation_set_note(28) == "28 rows go to the fixed validation set."
    values: list[Any] = [None, True, 1.5, "x", [], {}, b""]
    assert [json_type(value) for value in values] == [
        "null",
        "a boolean",
        "a number",
        "a string",
        "a list",
        "an object",
        "binary data",
    ]


def test_the_notes_of_a_small_dataset(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.lines(
        "a.jsonl", [*pairs(15), {"question": "x?", "answer": "<think>a</think>b"}]
    )
    assert workspace.intake(path, save_steps=10)["notes"] == [
        "Only 16 valid rows, fewer than 20: the model may only memorize them.",
        "1 row goes to the fixed validation set.",
        "1 row contains <think> blocks; they will be stripped (thinking: off).",
        "Only 1 step: fewer than save_steps (10), so the only checkpoint is the one at the end.",
        "1 validation row: too few (min. 20) to report a train/validation gap.",
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (7, "A row must be a JSON object, not a number."),
        ({"messages": "x"}, "`messages` must be a list, not a string."),
        ({"messages": [{"role": "user"}]}, "The content of message 1 must be text, not null."),
        ({"messages": ["x"]}, "Message 1 must be an object with a role."),
        (
            {"messages": [{"role": "user", "content": "a"}]},
            "No assistant message, so there is nothing to train on.",
        ),
        (
            {"messages": [{"role": "tool", "content": "a"}]},
            "The chat template can't render the role 'tool'.",
        ),
        (
            {"messages": [*chat("a", "b")["messages"], {"role": "system", "content": "s"}]},
            "Message 3 is a system message; only the first message can be one.",
        ),
        (chat("a", " "), "Message 2, an assistant message, is empty."),
        ({"x": 1, "y": 2}, "No known format has these fields: x, y."),
    ],
)
def test_the_message_of_a_rejected_row(tmp_path: Path, record: Any, message: str) -> None:
    workspace = Workspace(tmp_path)
    records = [chat(f"{n}?", "yes") for n in range(3)]
    report = workspace.intake(workspace.lines("a.jsonl", [*records, record]))
    assert [item["message"] for item in report["rejected"]["first"]] == [message]


def test_the_message_of_a_long_row(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = [*pairs(40), {"question": "Long?", "answer": "word " * 2000}]
    report = workspace.intake(workspace.lines("a.jsonl", records), max_length=60)
    message = report["rejected"]["first"][0]["message"]
    assert message.endswith(" tokens, over max_length (60).")
