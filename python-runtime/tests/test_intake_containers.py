"""Files as people have them: the cases of public bug reports, and their siblings."""

from __future__ import annotations

import datetime
import decimal
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from intake_support import Workspace, add_up, chat, pairs
from pyarrow import parquet

FIXTURES = Path(__file__).parent / "fixtures" / "containers"
ROWS = pairs(4)
ARRAY = json.dumps(ROWS)
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
# Without the time: each test process must collect the same parameters.
PACKED = gzip.compress(LINES.encode(), mtime=0)


def intake_case(workspace: Workspace, name: str, **options: Any) -> dict[str, Any]:
    shutil.copy(FIXTURES / name, workspace.root / name)
    return workspace.intake(workspace.root / name, **options)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("e3-carriage-returns.csv", 2),
        ("i1-pandas-index.csv", 2),
        ("i2-excel-sep.csv", 2),
        ("i4-indented.jsonl", 2),
        ("i6-list-as-string.jsonl", 2),
        ("i7-data-key.json", 2),
        ("k1-packed.jsonl.gz", 2),
        ("p1-nul-and-zero-width.jsonl", 2),
        ("p2-two-members.jsonl.gz", 2),
        ("a2-second-array.json", 5),
    ],
)
def test_a_case_is_read_whole(workspace: Workspace, name: str, rows: int) -> None:
    report = intake_case(workspace, name)
    assert (report["verdict"], report["rows"], report["accepted"]) == ("ready", rows, rows)


def test_a1_an_array_without_end_needs_the_users_word(workspace: Workspace) -> None:
    report = intake_case(workspace, "a1-array-without-end.json")
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
    assert report["incomplete"] == (
        "The file ends inside the JSON array, after element 3 (line 4); it is probably an "
        "incomplete download."
    )
    assert report["message"] == (
        f"{report['incomplete']} Train on the 3 valid rows, or download it again."
    )
    assert report["rows"] == report["accepted"] == 3 and report["cache"] is None
    report = intake_case(workspace, "a1-array-without-end.json", accept_valid_rows=True)
    assert report["verdict"] == "ready" and len(workspace.cached()) == 3


def test_a2_a_second_array_is_named(workspace: Workspace) -> None:
    report = intake_case(workspace, "a2-second-array.json")
    note = "The file holds 2 JSON arrays; the rows of all of them were read."
    assert note in report["notes"]


def test_e1_a_half_surrogate_in_a_name_rejects_its_row(workspace: Workspace) -> None:
    report = intake_case(workspace, "e1-half-surrogate-in-name.jsonl")
    assert (report["verdict"], report["accepted"]) == ("needs_decision", 2)
    assert workspace.rejected() == [(3, "unknown_columns")]
    assert "\ufffd" in report["rejected"]["first"][0]["message"]


def test_e2_a_separator_inside_a_quoted_header_is_none(workspace: Workspace) -> None:
    report = intake_case(workspace, "e2-quoted-header.csv")
    assert [column["name"] for column in report["columns"]] == ["question", "answer; short; plain"]
    assert report["decision"] == "map_columns"


def test_j1_an_open_quote_names_the_lines_that_it_swallows(workspace: Workspace) -> None:
    report = intake_case(workspace, "j1-open-quote.csv")
    assert (report["verdict"], report["decision"]) == ("refused", None)
    assert report["message"] == (
        "The record from line 3 swallows 31 lines, up to line 33: a quote that opens in line 3 "
        "isn't closed there. Close or remove the quote and add the file again."
    )


