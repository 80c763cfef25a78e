"""The worker as a process: memory, imports, exit.json, and real data where available."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, pairs

ROOT = Path(__file__).resolve().parents[1]
REAL = Path(os.environ.get("NIGHTSHIFT_REAL_DATA", ROOT.parent.parent / "shared" / "data"))

MEASURED = """
import pathlib, runpy, sys
sys.argv = ["nightshift_trainer", sys.argv[1]]
try:
    runpy.run_module("nightshift_trainer", run_name="__main__")
except SystemExit as end:
    heavy = sorted({"torch", "transformers"} & set(sys.modules))
    # Not ru_maxrss: a child inherits the peak of the (large) test process.
    status = pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1]
    print(end.code, int(status.split()[0]) // 1024, heavy)
"""


def run_process(folder: Path) -> tuple[int, int, str]:
    """Exit code, peak memory in MB, and which of torch and transformers were loaded."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    code, memory, heavy = done.stdout.strip().splitlines()[-1].split(" ", 2)
    return int(code), int(memory), heavy


def exit_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "exit.json").read_text("utf-8"))


def test_a_200_mb_line_is_rejected_in_little_memory(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = tmp_path / "big.jsonl"
    rows = [json.dumps(record) + "\n" for record in pairs(40)]
    with path.open("w") as stream:
        stream.writelines(rows[:20])
        stream.write('{"question": "big", "answer": "')
        for _ in range(200):
            stream.write("x " * 524_288)
        stream.write('"}\n')
        stream.writelines(rows[20:])
    folder = workspace.run_folder(workspace.spec(path, accept_valid_rows=True))
    code, memory, heavy = run_process(folder)
    path.unlink()
    report = workspace.report()
    assert (code, heavy, exit_of(folder)["outcome"]) == (0, "[]", "completed")
    assert workspace.rejected() == [(21, "line_too_long")]
    assert (report["verdict"], report["accepted"]) == ("ready", 40)
    # The limit is 300 MB, but a reader that holds the line in memory must fail here.
    assert memory < 150


def test_a_15_mb_text_needs_little_memory(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    words = "the engineer reads 12 letters, and 7 books in the morning "
    path = workspace.lines("a.jsonl", [{"text": words * 260_000}, {"text": "short"}])
    folder = workspace.run_folder(workspace.spec(path))
    code, memory, _ = run_process(folder)
    assert code == 0 and workspace.report()["accepted"] == 2
    assert memory < 300


def test_the_process_writes_progress_and_heartbeat(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = workspace.run_folder(workspace.spec(workspace.lines("a.jsonl", pairs(500))))
    assert run_process(folder)[0] == 0
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert {event["type"] for event in events} == {"started", "progress"}
    assert events[-1]["rows"] == 500
    assert events[-1]["bytes"] == events[-1]["total_bytes"] == (tmp_path / "a.jsonl").stat().st_size
    assert json.loads((folder / "heartbeat").read_text())["phase"] == "work"


def test_a_failure_leaves_exit_json_with_its_category(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path / "nothing")
    folder = workspace.run_folder(workspace.spec(workspace.lines("a.jsonl", pairs(5))))
    assert run_process(folder)[0] == 1
    document = exit_of(folder)
    assert document["outcome"] == "failed"
    assert document["error"]["category"] == "model_not_found"
    assert "tokenizer.json" in document["error"]["message"]
    unknown = workspace.run_folder({"format": 1, "kind": "dance"})
    assert run_process(unknown)[0] == 1 and "dance" in exit_of(unknown)["reason"]
    newer = workspace.run_folder({"format": 2, "kind": "intake"})
    assert run_process(newer)[0] == 1 and "format 2" in exit_of(newer)["reason"]


def test_stop_now_cancels_the_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folder = workspace.run_folder(workspace.spec(workspace.lines("a.jsonl", pairs(500))))
    (folder / "commands").mkdir()
    command = {"format": 1, "seq": 1, "verb": "stop-now", "t": 0.0, "args": {}}
    (folder / "commands" / "000001-stop-now.json").write_text(json.dumps(command))
    assert run_process(folder)[0] == 0
    assert exit_of(folder)["outcome"] == "canceled"
    assert not (workspace.home() / "report.json").exists()
    assert list((workspace.home() / "cache").iterdir()) == []


def real(name: str) -> Path:
    path = REAL / name
    if not path.is_file():
        pytest.skip(f"{path} is missing (set NIGHTSHIFT_REAL_DATA to the folder of real data)")
    return path


@pytest.mark.real_data
def test_gsm8k_every_row_is_accepted(tmp_path: Path) -> None:
    path = real("gsm8k/train.jsonl")
    workspace = Workspace(tmp_path)
    report = workspace.intake(path)
    assert (report["verdict"], report["record_format"]) == ("ready", "question_answer")
    assert report["rows"] == report["accepted"] == 7473 == path.read_bytes().count(b"\n")
    held_out = sum(report["held_out"].values())
    assert report["trained_rows"] + held_out == 7473
    assert report["planned_steps"] == -(-report["trained_rows"] // 16)


@pytest.mark.real_data
def test_banking77_needs_a_mapping_and_every_record_is_accounted_for(tmp_path: Path) -> None:
    path = real("banking77/train.csv")
    workspace = Workspace(tmp_path)
    report = workspace.intake(path)
    assert (report["verdict"], report["decision"]) == ("needs_decision", "map_columns")
    assert [(c["name"], c["distinct"]) for c in report["columns"]] == [
        ("text", 10003),
        ("category", 77),
    ]
    mapping = {"format": "columns", "prompt": "text", "answer": "category"}
    report = workspace.intake(path, mapping=mapping)
    assert report["verdict"] == "ready" and report["rows"] == report["accepted"] == 10003
    rows = [row for row, *_ in workspace.cached()]
    lines = path.read_text("utf-8").split("\n")
    assert rows == sorted(set(rows)) and rows[0] == 2 and rows[-1] <= len(lines)
    split = json.loads((workspace.home() / "split.json").read_text())
    held_out = {row for name in ("core", "slice", "held_out_duplicates") for row in split[name]}
    assert len(held_out) + report["trained_rows"] == 10003
