"""The files of the row viewer: the records as in the file, and the bytes of every token."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import zstandard
from intake_support import Workspace, chat, pairs, starter_base
from pyarrow import parquet
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from nightshift_trainer.intake.originals import BLOCK_BYTES, MAX_STORED_BYTES
from nightshift_trainer.intake.token_bytes import TokenBytes


def originals(home: Path) -> dict[int, tuple[bytes, int]]:
    """Row to its stored bytes and its full length, read without the product's code."""
    table = np.fromfile(home / "originals.i64", dtype="<i8").reshape(-1, 4)
    compressed = (home / "originals.zst").read_bytes()
    found: dict[int, tuple[bytes, int]] = {}
    for first, offset, length, rows in table.tolist():
        block = zstandard.decompress(compressed[offset : offset + length])
        position, block_rows = 0, []
        while position < len(block):
            end = block.index(b"\n", position)
            row, stored, full = (int(part) for part in block[position:end].split())
            found[row] = (block[end + 1 : end + 1 + stored], full)
            block_rows.append(row)
            position = end + 1 + stored
        assert (block_rows[0], len(block_rows)) == (first, rows)
    assert np.fromfile(home / "rows.i32", dtype="<i4").tolist() == list(found)
    return found


def decoded(home: Path, key: str) -> list[str]:
    """The text of every example, from the ids and the token bytes alone."""
    folder = home / "cache" / key
    table = np.fromfile(folder / "token_bytes.i32", dtype="<i4").reshape(-1, 2)
    data, position = (folder / "token_bytes.u8").read_bytes(), 0
    bytes_of: dict[int, bytes] = {}
    for token, length in table.tolist():
        bytes_of[token] = data[position : position + length]
        position += length
    assert position == len(data)
    tokens = np.fromfile(folder / "tokens.i32", dtype="<i4").tolist()
    examples = np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, 6)
    return [
        b"".join(bytes_of[token] for token in tokens[offset : offset + length]).decode("utf-8")
        for offset, length, *_ in examples.tolist()
    ]


TEXTS = [
    "Naïve café, 日本語, 🙂?\n\nTwo lines",
    '  Grüße — 🙂🙂\n\n{"a": [1, 2]}  ',
    "x",
    "\u2028",
]


def test_every_row_is_stored_as_in_the_file_including_rejected_rows(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    lines = [json.dumps(record, ensure_ascii=False) for record in pairs(6000)]
    lines[7] = '{"question": "broken'
    lines[8] = ""
    lines[11] = '{"question":   "odd  spaces", "answer": "\\u00e9 ü"}'
    lines[20] = json.dumps({"question": "long?", "answer": "y" * (MAX_STORED_BYTES + 500)})
    workspace.intake(workspace.write("a.jsonl", "\n".join(lines)), accept_valid_rows=True)
    found = originals(workspace.home())
    assert sorted(found) == [n + 1 for n, line in enumerate(lines) if line]
    for number, line in enumerate(lines, start=1):
        if line and number != 21:
            assert found[number] == (line.encode(), len(line.encode())), number
    stored, full = found[21]
    assert (len(stored), full) == (MAX_STORED_BYTES, len(lines[20]))
    table = np.fromfile(workspace.home() / "originals.i64", dtype="<i8").reshape(-1, 4)
    assert len(table) > 1 and sum(len(line) for line in lines) > BLOCK_BYTES


def test_rows_of_compressed_files_tables_and_arrays_can_be_shown(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = pairs(5)
    plain = "".join(json.dumps(record) + "\n" for record in records)
    workspace.intake(workspace.write("a.jsonl.gz", gzip.compress(plain.encode())), "d-1")
    assert originals(workspace.home("d-1"))[3][0].decode() == json.dumps(records[2])
    array = json.dumps(records, indent=2)
    workspace.intake(workspace.write("b.json", array), "d-2")
    assert json.loads(originals(workspace.home("d-2"))[3][0]) == records[2]
    assert originals(workspace.home("d-2"))[3][0].decode() in array
    table = 'question,answer\r\nq1,a1\r\n"two\r\nlines","say ""hi"""\r\nq3,a3\r\n'
    workspace.intake(workspace.write("c.csv", table), "d-3")
    found = originals(workspace.home("d-3"))
    assert list(found) == [2, 3, 5]
    assert found[3][0].decode() == '"two\nlines","say ""hi"""'
    parquet.write_table(pyarrow.Table.from_pylist(records), workspace.root / "d.parquet")
    workspace.intake(workspace.root / "d.parquet", "d-4")
    assert json.loads(originals(workspace.home("d-4"))[5][0]) == records[4]


def test_token_bytes_decode_to_the_text_of_a_row(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = [chat(text, answer) for text in TEXTS for answer in TEXTS]
    expected = [
        f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
        for text in TEXTS
        for answer in TEXTS
        if answer.strip()
    ]
    report = workspace.intake(workspace.lines("a.jsonl", records), accept_valid_rows=True)
    assert decoded(workspace.home(), report["cache"]) == expected


def test_a_dry_run_keeps_no_originals(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(workspace.lines("a.jsonl", list(pairs(3))), dry_run=True)
    assert [path.name for path in workspace.home().iterdir()] == ["report.json"]


def test_a_refused_file_leaves_no_partial_originals(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    compressed = gzip.compress("".join(json.dumps(r) + "\n" for r in pairs(500)).encode())
    report = workspace.intake(workspace.write("a.jsonl.gz", compressed[: len(compressed) // 2]))
    assert report["verdict"] == "refused"
    assert not [
        path
        for path in workspace.home().iterdir()
        if "originals" in path.name or "rows" in path.name
    ]


def test_token_bytes_of_other_vocabularies() -> None:
    vocabulary = {"<unk>": 0, "\u2581Hi": 1, "<0xE2>": 2, "<0x82>": 3, "<0xAC>": 4, "!": 5}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    token_bytes = TokenBytes(tokenizer)
    assert b"".join(token_bytes.of(token) for token in (1, 2, 3, 4, 5)).decode() == " Hi€!"
    assert token_bytes.of(99) == b""
    words = Tokenizer(models.WordPiece(vocab={"un": 0, "##able": 1}, unk_token="un"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.decoder = decoders.WordPiece()
    assert TokenBytes(words).of(0) == b"un"


@pytest.mark.parametrize("text", TEXTS)
def test_token_bytes_of_the_starter_equal_its_decoding(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    token_bytes = TokenBytes(tokenizer)
    ids = tokenizer.encode(text).ids
    assert b"".join(token_bytes.of(token) for token in ids).decode() == text
