"""Several processes train one step together: as one would, to rounding."""

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
from test_train_ledger import counting
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.files import read_json
from nightshift_trainer.identity import Identity, identity_of
from nightshift_trainer.train.collator import share

ONE = {"kind": "single", "processes": 1}
TWO = {"kind": "torchrun", "processes": 2}
# Memory that runs out once, and in the follower alone: the step is done again by both.
SHORT_OF_MEMORY = """
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
    """As the engine does it; `program` in the place of the trainer's own entry."""
    folder = training.folder(spec)
    command = [sys.executable]
    if spec["launcher"]["kind"] == "torchrun":
        command += ["-m", "torch.distributed.run", "--standalone", "--max-restarts", "0"]
        command += ["--nproc-per-node", str(spec["launcher"]["processes"])]
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


def test_the_shares_are_the_whole_and_about_alike() -> None:
    lengths = [50, 7, 31, 8, 90, 12, 44, 3]
    for ranks in (1, 2, 3, 20):
        shares = share(lengths, ranks)
        assert sorted(index for one in shares for index in one) == list(range(len(lengths)))
        assert all(one == sorted(one) for one in shares) and len(shares) == ranks
    one, two = (sum(lengths[index] for index in part) for part in share(lengths, 2))
    assert abs(one - two) <= 5


def identity_in(heartbeat: Path) -> Identity | None:
    """Of the process that wrote it, while it lives."""
    beat = read_json(heartbeat)
    now = identity_of(beat["pid"])
    return now if now is not None and now.start == beat["start"] else None


def test_two_are_as_one_and_the_checkpoint_does_not_know_how_many_there_were(
    tmp_path: Path,
) -> None:
    """Begun by two whose launcher is killed, gone on with by one that is stopped, and ended by two
    of which one runs out of memory: against one undisturbed process."""
    records = pairs(60)
    settings = {"eval_samples": 0, "save_steps": 1, "learning_rate": 2e-4}
    alone = Training(tmp_path / "alone")
    alone.intake(records, slice_rows=4, core_rows=4)
    alone.run(alone.spec(**settings))
    training = Training(tmp_path / "together")
    training.intake(records, slice_rows=4, core_rows=4)

    def spec(launcher: dict[str, Any], step_sleep: float) -> dict[str, Any]:
        return {**training.spec(**settings, step_sleep=step_sleep), "launcher": launcher}

    # Slow enough that it cannot have ended by itself when it is looked at.
    killed, process = start(training, spec(TWO, 2.0))
    until(killed, process, 2)
    beats = [killed / "heartbeat", killed / "heartbeat-1"]
    assert len({identity_in(one) for one in beats} - {None}) == 2
    for rank in beats:
        sockets = psutil.Process(read_json(rank)["pid"]).net_connections("inet")
        assert {one.laddr.ip for one in sockets} == {"127.0.0.1"}, "the ranks are on this machine"
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    end = time.monotonic() + 5
    while any(identity_in(one) is not None for one in beats):
        assert time.monotonic() < end, "a rank outlives its launcher"
        time.sleep(0.02)
    stopped, process = start(training, spec(ONE, 1.0))
    until(stopped, process, 2)
    training.command(stopped, 1, "stop-now")
    assert process.wait(60) == 0 and exit_of(stopped)["outcome"] == "stopped"
    assert not (stopped / "heartbeat-1").exists()
    last, process = start(training, spec(TWO, 0.0), SHORT_OF_MEMORY)
    assert process.wait(60) == 0, (last / "stderr.txt").read_text("utf-8")[-3000:]
    assert exit_of(last)["outcome"] == "completed"
    assert len(events_of(last, "out_of_memory")) == 1

    told = [counting(one.dataset / "ledger.jsonl") for one in (alone, training)]
    fed = [[(one["rows"], one["trained_tokens"], one["fed"]) for one in it] for it in told]
    assert fed[0] == fed[1]
    runs = (killed, stopped, last)
    losses = {one["step"]: one["loss"] for run in runs for one in metrics_of(run)}
    theirs = {one["step"]: one["loss"] for one in metrics_of(alone.root / "runs" / "run-1")}
    assert losses == pytest.approx(theirs, abs=1e-6)
    for part in ("model/model.safetensors", "optimizer.safetensors"):
        ours = load_file(training.newest() / part)
        for name, tensor in load_file(alone.newest() / part).items():
            assert torch.allclose(tensor, ours[name], rtol=0, atol=1e-6), name
