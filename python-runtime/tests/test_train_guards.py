"""What a step does when numbers are no numbers, memory runs out, or time stands still."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of, metrics_of, weights_of

from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.collator import MicroBatch
from nightshift_trainer.train.model import Model

REAL = Model.loss_sum


def begin(tmp_path: Path, name: str = "w") -> Training:
    training = Training(tmp_path / name)
    training.intake(pairs(100), slice_rows=10, core_rows=10)
    return training


def fails(training: Training, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    return folder


def broken_at(*calls: int) -> Any:
    """A loss that is not a number at these calls, one call a step."""
    count = [0]

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        count[0] += 1
        loss = REAL(model, batch)
        return loss * float("nan") if count[0] in calls else loss

    return loss_sum


def test_one_step_that_is_no_number_never_reaches_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "loss_sum", broken_at(4))
    training = begin(tmp_path)
    folder = training.run(training.spec(save_steps=1, keep_checkpoints=100, eval_samples=0))
    told = events_of(folder, "non_finite")
    assert len(told) == 1 and told[0]["what"] == "loss"
    entry = lines_of(training.dataset / "ledger.jsonl")[3]
    assert told[0]["rows"] == entry["rows"]
    # Fed, and not trained: the account must not call these rows trained.
    assert (
        entry["refused"] == "loss"
        and "refused" not in lines_of(training.dataset / "ledger.jsonl")[2]
    )
    steps = [weights_of(training.checkpoints / f"step-{step:08d}") for step in (3, 4, 5)]
    for name, tensor in steps[0].items():
        assert torch.equal(tensor, steps[1][name]), name
    assert any(not torch.equal(tensor, steps[2][name]) for name, tensor in steps[1].items())
    assert metrics_of(folder)[3]["loss"] is None
    assert exit_of(folder)["outcome"] == "completed"


def test_three_of_a_hundred_end_the_run_and_name_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "loss_sum", broken_at(2, 4, 6))
    training = begin(tmp_path)
    folder = fails(training, training.spec(eval_samples=0), monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "not_a_number"
    assert error["rows"] == events_of(folder, "non_finite")[-1]["rows"]
    # All that was learned is kept: the checkpoint is of the step before, and nothing is lost.
    assert events_of(folder, "checkpoint")[-1]["step"] == exit_of(folder)["step"] == 5


def test_memory_that_runs_out_costs_no_step_and_changes_no_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torch raises it on a GPU: the step is done again in smaller parts."""
    whole = begin(tmp_path, "whole")
    whole.run(whole.spec())
    raised: list[int] = []

    def small_only(model: Model, batch: MicroBatch) -> torch.Tensor:
        if len(batch.examples) > 2 and torch.is_grad_enabled():
            raised.append(len(batch.examples))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", small_only)
    training = begin(tmp_path, "small")
    folder = training.run(training.spec())
    told = events_of(folder, "out_of_memory")
    ladder = [(one["micro_batch_from"], one["micro_batch_to"]) for one in told]
    assert ladder == [(8, 4), (4, 2)] and raised == [8, 4]
    ours, theirs = metrics_of(folder), metrics_of(whole.root / "runs" / "run-1")
    assert [one["examples"] for one in ours] == [one["examples"] for one in theirs]
    assert [one["fed"] for one in lines_of(training.dataset / "ledger.jsonl")] == [
        one["fed"] for one in lines_of(whole.dataset / "ledger.jsonl")
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)


