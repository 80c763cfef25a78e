"""No content ends the worker: odd values reject their row, and so does an error nobody foresaw."""

from __future__ import annotations

import json
from typing import Any

import pytest
from intake_support import Workspace, add_up, chat, pairs

from nightshift_trainer.intake import encode_pending, readers, validation
from nightshift_trainer.run_folder import Canceled

DEEP = "[" * 3000 + "]" * 3000
HALF = "\ud83d"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (json.dumps({HALF: "x"}), "unknown_columns"),
        (json.dumps({"question": HALF, "answer": "x"}), "not_utf8"),
        (json.dumps({"question": "x", "answer": f"a {HALF} b"}), "not_utf8"),
        (json.dumps({"messages": [{"role": HALF, "content": "x"}]}), "role_not_rendered"),
        (json.dumps({"messages": [{"role": "user", HALF: "x"}]}), "wrong_type"),
        (json.dumps(chat("x", HALF)), "not_utf8"),
        (json.dumps(HALF), "not_an_object"),
        (DEEP, "not_json"),
        ('{"question": ' + DEEP + ', "answer": "x"}', "not_json"),
        ('{"question": ' + "[" * 900 + "]" * 900 + ', "answer": "x"}', "wrong_type"),
        ('{"question": 1' + "0" * 5000 + ', "answer": "x"}', "not_json"),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", "unknown_columns"),
        ('{"question": "x", "answer": "' + "word " * 2_000_000 + '"}', "over_length"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_odd_content_rejects_its_row(
    workspace: Workspace, name: str, line: str, reason: str
) -> None:
    is_chat = '"messages"' in line
    records = [chat(f"{n}?", f"{n}.") for n in range(30)] if is_chat else pairs(30)
    texts = [*map(json.dumps, records[:2]), line, *map(json.dumps, records[2:])]
    content = f"[{','.join(texts)}]" if name.endswith(".json") else "\n".join(texts)
    report = workspace.intake(workspace.write(name, content))
    assert workspace.rejected() == [(3, reason)]
    assert report["rows"] == 31 and add_up(report)
    for item in report["rejected"]["first"]:
        assert "Error" not in item["message"] and "codec" not in item["message"]


def test_a_half_surrogate_in_an_unused_field_changes_nothing(workspace: Workspace) -> None:
    records = [{**row, HALF: HALF} for row in pairs(3)]
    path = workspace.write("a.jsonl", "\n".join(map(json.dumps, records)))
    assert workspace.intake(path)["verdict"] == "ready"


@pytest.mark.parametrize("place", ["convert", "render_messages", "encode_rows"])
def test_an_error_nobody_foresaw_rejects_its_row_and_is_logged(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
) -> None:
    module = encode_pending if place == "encode_rows" else validation
    call = getattr(module, place)

    def fail(*arguments: Any) -> Any:
        if "What is 3 " in str(arguments):
            raise ZeroDivisionError("a bug")
        return call(*arguments)

    monkeypatch.setattr(module, place, fail)
    report = workspace.intake(workspace.lines("a.jsonl", pairs(6)))
    assert workspace.rejected() == [(4, "unreadable")] and report["accepted"] == 5
    assert report["message"].startswith("1 of 6 rows can't be used: 1 couldn't be read.")
    log = capsys.readouterr().err
    assert "Row 4 could not be read" in log and "ZeroDivisionError: a bug" in log
    assert "Traceback" in log


def test_an_error_of_a_reader_refuses_the_file_with_the_row(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_record = readers.as_record

    def fail(row: int, *rest: Any) -> Any:
        if row == 4:
            raise ZeroDivisionError("a bug")
        return as_record(row, *rest)

    monkeypatch.setattr(readers, "as_record", fail)
    report = workspace.intake(workspace.lines("a.jsonl", pairs(6)))
    assert report["verdict"] == "refused"
    assert report["message"] == (
        "a.jsonl could not be read after row 3. The details are in the worker's log."
    )
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left"), Canceled("stop")])
def test_a_failure_of_the_machine_is_not_a_bad_row(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(validation, "convert", fail)
    with pytest.raises(type(error)):
        workspace.intake(workspace.lines("a.jsonl", pairs(6)))