def test_p3_rows_keep_their_physical_lines(workspace: Workspace) -> None:
    report = intake_case(workspace, "p3-line-breaks-in-fields.csv")
    assert report["verdict"] == "ready"
    assert [row for row, *_ in workspace.cached()] == [2, 5]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.json", ARRAY + "\nDone.\n", "in line 2: after element 4 is text"),
        ("bracket.json", ARRAY + "]", "in line 1: after element 4"),
        ("brace.json", '[\n{"question": "a",\n{"question": "b"}\n]', "from line 3 on, in"),
        ("quote.json", '[\n{"question": "a, "answer": "b"},\n{}\n]', "from line 2 on, in"),
        ("two-keys.json", json.dumps({"train": ROWS, "test": ROWS}), "`train` and `test`"),
        ("inner.json", json.dumps({"data": {"train": ROWS}}), "`train` inside `data`"),
        ("columns.json", json.dumps({"question": ["a"], "answer": ["b"]}), "columns instead of"),
        ("pandas.json", '{"question": {"0": "a"}, "answer": {"0": "b"}}', "columns instead of"),
        ("open.json", "[", "ends inside the JSON array"),
        ("header.csv", "question,answer\n", "a header (line 1) but no rows"),
        ("twice.csv", "question,answer,answer\na,b,c\n", "names `answer` more than once"),
        ("open.csv", 'question,answer\na,b\n"c,d\ne,f\n"g",h\n', "line 3 swallows 3 lines"),
        ("closed.csv", 'question,answer\na,b\n"c,d\ne,f\ng,h"\ni,j\n', "line 3 swallows 3 lines"),
        ("zip.jsonl", b"PK\x03\x04\x14\x00", "is a ZIP archive or an Office document"),
        ("gz.jsonl", PACKED, "Add `.gz` to its name"),
        ("bz.jsonl", b"BZh91AY&SY\x00", "is bzip2-compressed"),
        ("xz.csv", b"\xfd7zXZ\x00\x00", "is xz-compressed"),
        ("plain.jsonl.gz", LINES, "rename it to plain.jsonl"),
        ("empty.jsonl.gz", gzip.compress(b"", mtime=0), "is empty after decompression"),
        ("cut.jsonl.gz", PACKED[:-12], "ends before its compressed data"),
        ("tail.jsonl.gz", PACKED + b"xx", "bytes that aren't gzip follow"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_plain_words(
    workspace: Workspace, name: str, content: bytes | str, message: str
) -> None:
    report = workspace.intake(workspace.write(name, content))
    assert (report["verdict"], report["decision"]) == ("refused", None)
    assert message in report["message"], report["message"]


def test_a_wrong_checksum_at_the_end_of_a_gzip_file(workspace: Workspace) -> None:
    packed = PACKED
    path = workspace.write("a.jsonl.gz", packed[:-8] + b"\x01\x02\x03\x04" + packed[-4:])
    assert "the checksum at its end doesn't match" in workspace.intake(path)["message"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sep.csv", '"sep=;"\nquestion;answer\na;b\nc;d\n'),
        ("trailing.csv", "question,answer,\na,b,\nc,d,\n"),
        ("trailing-rows.csv", "question,answer\na,b,\nc,d,,\n"),
        ("caps.csv", "Prompt;RESPONSE\na;b\nc;d\n"),
        ("instruction.csv", "Instruction,Output\na,b\nc,d\n"),
        ("unnamed.csv", "Unnamed: 0,question,answer\n0,a,b\n1,c,d\n"),
        ("returns.csv", 'question,answer\r"a\nb",c\rd,e\r'),
        ("tabs.tsv", "question\tanswer\na, b\tc\nd\te\n"),
        ("tabs.csv", "question\tanswer\na, b\tc; d\ne\tf\n"),
        ("pipes.csv", "question|answer\na, b; c|d\ne|f\n"),
        ("commas.csv", "question;answer\na, b, c;d, e\nf;g\n"),
        ("quoted.csv", '"question","answer"\n"a;b;c","d"\n"e","f"\n'),
        ("extra.csv", "question,answer,\na,b,x\nc,d,\n"),
        ("paragraphs.txt", "One line.\nThe same text.\n\nAnother text.\n"),
        ("lines.txt", "One line.\nAnother line.\n"),
        ("mark.csv", "\ufeffquestion;answer\r\na;b\r\nc;d\r\n"),
    ],
)
def test_tables_and_texts_of_other_programs_are_read_whole(
    workspace: Workspace, name: str, content: str
) -> None:
    report = workspace.intake(workspace.write(name, content))
    assert (report["verdict"], report["rows"], report["accepted"]) == ("ready", 2, 2)