def test_one_example_that_does_not_fit_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(model: Model, batch: MicroBatch) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(Model, "loss_sum", never)
    training = begin(tmp_path)
    folder = fails(training, training.spec(eval_samples=0), monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "gpu_out_of_memory"
    assert error["rows"] and f"row {error['rows'][0]}" in error["message"]
    told = events_of(folder, "out_of_memory")
    assert [(one["micro_batch_to"], one["recomputes"], one["chunk"]) for one in told] == [
        (4, False, 512),
        (2, False, 512),
        (1, False, 512),
        (1, True, 512),
        (1, True, 128),
        (1, True, 32),
    ]


def test_memory_that_comes_back_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every rung down to activations made again, and up once it has been quiet: the same rows and,
    but for the order of sums, the same losses."""
    from nightshift_trainer.train import oom_backoff as ladder

    monkeypatch.setattr(ladder, "QUIET_STEPS", 2)
    whole = begin(tmp_path, "whole")
    whole.run(whole.spec())
    calls = [0]

    def short_once(model: Model, batch: MicroBatch) -> torch.Tensor:
        if torch.is_grad_enabled():
            calls[0] += 1
            if calls[0] <= 4:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", short_once)
    training = begin(tmp_path, "small")
    folder = training.run(training.spec())
    up = [
        (one["recomputes"], one["micro_batch_to"]) for one in events_of(folder, "memory_regained")
    ]
    assert up == [(False, 1), (False, 2), (False, 4), (False, None)]
    ours, theirs = metrics_of(folder), metrics_of(whole.root / "runs" / "run-1")
    assert ours[0]["micro_batch"] == 1 and ours[-1]["micro_batch"] == theirs[-1]["micro_batch"]
    for one, other in zip(ours, theirs, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)


def test_what_fails_while_looking_never_ends_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train import generation as evaluation

    def breaking(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(evaluation, "answer_batch", breaking)
    training = begin(tmp_path)
    folder = training.run(training.spec(eval_steps=3, preview_steps=3))
    assert exit_of(folder)["outcome"] == "completed"
    assert {one["what"] for one in events_of(folder, "look_failed")} == {"evaluation", "preview"}
    # What was measured before it broke stands, and what was not is not there.
    last = events_of(folder, "evaluation")[-1]
    assert last["core"]["loss"] is not None and last["exact"] is None


def test_generation_that_never_returns_is_ended_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Incident 9: two and a half hours in one generation. What is cut off is unfinished, not wrong;
    training goes on, and the heartbeat said all the while that it generates."""
    from nightshift_trainer.train import generation as evaluation

    phases: list[str] = []

    def endless(network: Any, prompts: Any, *, beat: Any, **_: Any) -> Any:
        while True:
            beat()
            phases.append(read_json(folder / "heartbeat")["phase"])
            time.sleep(0.05)

    monkeypatch.setattr(evaluation, "answer_batch", endless)
    training = begin(tmp_path)
    spec = training.spec(eval_steps=4, eval_timeout_seconds=0.3, preview_steps=5)
    folder = training.folder(spec)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    assert worker.run(RunFolder(folder), spec) == 0
    assert exit_of(folder)["outcome"] == "completed"
    assert set(phases) == {"generate"}
    for one in events_of(folder, "evaluation"):
        assert one["when"] == "start" or (one["exact"]["k"], one["exact"]["unfinished"]) == (0, 4)
    assert not any(one["finished"] for one in events_of(folder, "preview"))


def test_an_evaluation_that_runs_out_of_memory_is_done_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train import generation as evaluation

    whole = begin(tmp_path, "whole")
    undisturbed = events_of(whole.run(whole.spec()), "evaluation")[-1]
    real = evaluation.answer_batch

    def few_only(network: Any, prompts: Any, **named: Any) -> Any:
        if len(prompts) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(network, prompts, **named)

    def small_only(model: Model, batch: MicroBatch) -> torch.Tensor:
        if not torch.is_grad_enabled() and len(batch.examples) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return REAL(model, batch)

    monkeypatch.setattr(evaluation, "answer_batch", few_only)
    monkeypatch.setattr(Model, "loss_sum", small_only)
    training = begin(tmp_path, "small")
    folder = training.run(training.spec())
    assert not events_of(folder, "look_failed")
    last = events_of(folder, "evaluation")[-1]
    assert last["exact"]["n"] == undisturbed["exact"]["n"] == 4
    assert last["core"]["tokens"] == undisturbed["core"]["tokens"]
    assert last["core"]["loss"] == pytest.approx(undisturbed["core"]["loss"], abs=1e-5)


def test_the_heartbeat_stands_still_when_the_loop_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by the loop, never by a thread: a hanging step must look like one."""
    training = begin(tmp_path)
    spec = training.spec(eval_samples=0)
    folder = training.folder(spec)
    beats: list[int] = []
    threads: list[list[str]] = []

    def hanging(model: Model, batch: MicroBatch) -> torch.Tensor:
        if len(metrics_of(folder)) == 3 and not beats:
            for _ in range(6):
                beats.append(read_json(folder / "heartbeat")["seq"])
                time.sleep(0.25)
            threads.append([one.name for one in threading.enumerate()])
        return REAL(model, batch)

    before = [one.name for one in threading.enumerate()]
    monkeypatch.setattr(Model, "loss_sum", hanging)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    assert worker.run(RunFolder(folder), spec) == 0
    assert len(beats) == 6 and len(set(beats)) == 1
    assert threads == [before]
    # Three a second at the most, and it went on afterwards.
    assert read_json(folder / "heartbeat")["seq"] > beats[0]


def test_a_full_disk_is_told_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train.checkpoint import save as saving
    from nightshift_trainer.train.checkpoint import write as checkpoint

    monkeypatch.setattr(saving, "SAVE_RETRY_SECONDS", 0.0)
    real, full = checkpoint.save_file, [True]

    def save_file(*values: Any, **named: Any) -> None:
        if full[0]:
            raise OSError(28, "No space left on device")
        real(*values, **named)

    def freeing(model: Model, batch: MicroBatch) -> torch.Tensor:
        if torch.is_grad_enabled():
            full[0] = count[0] < 6
            count[0] += 1
        return REAL(model, batch)

    count = [0]
    monkeypatch.setattr(checkpoint, "save_file", save_file)
    monkeypatch.setattr(Model, "loss_sum", freeing)
    training = begin(tmp_path)
    folder = training.run(training.spec(save_steps=2, eval_samples=0))
    failed = events_of(folder, "checkpoint_failed")
    assert failed and {one["reason"] for one in failed} == {"the disk is full"}
    assert exit_of(folder)["outcome"] == "completed"
    saved = [one["step"] for one in events_of(folder, "checkpoint")]
    assert saved[0] > failed[-1]["step"] and saved[-1] == metrics_of(folder)[-1]["step"]


def test_a_step_that_its_rows_end_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin(tmp_path)
    steps = [0]

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        steps[0] += 1
        if steps[0] == 3:
            # As an embedding without a place for the token says it.
            batch.ids[..., 0] = 10**6
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    spec = training.spec(save_steps=1, eval_samples=0, generate_samples=0)
    error = exit_of(fails(training, spec, monkeypatch))["error"]
    assert error["category"] == "token_out_of_range"
    assert len(error["rows"]) == spec["config"]["batch_size"]
    trained = {row for line in lines_of(training.dataset / "ledger.jsonl") for row in line["rows"]}
    assert trained and not trained & set(error["rows"])
