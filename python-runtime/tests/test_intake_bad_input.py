"""Bad files: empty, binary, invalid in the middle, mixed, too long. Rows are physical lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, pairs

from nightshift_trainer.intake.lines import MAX_LINE_BYTES, LineReader
from nightshift_trainer.intake.readers import csv_records
from nightshift_trainer.intake.records import Record


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def body(records: list[Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode("utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.jsonl is empty (0 bytes)."),
        (b"\n\r\n  \n", "a.jsonl contains only blank lines."),
        (b"\x00\x01\x02\x00\n\x00\x00", "a.jsonl is a binary file (contains NUL bytes)."),
    ],
    ids=["empty", "blank", "binary"],
)
def test_unreadable_files_are_refused_with_the_reason(
    workspace: Workspace, content: bytes, message: str
) -> None:
    report = workspace.intake(workspace.write("a.jsonl", content))
    assert report["verdict"] == "refused" and report["message"].startswith(message)
    assert report["cache"] is None


def test_a_folder_named_jsonl_is_refused(workspace: Workspace) -> None:
    (workspace.root / "a.jsonl").mkdir()
    report = workspace.intake(workspace.root / "a.jsonl")
    assert report["verdict"] == "refused" and "folder" in report["message"]


def test_the_rows_of_a_latin1_file_are_rejected(workspace: Workspace) -> None:
    line = json.dumps({"question": "caf\xe9?", "answer": "\xe9"}, ensure_ascii=False)
    report = workspace.intake(workspace.write("a.jsonl", (line + "\n").encode("latin-1") * 3))
    assert workspace.rejected() == [(1, "not_utf8"), (2, "not_utf8"), (3, "not_utf8")]
    assert report["message"] == (
        "3 of 3 rows are not UTF-8; the file looks like Windows-1252 (Western European). Check the "
        "preview and choose the encoding, or save the file as UTF-8."
    )


def test_byte_order_mark_crlf_and_blank_lines_change_nothing(workspace: Workspace) -> None:
    plain = body(pairs(6))
    odd = b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n\r\n")[:-4]
    workspace.intake(workspace.write("a.jsonl", plain), "d-1")
    report = workspace.intake(workspace.write("b.jsonl", odd), "d-2")
    assert (report["verdict"], report["rows"]) == ("ready", 6)
    assert [e[0] for e in workspace.cached("d-2")] == [1, 3, 5, 7, 9, 11]
    assert [e[2:] for e in workspace.cached("d-2")] == [e[2:] for e in workspace.cached("d-1")]


def test_an_invalid_line_needs_a_decision_and_the_valid_rows_can_be_accepted(
    workspace: Workspace,
) -> None:
    lines = body(pairs(9)).splitlines(keepends=True)
    lines[4] = b'{"question": "broken", "answ\n'
    path = workspace.write("a.jsonl", b"".join(lines))
    grep = next(n for n, text in enumerate(path.read_text().split("\n"), 1) if '"answ' in text[-6:])
    report = workspace.intake(path)
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
    assert report["message"] == (
        "1 of 9 rows can't be used: 1 isn't valid JSON. Train on the 8 valid rows, or fix the file "
        "and re-upload."
    )
    first = report["rejected"]["first"][0]
    assert (first["row"], first["reason"]) == (grep, "not_json") == (5, "not_json")
    assert first["text"] == '{"question": "broken", "answ'
    assert report["cache"] is None and not (workspace.root / "data/validation/core").exists()
    report = workspace.intake(path, accept_valid_rows=True)
    assert (report["verdict"], report["accepted"]) == ("ready", 8)
    assert 5 not in {row for row, *_ in workspace.cached()}
    listed = (workspace.home() / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in listed] == [5]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([1, 2], "not_an_object"),
        ({"messages": [{"role": "user", "content": "only me"}]}, "no_answer"),
        ({"messages": [{"role": "assistant", "content": " "}]}, "empty_answer"),
        ({"messages": "hello"}, "wrong_type"),
        ({"messages": [{"role": "user"}]}, "wrong_type"),
        ({"messages": [{"role": "user", "content": "\ud800"}, *chat("a", "b")["messages"]]},
         "not_utf8"),
        ({"prompt": "p", "reply": "r"}, "unknown_columns"),
    ],
)  # fmt: skip
def test_an_invalid_record_is_reported_with_row_and_reason(
    workspace: Workspace, record: Any, reason: str
) -> None:
    records = [chat("a?", "b"), chat("c?", "d"), record, chat("e?", "f")]
    report = workspace.intake(workspace.write("a.jsonl", body(records)))
    assert workspace.rejected() == [(3, reason)]
    assert report["verdict"] == "needs_decision"
    assert report["rows"] == report["accepted"] + report["rejected"]["total"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"question": "q"}, "no_answer"),
        ({"question": "q", "answer": ""}, "empty_answer"),
        ({"question": " ", "answer": "a"}, "empty_text"),
        ({"question": "q", "answer": None}, "wrong_type"),
        ({"question": "q", "answer": {"a": 1}}, "wrong_type"),
    ],
)
def test_invalid_questions_and_answers(workspace: Workspace, record: Any, reason: str) -> None:
    workspace.intake(workspace.write("a.jsonl", body([*pairs(3), record])))
    assert workspace.rejected() == [(4, reason)]


def test_no_assistant_turn_anywhere_is_refused(workspace: Workspace) -> None:
    records = [{"messages": [{"role": "user", "content": f"{n}"}]} for n in range(4)]
    report = workspace.intake(workspace.write("a.jsonl", body(records)))
    assert report["verdict"] == "refused"
    assert report["message"] == "None of the 4 rows can be used: all have no answer."


def test_a_file_of_mixed_formats_is_refused_and_the_rarer_rows_are_listed(
    workspace: Workspace,
) -> None:
    records = [*pairs(150), chat("a?", "b"), *pairs(150), {"text": "raw"}]
    report = workspace.intake(workspace.write("a.jsonl", body(records)))
    assert report["verdict"] == "refused"
    assert "(question/answer 300 rows, messages 1 row, text 1 row)" in report["message"]
    assert workspace.rejected() == [(151, "mixed_format"), (302, "mixed_format")]


def test_unknown_columns_need_a_mapping(workspace: Workspace) -> None:
    records = [{"utterance": f"u{n}", "intent": f"i{n % 3}", "n": n} for n in range(12)]
    path = workspace.write("a.jsonl", body(records))
    report = workspace.intake(path)
    assert (report["verdict"], report["decision"]) == ("needs_decision", "map_columns")
    assert report["message"].startswith("Map columns: format not recognized (12 rows).")
    assert report["columns"] == [
        {"name": "utterance", "example": "u0", "distinct": 12},
        {"name": "intent", "example": "i0", "distinct": 3},
        {"name": "n", "example": "0", "distinct": 12},
    ]
    mapping = {"format": "columns", "prompt": "utterance", "answer": "intent"}
    report = workspace.intake(path, mapping=mapping)
    assert (report["verdict"], report["record_format"]) == ("ready", "columns")
    assert report["accepted"] == 12


def test_a_text_column_among_others_is_not_raw_text(workspace: Workspace) -> None:
    records = [{"text": f"t{n}", "category": "c"} for n in range(5)]
    assert workspace.intake(workspace.write("a.jsonl", body(records)))["decision"] == "map_columns"


def test_csv_with_quotes_commas_and_line_breaks(workspace: Workspace) -> None:
    text = (
        "question,answer\r\n"
        'plain,"a, b"\r\n'
        '"two\r\nlines","say ""hi"""\r\n'
        "\r\n"
        "too,many,fields\r\n"
        "last,one\r\n"
    )
    path = workspace.write("a.csv", text)
    records = list(csv_records(iter(LineReader(path))))
    good = [item for item in records if isinstance(item, Record)]
    assert [(item.row, item.fields["answer"]) for item in good] == [
        (2, "a, b"),
        (3, 'say "hi"'),
        (7, "one"),
    ]
    assert good[1].fields["question"] == "two\nlines"
    report = workspace.intake(path)
    assert workspace.rejected() == [(6, "not_an_object")]
    assert report["rows"] == 4


