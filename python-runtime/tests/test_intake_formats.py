"""Every record format and every packing, against text that is put together by hand."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pyarrow
import pytest
import zstandard
from intake_support import Workspace, pairs
from pyarrow import parquet
from test_intake_golden import chatml, reference

from nightshift_trainer.intake.streams import FileRefused, refuse_cut_zstd


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def said(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]


FORMATS: list[tuple[str, dict[str, Any], list[dict[str, str]]]] = [
    (
        "instruction",
        {"instruction": "Translate.", "input": "Guten Tag", "output": "Good day"},
        said(("user", "Translate.\nGuten Tag"), ("assistant", "Good day")),
    ),
    (
        "instruction",
        {"instruction": "Name a colour.", "input": "", "output": "Blue", "id": 7},
        said(("user", "Name a colour."), ("assistant", "Blue")),
    ),
    (
        "instruction",
        {
            "instruction": "And 3?",
            "output": "9",
            "system": "Square it.",
            "history": [["2?", "4"]],
        },
        said(
            ("system", "Square it."),
            ("user", "2?"),
            ("assistant", "4"),
            ("user", "And 3?"),
            ("assistant", "9"),
        ),
    ),
    (
        "conversations",
        {
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {"from": "human", "value": "Hello?"},
                {"from": "gpt", "value": "Hi."},
                {"from": "human", "value": "Bye?"},
                {"from": "gpt", "value": "Bye."},
            ],
            "tools": "[]",
        },
        said(
            ("system", "Be brief."),
            ("user", "Hello?"),
            ("assistant", "Hi."),
            ("user", "Bye?"),
            ("assistant", "Bye."),
        ),
    ),
    (
        "conversations",
        {"system": "Count.", "conversations": [{"from": "human", "value": "1"},
                                               {"from": "gpt", "value": "2"}]},
        said(("system", "Count."), ("user", "1"), ("assistant", "2")),
    ),
    (
        "messages",
        {"messages": said(("system", "Short."), ("user", "Grüße? 🙂"), ("assistant", "Ja."))},
        said(("system", "Short."), ("user", "Grüße? 🙂"), ("assistant", "Ja.")),
    ),
    (
        "prompt_completion",
        {"prompt": "2 + 2 =", "completion": " 4"},
        said(("user", "2 + 2 ="), ("assistant", " 4")),
    ),
    (
        "prompt_response",
        {"prompt": "Say yes", "response": "yes"},
        said(("user", "Say yes"), ("assistant", "yes")),
    ),
    (
        "question_answer",
        {"question": "Is 17 prime?", "answer": "Yes"},
        said(("user", "Is 17 prime?"), ("assistant", "Yes")),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "record", "messages"), FORMATS, ids=[f"{f}-{n}" for n, (f, *_) in enumerate(FORMATS)]
)
def test_each_format_gives_the_tokens_and_labels_of_its_conversation(
    workspace: Workspace, form: str, record: dict[str, Any], messages: list[dict[str, str]]
) -> None:
    report = workspace.intake(workspace.lines("a.jsonl", [record]))
    assert report["verdict"] == "ready" and report["record_format"] == form
    [(row, _kind, ids, labels)] = workspace.cached()
    assert (row, (ids, labels)) == (1, reference(chatml(messages)))


@pytest.mark.parametrize(
    ("record", "reason", "says"),
    [
        (
            {
                "conversations": [
                    {"from": "human", "value": "Weather?"},
                    {"from": "function_call", "value": "{}"},
                    {"from": "observation", "value": "sunny"},
                    {"from": "gpt", "value": "Sunny."},
                ]
            },
            "role_not_rendered",
            "function_call",
        ),
        (
            {
                "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
                "tools": '[{"name": "weather"}]',
            },
            "role_not_rendered",
            "tools",
        ),
        (
            {"messages": said(("user", "a"), ("tool", "b"), ("assistant", "c"))},
            "role_not_rendered",
            "tool",
        ),
        ({"conversations": "none"}, "wrong_type", "list"),
        ({"conversations": [{"value": "a"}]}, "wrong_type", "role"),
        ({"instruction": "Do", "output": ""}, "empty_answer", "output"),
        ({"instruction": "Do", "output": "x", "history": [["a"]]}, "wrong_type", "history"),
        ({"prompt": "a", "completion": None}, "wrong_type", "completion"),
    ],
)
def test_what_a_format_cannot_hold_is_rejected_by_row(
    workspace: Workspace, record: dict[str, Any], reason: str, says: str
) -> None:
    good = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
    if "messages" in record:
        good = {"messages": said(("user", "q"), ("assistant", "a"))}
    if "instruction" in record:
        good = {"instruction": "q", "output": "a"}
    if "prompt" in record:
        good = {"prompt": "q", "completion": "a"}
    report = workspace.intake(workspace.lines("a.jsonl", [good, record, good]))
    assert workspace.rejected() == [(2, reason)]
    assert says in report["rejected"]["first"][0]["message"]


RECORDS = [{"question": f"Wie viel ist {n} + 1? ü", "answer": str(n + 1)} for n in range(40)]


def as_lines() -> bytes:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in RECORDS).encode()


def as_parquet(path: Path) -> None:
    parquet.write_table(pyarrow.Table.from_pylist(RECORDS), path, row_group_size=7)


def test_packed_or_not_the_rows_are_the_same(workspace: Workspace) -> None:
    plain, array = as_lines(), json.dumps(RECORDS).encode()
    half = len(plain) // 2
    table = "question,answer\n" + "".join(f"{r['question']},{r['answer']}\n" for r in RECORDS)
    packer = zstandard.ZstdCompressor()
    files = {
        "a.jsonl": plain,
        "b.jsonl.gz": gzip.compress(plain),
        "two-members.jsonl.gz": gzip.compress(plain[:half]) + gzip.compress(plain[half:]),
        "c.jsonl.zst": packer.compress(plain),
        "two-frames.jsonl.zst": packer.compress(plain[:half]) + packer.compress(plain[half:]),
        "d.json": array,
        "e.json.gz": gzip.compress(array),
        "f.csv.zst": packer.compress(table.encode()),
    }
    as_parquet(workspace.root / "g.parquet")
    for number, (name, content) in enumerate(files.items()):
        workspace.write(name, content)
        report = workspace.intake(workspace.root / name, f"d-{number}", core_rows=0)
        assert report["accepted"] == 40, (name, report["message"])
    report = workspace.intake(workspace.root / "g.parquet", "d-p", core_rows=0)
    assert report["accepted"] == 40 and report["record_format"] == "question_answer"
    wanted = [row[2:] for row in workspace.cached("d-0")]
    for dataset in [*(f"d-{number}" for number in range(len(files))), "d-p"]:
        assert [row[2:] for row in workspace.cached(dataset)] == wanted, dataset


def test_parquet_holds_conversations_too(workspace: Workspace) -> None:
    messages = said(("user", "q"), ("assistant", "a"))
    path = workspace.root / "chat.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"messages": messages}] * 3), path)
    report = workspace.intake(path)
    assert report["accepted"] == 3 and report["record_format"] == "messages"
    assert workspace.cached()[0][2:] == reference(chatml(messages))


def test_damaged_packages_are_refused_with_the_reason(workspace: Workspace) -> None:
    plain = as_lines() * 50
    packed = {"a.jsonl.gz": gzip.compress(plain), "b.jsonl.zst": zstandard.compress(plain)}
    for number, (name, content) in enumerate(packed.items()):
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 0xFF
        for what, damaged in (("cut", content[: len(content) // 2]), ("flipped", bytes(flipped))):
            dataset = f"d-{number}-{what}"
            report = workspace.intake(workspace.write(name, damaged), dataset)
            assert report["verdict"] == "refused", (name, what)
            assert name in report["message"] and report["cache"] is None
            if what == "cut":
                # Where it breaks: behind which line, and how many bytes of the file were read.
                assert re.search(r"behind line [\d,]+ \(byte|goes on to byte", report["message"])
            assert report["content_hash"] != ""
    report = workspace.intake(workspace.write("c.jsonl.gz", gzip.compress(b"")), "d-e")
    assert report["verdict"] == "refused" and "empty" in report["message"]
    report = workspace.intake(workspace.write("d.parquet", b"PAR1 and then nothing"), "d-q")
    assert report["verdict"] == "refused" and "d.parquet" in report["message"]
    as_parquet(workspace.root / "e.parquet")
    whole = (workspace.root / "e.parquet").read_bytes()
    report = workspace.intake(workspace.write("e.parquet", whole[:-20]), "d-r")
    assert report["verdict"] == "refused" and "e.parquet" in report["message"]


def test_a_packed_line_without_end_is_one_rejected_row(workspace: Workspace) -> None:
    """200 MB of one character pack to a few kB; they are never in memory at once."""
    line = json.dumps(pairs(1)[0]).encode() + b"\n"
    path = workspace.root / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(line)
        for _ in range(200):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\n" + line)
    report = workspace.intake(path)
    assert report["rows"] == 3 and workspace.rejected() == [(2, "line_too_long")]


def test_an_array_that_is_cut_names_the_element_and_keeps_those_before(
    workspace: Workspace,
) -> None:
    whole = json.dumps(RECORDS, indent=1)
    place = whole.index(RECORDS[20]["question"][:8], whole.index('"answer": "20"'))
    report = workspace.intake(workspace.write("a.json", whole[: place + 4]))
    assert (report["verdict"], report["decision"]) == ("decide", "accept_good_rows")
    assert workspace.rejected() == [(21, "not_json")] and report["accepted"] == 20
    message = report["rejected"]["first"][0]["message"]
    assert message.startswith("Not JSON from here to the end") and "line" in message
    report = workspace.intake(workspace.root / "a.json", accept_good_rows=True)
    assert report["verdict"] == "ready" and len(workspace.cached()) == 20


def test_a_table_with_another_number_of_fields_names_every_such_line(workspace: Workspace) -> None:
    good = [f'"q, {n}","line one\nline ""two"" {n}"' for n in range(5)]
    text = "\n".join(["question,answer", good[0], "only one", good[1], "a,b,c", *good[2:]]) + "\n"
    report = workspace.intake(workspace.write("a.csv", text))
    assert workspace.rejected() == [(4, "not_an_object"), (7, "not_an_object")]
    messages = [item["message"] for item in report["rejected"]["first"]]
    assert messages == [
        "The record has 1 fields, the first line names 2.",
        "The record has 3 fields, the first line names 2.",
    ]
    assert report["accepted"] == 5


def test_a_zst_file_that_is_cut_anywhere_is_never_taken_for_a_shorter_one(
    workspace: Workspace,
) -> None:
    """Blocks hold 128 kB: cut behind one of them, an unpacker gives what it has and no error."""
    lines = "".join(json.dumps({"question": f"{n} {n * 7919 % 10007}?", "answer": str(n)}) + "\n"
                    for n in range(20_000)).encode()  # fmt: skip
    for checksum in (True, False):
        packed = zstandard.ZstdCompressor(write_checksum=checksum).compress(lines)
        whole = workspace.write("whole.jsonl.zst", packed)
        refuse_cut_zstd(whole)
        refuse_cut_zstd(workspace.write("two.jsonl.zst", packed * 2))
        for length in {*range(5, len(packed), 1999), len(packed) - 1, len(packed) - 4}:
            with pytest.raises(FileRefused, match=f"has {length:,} bytes"):
                refuse_cut_zstd(workspace.write("cut.jsonl.zst", packed[:length]))
    report = workspace.intake(workspace.write("cut.jsonl.zst", packed[: len(packed) * 3 // 4]))
    assert report["verdict"] == "refused" and "is cut" in report["message"]
