"""Every record format and every compression, against text that is concatenated by hand."""

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

from nightshift_trainer.intake.streams import FileRefused, refuse_truncated_zstd


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def messages_of(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]


FORMATS: list[tuple[str, dict[str, Any], list[dict[str, str]]]] = [
    (
        "instruction",
        {"instruction": "Translate.", "input": "Guten Tag", "output": "Good day"},
        messages_of(("user", "Translate.\nGuten Tag"), ("assistant", "Good day")),
    ),
    (
        "instruction",
        {"instruction": "Name a color.", "input": "", "output": "Blue", "id": 7},
        messages_of(("user", "Name a color."), ("assistant", "Blue")),
    ),
    (
        "instruction",
        {
            "instruction": "And 3?",
            "output": "9",
            "system": "Square it.",
            "history": [["2?", "4"]],
        },
        messages_of(
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
        messages_of(
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
        messages_of(("system", "Count."), ("user", "1"), ("assistant", "2")),
    ),
    (
        "messages",
        {"messages": messages_of(("system", "Short."), ("user", "Größe? 🙂"), ("assistant", "J"))},
        messages_of(("system", "Short."), ("user", "Größe? 🙂"), ("assistant", "J")),
    ),
    (
        "prompt_completion",
        {"prompt": "2 + 2 =", "completion": " 4"},
        messages_of(("user", "2 + 2 ="), ("assistant", " 4")),
    ),
    (
        "prompt_response",
        {"prompt": "Say yes", "response": "yes"},
        messages_of(("user", "Say yes"), ("assistant", "yes")),
    ),
    (
        "question_answer",
        {"question": "Is 17 prime?", "answer": "Yes"},
        messages_of(("user", "Is 17 prime?"), ("assistant", "Yes")),
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
    ("record", "reason", "part"),
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
            {"messages": messages_of(("user", "a"), ("tool", "b"), ("assistant", "c"))},
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
def test_invalid_records_of_a_format_are_rejected_by_row(
    workspace: Workspace, record: dict[str, Any], reason: str, part: str
) -> None:
    good = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
    if "messages" in record:
        good = {"messages": messages_of(("user", "q"), ("assistant", "a"))}
    if "instruction" in record:
        good = {"instruction": "q", "output": "a"}
    if "prompt" in record:
        good = {"prompt": "q", "completion": "a"}
    report = workspace.intake(workspace.lines("a.jsonl", [good, record, good]))
    assert workspace.rejected() == [(2, reason)]
    assert part in report["rejected"]["first"][0]["message"]


RECORDS = [{"question": f"Wie viel ist {n} + 1? ü", "answer": str(n + 1)} for n in range(40)]


def as_lines() -> bytes:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in RECORDS).encode()


def as_parquet(path: Path) -> None:
    parquet.write_table(pyarrow.Table.from_pylist(RECORDS), path, row_group_size=7)


def test_compression_does_not_change_the_rows(workspace: Workspace) -> None:
    plain, array = as_lines(), json.dumps(RECORDS).encode()
    half = len(plain) // 2
    table = "question,answer\n" + "".join(f"{r['question']},{r['answer']}\n" for r in RECORDS)
    compressor = zstandard.ZstdCompressor()
    files = {
        "a.jsonl": plain,
        "b.jsonl.gz": gzip.compress(plain),
        "two-members.jsonl.gz": gzip.compress(plain[:half]) + gzip.compress(plain[half:]),
        "c.jsonl.zst": compressor.compress(plain),
        "two-frames.jsonl.zst": b"".join(map(compressor.compress, (plain[:half], plain[half:]))),
        "d.json": array,
        "e.json.gz": gzip.compress(array),
        "f.csv.zst": compressor.compress(table.encode()),
    }
    as_parquet(workspace.root / "g.parquet")
    for number, (name, content) in enumerate(files.items()):
        workspace.write(name, content)
        report = workspace.intake(workspace.root / name, f"d-{number}", core_rows=0)
        assert report["accepted"] == 40, (name, report["message"])
    report = workspace.intake(workspace.root / "g.parquet", "d-p", core_rows=0)
    assert report["accepted"] == 40 and report["record_format"] == "question_answer"
    expected = [row[2:] for row in workspace.cached("d-0")]
    for dataset in [*(f"d-{number}" for number in range(len(files))), "d-p"]:
        assert [row[2:] for row in workspace.cached(dataset)] == expected, dataset


def test_parquet_with_conversations(workspace: Workspace) -> None:
    messages = messages_of(("user", "q"), ("assistant", "a"))
    path = workspace.root / "chat.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"messages": messages}] * 3), path)
    report = workspace.intake(path)
    assert report["accepted"] == 3 and report["record_format"] == "messages"
    assert workspace.cached()[0][2:] == reference(chatml(messages))


def test_damaged_compressed_files_are_refused_with_the_reason(workspace: Workspace) -> None:
    plain = as_lines() * 50
    compressed = {"a.jsonl.gz": gzip.compress(plain), "b.jsonl.zst": zstandard.compress(plain)}
    for number, (name, content) in enumerate(compressed.items()):
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 0xFF
        truncated = content[: len(content) // 2]
        for what, damaged in (("truncated", truncated), ("flipped", bytes(flipped))):
            dataset = f"d-{number}-{what}"
            report = workspace.intake(workspace.write(name, damaged), dataset)
            assert report["verdict"] == "refused", (name, what)
            assert name in report["message"] and report["cache"] is None
            if what == "truncated":
                # Where: after which line and how many bytes, or how many bytes are missing.
                pattern = r"after line [\d,]+ \([\d,]+ bytes read\)|but needs at least [\d,]+"
                assert re.search(pattern, report["message"])
            assert report["content_hash"] != ""
    report = workspace.intake(workspace.write("c.jsonl.gz", gzip.compress(b"")), "d-e")
    assert report["verdict"] == "refused" and "empty" in report["message"]
    report = workspace.intake(workspace.write("d.parquet", b"PAR1 and then nothing"), "d-q")
    assert report["verdict"] == "refused" and "d.parquet" in report["message"]
    as_parquet(workspace.root / "e.parquet")
    whole = (workspace.root / "e.parquet").read_bytes()
    report = workspace.intake(workspace.write("e.parquet", whole[:-20]), "d-r")
    assert report["verdict"] == "refused" and "e.parquet" in report["message"]


def test_a_huge_compressed_line_is_one_rejected_row(workspace: Workspace) -> None:
    """200 MB of one character compress to a few kB; they are never all in memory."""
    line = json.dumps(pairs(1)[0]).encode() + b"\n"
    path = workspace.root / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(line)
        for _ in range(200):
            stream.write(b"x" * (1 << 20))
        stream.write(b"\n" + line)
    report = workspace.intake(path)
    assert report["rows"] == 3 and workspace.rejected() == [(2, "line_too_long")]


def test_a_truncated_array_rejects_its_last_element_and_keeps_the_others(
    workspace: Workspace,
) -> None:
    whole = json.dumps(RECORDS, indent=1)
    element = whole.index(RECORDS[20]["question"][:8], whole.index('"answer": "20"'))
    report = workspace.intake(workspace.write("a.json", whole[: element + 4]))
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
    assert workspace.rejected() == [(21, "not_json")] and report["accepted"] == 20
    message = report["rejected"]["first"][0]["message"]
    assert message == "Element 21 (line 82) is incomplete: the file ends inside it."
    report = workspace.intake(workspace.root / "a.json", accept_valid_rows=True)
    assert report["verdict"] == "ready" and len(workspace.cached()) == 20


def test_csv_rows_with_another_number_of_fields_are_rejected(workspace: Workspace) -> None:
    good = [f'"q, {n}","line one\nline ""two"" {n}"' for n in range(5)]
    text = "\n".join(["question,answer", good[0], "only one", good[1], "a,b,c", *good[2:]]) + "\n"
    report = workspace.intake(workspace.write("a.csv", text))
    assert workspace.rejected() == [(4, "not_an_object"), (7, "not_an_object")]
    messages = [item["message"] for item in report["rejected"]["first"]]
    assert messages == [
        "The record has 1 field; the header has 2.",
        "The record has 3 fields; the header has 2.",
    ]
    assert report["accepted"] == 5


def test_a_zst_file_truncated_anywhere_is_refused(
    workspace: Workspace,
) -> None:
    """Blocks hold 128 kB. Truncated after one of them, a decompressor reports no error."""
    lines = "".join(json.dumps({"question": f"{n} {n * 7919 % 10007}?", "answer": str(n)}) + "\n"
                    for n in range(20_000)).encode()  # fmt: skip
    for checksum in (True, False):
        compressed = zstandard.ZstdCompressor(write_checksum=checksum).compress(lines)
        whole = workspace.write("whole.jsonl.zst", compressed)
        refuse_truncated_zstd(whole)
        refuse_truncated_zstd(workspace.write("two.jsonl.zst", compressed * 2))
        for length in {*range(5, len(compressed), 1999), len(compressed) - 1, len(compressed) - 4}:
            with pytest.raises(FileRefused, match=f"has {length:,} bytes"):
                refuse_truncated_zstd(workspace.write("cut.jsonl.zst", compressed[:length]))
    truncated = compressed[: len(compressed) * 3 // 4]
    report = workspace.intake(workspace.write("cut.jsonl.zst", truncated))
    assert report["verdict"] == "refused" and "is truncated" in report["message"]
