"""A full disk, invalid commands and signals of the system during training."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of, metrics_of, until

from nightshift_trainer.files import LineFile


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system that can be filled completely."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a file system needs more privileges")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as stream:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue


def test_a_line_that_does_not_fit_is_written_later(small_disk: Path) -> None:
    lines = LineFile(small_disk / "lines.jsonl")
    lines.append({"n": 0})
    filler = small_disk / "filler"
    fill(filler)
    for number in range(1, 2000):
        lines.append({"n": number})
    content = lines.path.read_bytes()
    assert content.endswith(b"\n") and content.count(b"\n") < 2000
    with pytest.raises(OSError, match="No space left"):
        lines.flush(durable=True)
    filler.unlink()
    lines.flush(durable=True)
    assert [line["n"] for line in lines_of(lines.path)] == list(range(2000))


def begin(tmp_path: Path, rows: int = 100) -> Training:
    training = Training(tmp_path)
    training.intake(pairs(rows), slice_rows=10, core_rows=10)
    return training


def test_an_unreadable_command_is_refused(tmp_path: Path) -> None:
    training = begin(tmp_path)
    spec = training.spec(eval_samples=0)
    folder = training.folder(spec)
    (folder / "commands" / "000001-pause.json").write_text("{", "utf-8")
    (folder / "commands" / "000002-checkpoint.json").write_text('{"format": 9, "t": 0}', "utf-8")
    (folder / "commands" / "000003-pause.json").write_text('{"format": 1}', "utf-8")
    os.environ["NIGHTSHIFT_DEVICE_LOCKS"] = str(tmp_path / "locks")
    from nightshift_trainer.run_folder import RunFolder
    from nightshift_trainer.train import worker

    assert worker.run(RunFolder(folder), spec) == 0
    events = events_of(folder, "acknowledged")
    assert [(event["seq"], event["state"]) for event in events] == [
        (1, "refused"),
        (2, "refused"),
        (3, "refused"),
    ]
    assert exit_of(folder)["outcome"] == "completed"


@pytest.mark.parametrize(
    ("verb", "outcome"), [("stop-now", "stopped"), ("pause", "paused"), ("skip", "skipped")]
)
def test_commands_that_halt_training_are_obeyed_during_loading(
    tmp_path: Path, verb: str, outcome: str
) -> None:
    training = begin(tmp_path)
    spec = training.spec(eval_samples=0)
    folder = training.folder(spec)
    training.command(folder, 1, verb)
    os.environ["NIGHTSHIFT_DEVICE_LOCKS"] = str(tmp_path / "locks")
    from nightshift_trainer.run_folder import RunFolder
    from nightshift_trainer.train import worker

    assert worker.run(RunFolder(folder), spec) == 0
    assert exit_of(folder)["outcome"] == outcome and exit_of(folder)["step"] is None
    assert not training.checkpoints.exists() and not metrics_of(folder)


def test_sigterm_saves_before_the_trainer_exits(tmp_path: Path) -> None:
    training = begin(tmp_path, 300)
    folder, process = training.start(training.spec(eval_samples=0, step_sleep=0.02))
    until("step 5", lambda: len(metrics_of(folder)) >= 5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(300) == 1
    assert exit_of(folder)["error"]["category"] == "killed_by_signal"
    second = training.run(training.spec(eval_samples=0))
    [resumed] = events_of(second, "resumed")
    assert resumed["lost_steps"] == 0 and resumed["step"] == len(metrics_of(folder))


def test_monitoring_cost_counts_every_run_of_the_pass(tmp_path: Path) -> None:
    """Once, after a resume, the monitoring time of all runs was divided by the time of the new run
    alone: several hundred percent, and no preview for hours."""
    training = begin(tmp_path, 300)
    spec = training.spec(eval_steps=5, preview_steps=1000, generate_samples=0, step_sleep=0.02)
    folder, process = training.start(spec)
    until("step 12", lambda: len(metrics_of(folder)) >= 12)
    training.command(folder, 1, "stop-now")
    assert process.wait(300) == 0
    second = training.run(training.spec(eval_steps=1000, generate_samples=0))
    last = events_of(second, "monitoring")[-1]
    assert last["percent"] < 100
    assert last["seconds_total"] > metrics_of(folder)[-1]["t"] - metrics_of(folder)[0]["t"]