def test_a_list_held_as_a_string_is_read_from_csv_and_parquet(workspace: Workspace) -> None:
    messages = chat("Which bolt?", "The brass one.")["messages"]
    for number, text in enumerate((json.dumps(messages), str(messages))):
        quoted = text.replace('"', '""')
        path = workspace.write(f"{number}.csv", f'messages\n"{quoted}"\n')
        assert workspace.intake(path)["record_format"] == "messages"
        assert workspace.report()["verdict"] == "ready"
    path = workspace.root / "a.parquet"
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    parquet.write_table(pa.table({"conversations": [json.dumps(turns)]}), path)
    assert workspace.intake(path)["verdict"] == "ready"


def test_zero_bytes_in_a_line_reject_that_line(workspace: Workspace) -> None:
    lines = [json.dumps(row).encode() for row in ROWS]
    lines[1] = bytes(200)
    lines[2] = b'{"question": "a\x00b", "answer": "c"}'
    report = workspace.intake(workspace.write("a.jsonl", b"\n".join(lines)))
    assert workspace.rejected() == [(2, "not_json"), (3, "not_json")] and report["accepted"] == 2
    assert {item["message"] for item in report["rejected"]["first"]} == {
        "The line contains NUL bytes."
    }
    report = workspace.intake(workspace.write("a.csv", b"question,answer\na,b\nc\x00,d\ne,f\n"))
    assert workspace.rejected() == [(3, "not_an_object")] and report["accepted"] == 2
    report = workspace.intake(workspace.write("a.txt", b"one\nt\x00wo\nthree\n"))
    assert workspace.rejected() == [(2, "wrong_type")] and report["accepted"] == 2


def test_parquet_values_of_every_type(workspace: Workspace) -> None:
    path = workspace.root / "a.parquet"
    table = pa.table(
        {
            "question": [b"Which bolt?", b"bad \xff", b"Which nut?"],
            "answer": [decimal.Decimal("1.50"), decimal.Decimal("2.25"), decimal.Decimal("3")],
            "day": [datetime.date(2020, 1, 2)] * 3,
            "at": [datetime.datetime(2020, 1, 2, 3)] * 3,
        }
    )
    parquet.write_table(table, path)
    report = workspace.intake(path)
    assert workspace.rejected() == [(2, "not_utf8")]
    assert report["accepted"] == 2 and add_up(report)
    spans = [span["text"] for span in report["samples"][0]["spans"] if span["trained"]]
    assert spans[0].startswith("1.50")


def test_one_bad_byte_in_a_parquet_text_column_rejects_its_row(workspace: Workspace) -> None:
    offsets = pa.py_buffer(b"".join(n.to_bytes(4, "little") for n in (0, 1, 2, 3)))
    column = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"a\xffc")])
    path = workspace.root / "a.parquet"
    parquet.write_table(pa.table({"question": column, "answer": ["x", "y", "z"]}), path)
    report = workspace.intake(path)
    assert workspace.rejected() == [(2, "not_utf8")] and report["accepted"] == 2


def test_a_parquet_file_that_names_a_column_twice_is_refused(workspace: Workspace) -> None:
    columns = [pa.array(["a"]), pa.array(["b"]), pa.array(["c"])]
    path = workspace.root / "a.parquet"
    parquet.write_table(pa.Table.from_arrays(columns, ["question", "answer", "answer"]), path)
    assert workspace.intake(path)["message"] == (
        "a.parquet names `answer` more than once. Rename the columns."
    )


def test_the_counts_of_a_mixed_file_add_up(workspace: Workspace) -> None:
    records = [*ROWS, chat("a?", "b"), {"messages": "x"}, {"question": ""}]
    report = workspace.intake(workspace.lines("a.jsonl", records))
    assert report["verdict"] == "refused" and add_up(report)
    assert report["rejected"]["by_reason"]["mixed_format"] == 1