def test_csv_rows_that_are_not_utf8_are_rejected(workspace: Workspace) -> None:
    path = workspace.write("a.csv", b"question;answer\nq1;a1\nq\xff;a2\nq3;a3\n")
    report = workspace.intake(path)
    assert workspace.rejected() == [(3, "not_utf8")] and report["accepted"] == 2


def test_a_quote_inside_a_field_rejects_its_row(workspace: Workspace) -> None:
    path = workspace.write("a.csv", 'question,answer\nq1,a1\nq2,"say "hi""\nq3,a3\n')
    report = workspace.intake(path)
    assert workspace.rejected() == [(3, "not_an_object")] and report["verdict"] == "needs_decision"
    assert report["rejected"]["first"][0]["message"] == (
        "Not a valid CSV record: text follows a closing quote; a quote inside a quoted field must "
        "be doubled."
    )


def test_a_json_array_is_read_by_element(workspace: Workspace) -> None:
    path = workspace.write("a.json", json.dumps([*pairs(4), 7, *pairs(2)], indent=1))
    report = workspace.intake(path)
    assert workspace.rejected() == [(5, "not_an_object")] and report["rows"] == 7


def test_a_line_over_the_limit_is_skipped_but_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\n" + b"x" * 100 + b"\n\nfour\r\n" + b"y" * 100)
    lines = list(LineReader(path, limit=50))
    assert [(line.number, line.length, line.too_long) for line in lines] == [
        (1, 3, False),
        (2, 100, True),
        (3, 0, False),
        (4, 5, False),
        (5, 100, True),
    ]
    assert lines[3].data == b"four" and MAX_LINE_BYTES == 16 << 20


def test_a_dry_run_leaves_only_the_report(workspace: Workspace) -> None:
    report = workspace.intake(workspace.write("a.jsonl", body(pairs(200))), dry_run=True)
    assert (report["verdict"], report["accepted"], report["cache"]) == ("ready", 200, None)
    assert report["held_out"] == {"core": 20, "slice": 20, "duplicates": 0}
    assert [path.name for path in workspace.home().iterdir()] == ["report.json"]
    assert not (workspace.root / "data" / "validation").exists()
