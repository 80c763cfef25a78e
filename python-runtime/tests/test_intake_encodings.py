"""Files that are not UTF-8: the encoding is named and offered with a preview, never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from intake_support import Workspace, pairs

from nightshift_trainer.intake.encodings import ENCODINGS

WESTERN = [{"question": f"Où est le café {n} ?", "answer": "À côté."} for n in range(5)]
CYRILLIC = [{"question": f"Где находится склад {n}?", "answer": "На полке."} for n in range(5)]
JAPANESE = [{"question": f"倉庫はどこですか {n}?", "answer": "二番目の棚です。"} for n in range(5)]


def lines(records: list[dict[str, str]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def table(records: list[dict[str, str]]) -> str:
    rows = "".join(f"{record['question']};{record['answer']}\n" for record in records)
    return f"question;answer\n{rows}"


def offered(report: dict[str, Any]) -> list[str]:
    return [candidate["name"] for candidate in report["encoding"]["candidates"]]


@pytest.mark.parametrize(
    ("content", "codec", "name"),
    [
        (lines(WESTERN), "cp1252", "windows-1252"),
        (lines(WESTERN), "latin-1", "windows-1252"),
        (lines(CYRILLIC), "cp1251", "windows-1251"),
        (lines(JAPANESE), "shift_jis", "shift_jis"),
        ("\ufeff" + lines(WESTERN), "utf-16-le", "utf-16-le"),
        ("\ufeff" + lines(WESTERN), "utf-16-be", "utf-16-be"),
        (lines(WESTERN), "utf-16-le", "utf-16-le"),
        (lines(JAPANESE), "utf-16-be", "utf-16-be"),
        ("\ufeff" + lines(WESTERN), "utf-32-le", "utf-32-le"),
    ],
)
def test_the_encoding_is_offered_and_read_once_chosen(
    workspace: Workspace, content: str, codec: str, name: str
) -> None:
    path = workspace.write("a.jsonl", content.encode(codec))
    report = workspace.intake(path)
    assert (report["verdict"], report["decision"]) == ("needs_decision", "choose_encoding")
    assert offered(report)[0] == name and ENCODINGS[name] in report["message"]
    preview = report["encoding"]["candidates"][0]["preview"]
    assert preview[0]["row"] == 1 and preview[0]["text"] == content.lstrip("\ufeff").split("\n")[0]
    assert report["cache"] is None
    report = workspace.intake(path, encoding=name)
    assert (report["verdict"], report["accepted"], report["encoding"]) == ("ready", 5, None)
    plain = workspace.intake(workspace.write("b.jsonl", content), "d-2")
    assert [row[2:] for row in workspace.cached()] == [row[2:] for row in workspace.cached("d-2")]
    assert report["cache"] != plain["cache"]


@pytest.mark.parametrize(
    ("name", "content", "codec"),
    [
        ("a.csv", table(WESTERN), "cp1252"),
        ("a.csv", table(WESTERN), "utf-16"),
        ("a.json", json.dumps(WESTERN, ensure_ascii=False), "cp1252"),
        ("a.json", json.dumps({"data": WESTERN}, ensure_ascii=False, indent=1), "utf-16-le"),
        ("a.txt", "\n".join(f"{row['question']} {row['answer']}" for row in WESTERN), "cp1252"),
    ],
)
def test_other_files_in_another_encoding(
    workspace: Workspace, name: str, content: str, codec: str
) -> None:
    path = workspace.write(name, content.encode(codec))
    report = workspace.intake(path)
    assert report["decision"] == "choose_encoding"
    report = workspace.intake(path, encoding=offered(report)[0])
    assert (report["verdict"], report["accepted"]) == ("ready", 5)


def test_one_invalid_line_of_a_utf8_file_is_rejected_as_a_row(workspace: Workspace) -> None:
    content = lines(WESTERN).encode().replace("é 3".encode(), b"\xe9 3")
    report = workspace.intake(workspace.write("a.jsonl", content))
    assert (report["decision"], report["encoding"]) == ("accept_valid_rows", None)
    assert workspace.rejected() == [(4, "not_utf8")] and report["accepted"] == 4


def test_the_valid_rows_can_be_trained_instead(workspace: Workspace) -> None:
    records = [*pairs(9), {"question": "caf\xe9?", "answer": "yes"}]
    path = workspace.write("a.jsonl", lines(records).encode("cp1252"))
    report = workspace.intake(path)
    assert (report["decision"], report["accepted"]) == ("choose_encoding", 9)
    report = workspace.intake(path, accept_valid_rows=True)
    assert (report["verdict"], report["accepted"]) == ("ready", 9)


def test_a_byte_that_the_encoding_does_not_have_rejects_its_row(workspace: Workspace) -> None:
    content = lines(WESTERN).encode("cp1252").replace(b"2 ?", b"\x81 ?")
    path = workspace.write("a.jsonl", content)
    report = workspace.intake(path, encoding="windows-1252")
    assert workspace.rejected() == [(3, "not_utf8")] and report["accepted"] == 4
    odd = lines(WESTERN).encode("utf-16-le") + b"x"
    report = workspace.intake(workspace.write("b.jsonl", odd), encoding="utf-16-le")
    assert report["accepted"] == 5 and workspace.rejected() == [(6, "not_utf8")]


def test_a_utf8_byte_order_mark_needs_no_decision(workspace: Workspace) -> None:
    for name, content in (("a.jsonl", lines(WESTERN)), ("a.csv", table(WESTERN))):
        report = workspace.intake(workspace.write(name, content.encode("utf-8-sig")))
        assert (report["verdict"], report["accepted"]) == ("ready", 5)
