"""A hostile file or model folder is refused with a sentence. It takes neither the memory, the time
nor the disk of the machine, and the files behind it are not harmed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from intake_support import Workspace, pairs, starter_base
from pyarrow import parquet
from test_bases import make

from nightshift_trainer import limits
from nightshift_trainer.intake import intake as intake_module
from nightshift_trainer.rendering import BaseRefused, TemplateRefused
from nightshift_trainer.rendering.template import ChatTemplate

MEMORY_BYTES = 1 << 30
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
DOUBLING = (
    "{% set n = namespace(x='0123456789abcdef') %}{% for i in range(40) %}"
    "{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"
)


def run_worker(folder: Path) -> tuple[dict[str, Any], int]:
    """As the engine does. Returns exit.json and the most memory it had, in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nightshift_trainer", str(folder)],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "TOKENIZERS_PARALLELISM": "false",
            limits.MEMORY_VARIABLE: str(MEMORY_BYTES),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak, status = 0, Path(f"/proc/{process.pid}/status")
    end = time.monotonic() + 120
    try:
        while process.poll() is None and peak < 4 << 30 and time.monotonic() < end:
            text = status.read_text("ascii", "replace") if status.exists() else ""
            high = [line.split()[1] for line in text.splitlines() if line.startswith("VmHWM")]
            peak = max(peak, *(int(value) << 10 for value in high), 0)
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    return json.loads((folder / "exit.json").read_text("utf-8")), peak


def repeated_text(path: Path) -> None:
    """1,000 rows that share one text of 2 MB: 4 GB of text, less than 1 kB on the disk."""
    text = pa.array(["x" * 2_000_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), text)
    table = pa.table({"prompt": column, "response": column})
    parquet.write_table(table, path, compression="zstd", compression_level=19)


def zeros(path: Path) -> None:
    """A single record of 1 GB in 100 kB."""
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    with path.open("wb") as stream:
        stream.write(compressor.compress(b'{"text": "'))
        for _ in range(100):
            stream.write(compressor.compress(b"0" * 10_000_000))
        stream.write(compressor.flush())


@pytest.mark.parametrize(
    ("name", "write", "refusal"),
    [
        ("bomb.parquet", repeated_text, "unpacks to more than"),
        ("bomb.jsonl.zst", zeros, "unpacks to more than"),
    ],
)
def test_a_file_that_unpacks_to_very_much_is_refused(
    tmp_path: Path, name: str, write: Callable[[Path], None], refusal: str
) -> None:
    workspace = Workspace(tmp_path)
    path = tmp_path / name
    write(path)
    assert path.stat().st_size < 1 << 20
    exit_file, peak = run_worker(workspace.run_folder(workspace.spec(path)))
    assert exit_file["outcome"] == "completed", exit_file["error"]
    report = workspace.report()
    assert report["verdict"] == "refused"
    assert name in report["message"] and refusal in report["message"]
    assert 0 < peak < 700 << 20


