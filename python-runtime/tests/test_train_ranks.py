"""Data-parallel training gives the results of a single process, up to rounding."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from intake_support import pairs
from safetensors.torch import load_file
from test_train_ledger import valid_entries
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.files import read_json
from nightshift_trainer.identity import Identity, identity_of
from nightshift_trainer.train.collator import shard_by_tokens

SINGLE = {"kind": "single", "processes": 1}
TWO = {"kind": "ranks", "processes": 2}
# Memory runs out once, on rank 1 alone: both ranks retry the step.
OUT_OF_MEMORY_ONCE = """
import os, sys, torch
from nightshift_trainer.__main__ import main
from nightshift_trainer.train.model import Model
real, calls = Model.loss_sum, [0]
def loss_sum(model, batch):
    calls[0] += os.environ["RANK"] == "1"
    if calls[0] == 2:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    return real(model, batch)
Model.loss_sum = loss_sum
sys.exit(main(sys.argv[1:]))
"""


def start(
    training: Training, spec: dict[str, Any], program: str | None = None
) -> tuple[Path, subprocess.Popen[bytes]]:
    """As the engine does; `program` replaces the trainer's entry point."""
    folder = training.folder(spec)
    command = [sys.executable]
    if program is None:
        command += ["-m", "nightshift_trainer", str(folder)]
    else:
        (folder / "entry.py").write_text(program, "utf-8")
        command += [str(folder / "entry.py"), str(folder)]
    process = subprocess.Popen(
        command,
        env={
            **os.environ,
            "NIGHTSHIFT_DEVICE_LOCKS": str(training.root / "locks"),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr.txt").open("wb"),
        start_new_session=True,
    )
    return folder, process


def until(folder: Path, process: subprocess.Popen[bytes], steps: int) -> None:
    while len(metrics_of(folder)) < steps:
        assert process.poll() is None, (folder / "stderr.txt").read_text("utf-8")[-3000:]
        time.sleep(0.02)


def test_shards_are_complete_and_balanced() -> None:
    lengths = [50, 7, 31, 8, 90, 12, 44, 3]
    for ranks in (1, 2, 3, 20):
        shards = shard_by_tokens(lengths, ranks)
        assert sorted(index for shard in shards for index in shard) == list(range(len(lengths)))
        assert all(shard == sorted(shard) for shard in shards) and len(shards) == ranks
    first, second = (sum(lengths[index] for index in part) for part in shard_by_tokens(lengths, 2))
    assert abs(first - second) <= 5


def identity_in(heartbeat: Path) -> Identity | None:
    """The identity of the process that wrote it; None when it has ended."""
    document = read_json(heartbeat)
    identity = identity_of(document["pid"])
    return identity if identity is not None and identity.start == document["start"] else None


def until_ended(heartbeats: list[Path]) -> None:
    end = time.monotonic() + 5
    while any(identity_in(path) is not None for path in heartbeats):
        assert time.monotonic() < end, "a rank outlived the others"
        time.sleep(0.02)


def test_two_processes_train_as_one_and_continue_each_others_checkpoints(
    tmp_path: Path,
) -> None:
    """Started by two processes whose launcher is killed, continued by one that is stopped, finished
    by two of which one runs out of memory; compared with one uninterrupted process."""
    records = pairs(60)
    settings = {"eval_samples": 0, "save_steps": 1, "learning_rate": 2e-4}
    alone = Training(tmp_path / "alone")
    alone.intake(records, slice_rows=4, core_rows=4)
    alone.run(alone.spec(**settings))
    training = Training(tmp_path / "together")
    training.intake(records, slice_rows=4, core_rows=4)

    def spec(launcher: dict[str, Any], step_sleep: float) -> dict[str, Any]:
        return {**training.spec(**settings, step_sleep=step_sleep), "launcher": launcher}

    # Slow enough that it is still running when it is checked.
    killed, process = start(training, spec(TWO, 2.0))
    until(killed, process, 2)
    heartbeats = [killed / "heartbeat", killed / "heartbeat-1"]
    assert len({identity_in(path) for path in heartbeats} - {None}) == 2
    launcher = psutil.Process(process.pid)
    processes = [launcher, *launcher.children(recursive=True)]
    assert {read_json(path)["pid"] for path in heartbeats} < {each.pid for each in processes}
    sockets = [socket for each in processes for socket in each.net_connections("inet")]
    assert {socket.laddr.ip for socket in sockets} == {"127.0.0.1"}, "only the loopback"
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    until_ended(heartbeats)
    # One rank dies, and the others must not stay behind.
    broken, process = start(training, spec(TWO, 2.0))
    until(broken, process, 1)
    os.kill(read_json(broken / "heartbeat-1")["pid"], signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL, "it ends as the rank did"
    assert "Rank 1 ended by signal 9" in (broken / "stderr.txt").read_text("utf-8")
    until_ended([broken / "heartbeat", broken / "heartbeat-1"])
    stopped, process = start(training, spec(SINGLE, 1.0))
    until(stopped, process, 2)
    training.command(stopped, 1, "stop-now")
    assert process.wait(300) == 0 and exit_of(stopped)["outcome"] == "stopped"
    assert not (stopped / "heartbeat-1").exists()
    last, process = start(training, spec(TWO, 0.0), OUT_OF_MEMORY_ONCE)
    assert process.wait(300) == 0, (last / "stderr.txt").read_text("utf-8")[-3000:]
    assert exit_of(last)["outcome"] == "completed"
    assert len(events_of(last, "out_of_memory")) == 1

    ledgers = [valid_entries(trained.dataset / "ledger.jsonl") for trained in (alone, training)]
    batches = [
        [(entry["rows"], entry["trained_tokens"], entry["batch_hash"]) for entry in ledger]
        for ledger in ledgers
    ]
    assert batches[0] == batches[1]
    runs = (killed, broken, stopped, last)
    losses = {metric["step"]: metric["loss"] for run in runs for metric in metrics_of(run)}
    expected = {
        metric["step"]: metric["loss"] for metric in metrics_of(alone.root / "runs" / "run-1")
    }
    assert losses == pytest.approx(expected, abs=1e-6)
    for part in ("model/model.safetensors", "optimizer.safetensors"):
        ours = load_file(training.newest() / part)
        for name, tensor in load_file(alone.newest() / part).items():
            assert torch.allclose(tensor, ours[name], rtol=0, atol=1e-6), name
