"""What the row viewer reads: the records as in the file, and the bytes of every token."""

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

from nightshift_trainer.intake.originals import BLOCK_BYTES, KEPT_BYTES
from nightshift_trainer.intake.pieces import Pieces


def originals(home: Path) -> dict[int, tuple[bytes, int]]:
    """Row to its kept bytes and its whole length, read without the program's writer."""
    table = np.fromfile(home / "originals.i64", dtype="<i8").reshape(-1, 4)
    packed = (home / "originals.zst").read_bytes()
    found: dict[int, tuple[bytes, int]] = {}
    for first, offset, length, rows in table.tolist():
        block = zstandard.decompress(packed[offset : offset + length])
        place, seen = 0, []
        while place < len(block):
            end = block.index(b"\n", place)
            row, kept, whole = (int(part) for part in block[place:end].split())
            found[row] = (block[end + 1 : end + 1 + kept], whole)
            seen.append(row)
            place = end + 1 + kept
        assert (seen[0], len(seen)) == (first, rows)
    assert np.fromfile(home / "rows.i32", dtype="<i4").tolist() == list(found)
    return found


def spelled(home: Path, key: str) -> list[str]:
    """The text of every example, from the ids and the table of pieces alone."""
    folder = home / "cache" / key
    table = np.fromfile(folder / "pieces.i32", dtype="<i4").reshape(-1, 2)
    data, place = (folder / "pieces.u8").read_bytes(), 0
    pieces: dict[int, bytes] = {}
    for token, length in table.tolist():
        pieces[token] = data[place : place + length]
        place += length
    assert place == len(data)
    tokens = np.fromfile(folder / "tokens.i32", dtype="<i4").tolist()
    examples = np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, 6)
    return [
        b"".join(pieces[token] for token in tokens[offset : offset + length]).decode("utf-8")
        for offset, length, *_ in examples.tolist()
    ]


TEXTS = [
    "Naïve café, 日本語, 🙂?\n\nTwo lines",
    '  Grüße — 🙂🙂\n\n{"a": [1, 2]}  ',
    "x",
    "\u2028",
]


def test_every_row_stands_as_in_the_file_rejected_ones_too(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    lines = [json.dumps(record, ensure_ascii=False) for record in pairs(6000)]
    lines[7] = '{"question": "broken'
    lines[8] = ""
    lines[11] = '{"question":   "odd  spaces", "answer": "\\u00e9 ü"}'
    lines[20] = json.dumps({"question": "long?", "answer": "y" * (KEPT_BYTES + 500)})
    workspace.intake(workspace.write("a.jsonl", "\n".join(lines)), accept_good_rows=True)
    found = originals(workspace.home())
    assert sorted(found) == [n + 1 for n, line in enumerate(lines) if line]
    for number, line in enumerate(lines, start=1):
        if line and number != 21:
            assert found[number] == (line.encode(), len(line.encode())), number
    kept, whole = found[21]
    assert (len(kept), whole) == (KEPT_BYTES, len(lines[20]))
    table = np.fromfile(workspace.home() / "originals.i64", dtype="<i8").reshape(-1, 4)
    assert len(table) > 1 and sum(len(line) for line in lines) > BLOCK_BYTES


def test_rows_of_packed_files_tables_and_arrays_can_be_shown(tmp_path: Path) -> None:
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


def test_the_ids_of_a_row_spell_its_text(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    records = [chat(text, answer) for text in TEXTS for answer in TEXTS]
    wanted = [
        f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
        for text in TEXTS
        for answer in TEXTS
        if answer.strip()
    ]
    report = workspace.intake(workspace.lines("a.jsonl", records), accept_good_rows=True)
    assert spelled(workspace.home(), report["cache"]) == wanted


def test_a_dry_run_keeps_no_originals(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(workspace.lines("a.jsonl", list(pairs(3))), dry_run=True)
    assert [path.name for path in workspace.home().iterdir()] == ["report.json"]


def test_a_refused_package_leaves_no_half_of_its_originals(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    packed = gzip.compress("".join(json.dumps(r) + "\n" for r in pairs(500)).encode())
    report = workspace.intake(workspace.write("a.jsonl.gz", packed[: len(packed) // 2]))
    assert report["verdict"] == "refused"
    assert not [
        path
        for path in workspace.home().iterdir()
        if "originals" in path.name or "rows" in path.name
    ]


def test_pieces_of_other_kinds_of_vocabulary() -> None:
    vocabulary = {"<unk>": 0, "\u2581Hi": 1, "<0xE2>": 2, "<0x82>": 3, "<0xAC>": 4, "!": 5}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    pieces = Pieces(tokenizer)
    assert b"".join(pieces.of(token) for token in (1, 2, 3, 4, 5)).decode() == " Hi€!"
    assert pieces.of(99) == b""
    words = Tokenizer(models.WordPiece(vocab={"un": 0, "##able": 1}, unk_token="un"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.decoder = decoders.WordPiece()
    assert Pieces(words).of(0) == b"un"


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_the_starter_are_its_decoding(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    pieces = Pieces(tokenizer)
    ids = tokenizer.encode(text).ids
    assert b"".join(pieces.of(token) for token in ids).decode() == text