def test_a_row_of_parquet_is_bounded_like_a_line(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = tmp_path / "a.parquet"
    rows = [*pairs(60), {"question": "q" * (17 << 20), "answer": "a"}]
    table = {name: [row[name] for row in rows] for name in ("question", "answer")}
    # Together more than a batch may have, so that each row is converted alone.
    table["extra"] = ["e" * 1_200_000] * len(rows)
    parquet.write_table(pa.table(table), path, compression="none", use_dictionary=False)
    report = workspace.intake(path, accept_valid_rows=True, accept_unused_fields=True)
    assert workspace.rejected() == [(61, "line_too_long")]
    assert report["accepted"] == 60


def test_the_list_of_rejected_rows_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 kB of rows without content would be listed in 120 MB."""
    monkeypatch.setattr(intake_module, "REPORT_BYTES", 1 << 20)
    workspace = Workspace(tmp_path)
    path = workspace.write("bomb.jsonl.gz", gzip.compress(b"1\n" * 3_000_000))
    assert path.stat().st_size < 6000
    report = workspace.intake(path)
    assert report["verdict"] == "refused" and "can't be used" in report["message"]
    assert (workspace.home() / "rejected.jsonl").stat().st_size < 3 << 20


def test_validation_leaves_the_free_space_of_the_disk(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.lines("a.jsonl", pairs(100))
    with pytest.raises(OSError, match=r"a\.jsonl: less than .* GB is free"):
        workspace.intake(path, min_free_bytes=1 << 60)


def base_with(root: Path, **files: str) -> Path:
    folder = root / "base"
    shutil.copytree(starter_base(), folder)
    for name in ("base.json", "training_template.jinja"):
        (folder / name).unlink()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RENDER_CPU_SECONDS", 0.2)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (ENDLESS, "was ended"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{{ 'x' * 10**9 }}", "repeats to more than"),
        ("{{ 9 ** (9 ** 9) }}", "small numbers"),
        ("{{ messages[0].content.missing() }}", "missing"),
        ("{{ 1 // 0 }}", "zero"),
        ("{% for i in range(9999) %}{{ 'x' * 99999 }}{% endfor %}", "wrote more than"),
    ],
)
def test_a_template_that_never_ends_or_fails_is_refused(
    tmp_path: Path, quick: None, source: str, reason: str
) -> None:
    with pytest.raises(TemplateRefused, match=reason):
        ChatTemplate(source, {}).text([{"role": "user", "content": "q"}])
    folder = base_with(tmp_path, chat_template__jinja=source)
    with pytest.raises((BaseRefused, TemplateRefused)):
        make(tmp_path, "folder", tmp_path / "models" / "folder", folder)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_row_whose_rendering_never_ends_is_rejected_and_three_refuse_the_file(
    tmp_path: Path, quick: None
) -> None:
    base = tmp_path / "slow"
    shutil.copytree(starter_base(), base)
    template = base / "training_template.jinja"
    loop = "{%- if 'SLOW' in messages[0]['content'] -%}" + ENDLESS + "{%- endif -%}"
    template.write_text(loop + template.read_text("utf-8"), "utf-8")
    workspace = Workspace(tmp_path / "w", base)
    rows = [*pairs(50), {"question": "SLOW", "answer": "a"}]
    report = workspace.intake(workspace.lines("a.jsonl", rows), accept_valid_rows=True)
    assert workspace.rejected() == [(51, "template_error")] and report["accepted"] == 50
    slow = workspace.lines("b.jsonl", rows + [rows[-1]] * 50)
    report = workspace.intake(slow, "d-2")
    assert report["verdict"] == "refused"
    assert "for each of the rows 51, 52, 53" in report["message"]
    assert workspace.intake(workspace.lines("c.jsonl", pairs(50)), "d-3")["verdict"] == "ready"


def test_memory_that_a_template_takes_ends_with_the_limit_as_its_reason(tmp_path: Path) -> None:
    folder = base_with(tmp_path, chat_template__jinja=DOUBLING)
    run = tmp_path / "run"
    run.mkdir()
    target = tmp_path / "models" / "folder"
    request = {"id": "folder", "folder": str(target), "source": str(folder), "seed": 1}
    spec = {"format": 1, "kind": "base", "run": "r", "base": request}
    (run / "spec.json").write_text(json.dumps(spec), "utf-8")
    exit_file, peak = run_worker(run)
    assert exit_file["error"]["category"] == "over_limit"
    assert "more than 1.1 GB of memory" in exit_file["error"]["message"]
    assert str(folder) in exit_file["error"]["message"] and peak < MEMORY_BYTES * 1.2


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_hidden_layers", 10**9), ("vocab_size", 10**12), ("hidden_size", 10**10)],
)
def test_a_config_that_asks_for_more_than_its_weights_is_refused(
    tmp_path: Path, name: str, value: int
) -> None:
    config = json.loads((starter_base() / "config.json").read_text("utf-8"))
    folder = base_with(tmp_path, config__json=json.dumps({**config, name: value}))
    with pytest.raises(BaseRefused, match=f"{name} {value:,}"):
        make(tmp_path, "folder", tmp_path / "models" / "folder", folder)


def test_a_huge_tokenizer_is_refused_before_it_is_read(tmp_path: Path) -> None:
    folder = base_with(tmp_path)
    with (folder / "tokenizer.json").open("wb") as stream:
        stream.truncate(200 << 20)
    with pytest.raises(BaseRefused, match=r"tokenizer\.json has 209,715,200 bytes"):
        make(tmp_path, "folder", tmp_path / "models" / "folder", folder)
