"""The warm intake worker as a process: many files, its failures, its end, its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, pairs

PACKAGE = Path(__file__).parent.parent


class Host:
    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nightshift_trainer", "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(root / "host.log").open("w"),
            text=True,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        )
        assert self.answer()["folder"] is None

    def give(self, folder: Path) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"folder": str(folder)}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(20)


def exit_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "exit.json").read_text("utf-8"))


def test_one_process_validates_file_after_file(tmp_path: Path) -> None:
    workspace, host = Workspace(tmp_path), Host(tmp_path)
    reports: list[dict[str, Any]] = []
    for number in range(1, 6):
        path = workspace.lines(f"{number}.jsonl", pairs(20 * number))
        folder = workspace.run_folder(workspace.spec(path, f"d-{number}"))
        host.give(folder)
        answer = host.answer()
        assert answer["folder"] == str(folder) and answer["ends"] is False
        assert exit_of(folder)["outcome"] == "completed" and (folder / "trainer.log").is_file()
        reports.append(workspace.report(f"d-{number}"))
    assert [report["rows"] for report in reports] == [20, 40, 60, 80, 100]
    # The same as a process of its own gives.
    alone = Workspace(tmp_path / "alone")
    report = alone.intake(tmp_path / "1.jsonl", "d-1")
    assert {**report, "seconds": 0} == {**reports[0], "seconds": 0}
    assert host.end() == 0


def test_a_refused_file_does_not_end_the_process_and_a_failure_does(tmp_path: Path) -> None:
    workspace, host = Workspace(tmp_path), Host(tmp_path)
    refused = workspace.run_folder(workspace.spec(workspace.write("a.jsonl", "")))
    host.give(refused)
    assert host.answer()["ends"] is False and workspace.report()["verdict"] == "refused"
    spec = workspace.spec(workspace.lines("b.jsonl", pairs(5)))
    spec["base"]["folder"] = str(tmp_path / "nowhere")
    broken = workspace.run_folder(spec)
    host.give(broken)
    assert host.answer() | {"rss_bytes": 0} == {
        "folder": str(broken), "rss_bytes": 0, "ends": True,
    }  # fmt: skip
    assert exit_of(broken)["error"]["category"] == "model_not_found"
    assert host.process.wait(20) == 1
    # What it printed is in the log of its run.
    assert "BaseRefused" in (broken / "trainer.log").read_text("utf-8")


def test_another_base_in_the_same_folder_is_read_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.lines("a.jsonl", pairs(5))
    before = workspace.intake(path)
    folder = tmp_path / "base"
    folder.mkdir()
    for file in workspace.base.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    workspace.base = folder
    assert workspace.intake(path)["cache"] == before["cache"]
    template = folder / "training_template.jinja"
    template.write_text(template.read_text("utf-8") + "{# other #}", "utf-8")
    assert workspace.intake(path)["cache"] != before["cache"]


def test_it_ends_in_the_middle_of_a_file_when_the_engine_is_gone(tmp_path: Path) -> None:
    workspace, host = Workspace(tmp_path), Host(tmp_path)
    path = workspace.lines("a.jsonl", pairs(60_000))
    folder = workspace.run_folder(workspace.spec(path))
    host.give(folder)
    while not (folder / "heartbeat").exists():
        time.sleep(0.01)
    assert host.end() == 0
    assert not (folder / "exit.json").exists()
    assert not (workspace.home() / "report.json").exists()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_its_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    workspace, host = Workspace(tmp_path), Host(tmp_path)
    sizes: list[int] = []
    for number in range(60):
        path = workspace.lines("a.jsonl", pairs(20 + 2000 * (number % 10 == 5)))
        host.give(workspace.run_folder(workspace.spec(path, f"d-{number}")))
        sizes.append(host.answer()["rss_bytes"])
    assert max(sizes[30:]) < max(sizes[:30]) + (8 << 20), sizes
    host.end()
