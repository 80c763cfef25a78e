"""NaN, out-of-memory errors, full disks and hangs during training."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of, metrics_of, weights_of

from nightshift_trainer.cache import Example, TokenCache
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


def fail(training: Training, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    return folder


def broken_at(*calls: int) -> Any:
    """A loss that is NaN at these calls; there is one call per step."""
    count = [0]

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        count[0] += 1
        loss = REAL(model, batch)
        return loss * float("nan") if count[0] in calls else loss

    return loss_sum


def test_a_step_with_nan_loss_never_changes_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "loss_sum", broken_at(4))
    training = begin(tmp_path)
    folder = training.run(training.spec(save_steps=1, keep_checkpoints=100, eval_samples=0))
    events = events_of(folder, "non_finite")
    assert len(events) == 1 and events[0]["what"] == "loss"
    entry = lines_of(training.dataset / "ledger.jsonl")[3]
    assert events[0]["rows"] == entry["rows"]
    # The rows were fed to the model but not trained, and must not be counted as trained.
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


def test_three_nan_losses_in_a_hundred_steps_end_the_run_and_name_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "loss_sum", broken_at(2, 4, 6))
    training = begin(tmp_path)
    folder = fail(training, training.spec(eval_samples=0), monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "not_a_number"
    assert error["rows"] == events_of(folder, "non_finite")[-1]["rows"]
    # The checkpoint contains every step before the failed one.
    assert events_of(folder, "checkpoint")[-1]["step"] == exit_of(folder)["step"] == 5


def test_an_out_of_memory_error_loses_no_step_and_changes_no_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As torch raises it on a GPU: the step is retried in smaller micro-batches."""
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
    events = events_of(folder, "out_of_memory")
    levels = [(event["tokens_from"], event["tokens_to"]) for event in events]
    assert raised[0] == 8 and len(raised) == 2 and levels[0][0] == 4096
    assert levels[1][0] == levels[0][1] < 200 and levels[1][1] <= levels[1][0] // 2
    ours, expected = metrics_of(folder), metrics_of(whole.root / "runs" / "run-1")
    assert [metric["examples"] for metric in ours] == [metric["examples"] for metric in expected]
    assert [entry["batch_hash"] for entry in lines_of(training.dataset / "ledger.jsonl")] == [
        entry["batch_hash"] for entry in lines_of(whole.dataset / "ledger.jsonl")
    ]
    for metric, other in zip(ours, expected, strict=True):
        assert metric["loss"] == pytest.approx(other["loss"], abs=1e-5)


def test_an_example_that_does_not_fit_in_memory_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(model: Model, batch: MicroBatch) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(Model, "loss_sum", never)
    training = begin(tmp_path)
    folder = fail(training, training.spec(eval_samples=0), monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "gpu_out_of_memory"
    assert error["rows"] and f"Row {error['rows'][0]} " in error["message"]
    events = events_of(folder, "out_of_memory")
    names = ("activation_checkpointing", "loss_chunk")
    levels = [tuple(event[name] for name in names) for event in events]
    assert levels[-3:] == [(True, 512), (True, 128), (True, 32)]
    assert set(levels[:-3]) == {(False, 512)}
    tokens = [event["tokens_to"] for event in events]
    assert all(after <= before // 2 for before, after in pairwise(tokens[:-3]))
    assert len(set(tokens[-4:])) == 1


def test_memory_that_becomes_available_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down to activation checkpointing, and up again after steps without an error: the same rows
    and, up to rounding, the same losses."""
    from nightshift_trainer.train import oom_backoff

    monkeypatch.setattr(oom_backoff, "RETRY_STEPS", 2)
    whole = begin(tmp_path, "whole")
    whole.run(whole.spec())
    fits = [False]

    def short_once(model: Model, batch: MicroBatch) -> torch.Tensor:
        fits[0] = fits[0] or model.activation_checkpointing
        if torch.is_grad_enabled() and not fits[0]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", short_once)
    training = begin(tmp_path, "small")
    folder = training.run(training.spec())
    regained = events_of(folder, "memory_regained")
    assert not any(event["activation_checkpointing"] for event in regained)
    tokens = [event["tokens_to"] for event in regained]
    assert tokens[0] == events_of(folder, "out_of_memory")[-1]["tokens_to"] < 64
    assert all(after == 2 * before for before, after in pairwise(tokens))
    ours, expected = metrics_of(folder), metrics_of(whole.root / "runs" / "run-1")
    assert ours[0]["micro_batch"] == 1 < ours[-1]["micro_batch"]
    for metric, other in zip(ours, expected, strict=True):
        assert metric["loss"] == pytest.approx(other["loss"], abs=1e-5)


def test_a_failed_evaluation_never_ends_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train import generation

    def breaking(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(generation, "answer_batch", breaking)
    training = begin(tmp_path)
    folder = training.run(training.spec(eval_steps=3, preview_steps=3))
    assert exit_of(folder)["outcome"] == "completed"
    failed = events_of(folder, "evaluation_failed")
    assert {event["what"] for event in failed} == {"evaluation", "preview"}
    # Measurements before the failure are kept; the others are missing.
    last = events_of(folder, "evaluation")[-1]
    assert last["core"]["loss"] is not None and last["exact"] is None


def test_generation_that_never_ends_is_stopped_by_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Incident 9: one generation took two and a half hours. A truncated answer is unfinished, not
    wrong; training continues, and the heartbeat reports the phase `generate` meanwhile."""
    from nightshift_trainer.train import generation

    phases: list[str] = []

    def endless(network: Any, prompts: Any, *, heartbeat: Any, **_: Any) -> Any:
        while True:
            heartbeat()
            phases.append(read_json(folder / "heartbeat")["phase"])
            time.sleep(0.05)

    monkeypatch.setattr(generation, "answer_batch", endless)
    training = begin(tmp_path)
    spec = training.spec(eval_steps=4, eval_timeout_seconds=0.3, preview_steps=5)
    folder = training.folder(spec)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    assert worker.run(RunFolder(folder), spec) == 0
    assert exit_of(folder)["outcome"] == "completed"
    assert set(phases) == {"generate"}
    for event in events_of(folder, "evaluation"):
        exact = event["exact"]
        # At an interval nothing is asked once the budget is used up.
        if event["when"] != "interval" or exact is not None:
            assert (exact["k"], exact["unfinished"]) == (0, 4)
    assert not any(event["finished"] for event in events_of(folder, "preview"))


def test_an_evaluation_that_runs_out_of_memory_is_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train import generation

    whole = begin(tmp_path, "whole")
    undisturbed = events_of(whole.run(whole.spec()), "evaluation")[-1]
    real = generation.answer_batch

    def few_only(network: Any, prompts: Any, **named: Any) -> Any:
        if len(prompts) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(network, prompts, **named)

    def small_only(model: Model, batch: MicroBatch) -> torch.Tensor:
        if not torch.is_grad_enabled() and len(batch.examples) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return REAL(model, batch)

    monkeypatch.setattr(generation, "answer_batch", few_only)
    monkeypatch.setattr(Model, "loss_sum", small_only)
    training = begin(tmp_path, "small")
    folder = training.run(training.spec())
    assert not events_of(folder, "evaluation_failed")
    last = events_of(folder, "evaluation")[-1]
    assert last["exact"]["n"] == undisturbed["exact"]["n"] == 4
    assert last["core"]["tokens"] == undisturbed["core"]["tokens"]
    assert last["core"]["loss"] == pytest.approx(undisturbed["core"]["loss"], abs=1e-5)


def test_the_heartbeat_stops_when_the_loop_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by the loop, never by a thread: otherwise a hung step would look alive."""
    training = begin(tmp_path)
    spec = training.spec(eval_samples=0)
    folder = training.folder(spec)
    sequence: list[int] = []
    threads: list[list[str]] = []

    def hanging(model: Model, batch: MicroBatch) -> torch.Tensor:
        if len(metrics_of(folder)) == 3 and not sequence:
            for _ in range(6):
                sequence.append(read_json(folder / "heartbeat")["seq"])
                time.sleep(0.25)
            threads.append([thread.name for thread in threading.enumerate()])
        return REAL(model, batch)

    before = [thread.name for thread in threading.enumerate()]
    monkeypatch.setattr(Model, "loss_sum", hanging)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    assert worker.run(RunFolder(folder), spec) == 0
    assert len(sequence) == 6 and len(set(sequence)) == 1
    assert threads == [before]
    # It continued afterwards.
    assert read_json(folder / "heartbeat")["seq"] > sequence[0]


def test_a_full_disk_is_reported_and_training_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train.checkpoint import save, write

    monkeypatch.setattr(save, "SAVE_RETRY_SECONDS", 0.0)
    real, full = write.save_file, [True]

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
    monkeypatch.setattr(write, "save_file", save_file)
    monkeypatch.setattr(Model, "loss_sum", freeing)
    training = begin(tmp_path)
    folder = training.run(training.spec(save_steps=2, eval_samples=0))
    failed = events_of(folder, "checkpoint_failed")
    assert failed and {event["reason"] for event in failed} == {"the disk is full"}
    assert exit_of(folder)["outcome"] == "completed"
    saved = [event["step"] for event in events_of(folder, "checkpoint")]
    assert saved[0] > failed[-1]["step"] and saved[-1] == metrics_of(folder)[-1]["step"]


def test_a_token_id_out_of_range_names_its_row_before_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU the kernel would stop with an assertion that names no row."""
    training = Training(tmp_path / "w")
    training.intake(pairs(40), slice_rows=0, core_rows=0)
    real = TokenCache.example
    calls: list[int] = []

    def example(cache: TokenCache, index: int) -> Example:
        found = real(cache, index)
        return replace(found, ids=found.ids + 10**6) if found.row == 17 else found

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        calls.append(int(batch.ids.max()))
        return REAL(model, batch)

    monkeypatch.setattr(TokenCache, "example", example)
    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    spec = training.spec(save_steps=1, eval_samples=0, generate_samples=0)
    error = exit_of(fail(training, spec, monkeypatch))["error"]
    assert error["category"] == "token_out_of_range" and error["rows"] == [17]
    assert "Row 17 has token id 1000" in error["message"]
    assert max(calls, default=0) < 10**6
    trained = {row for line in lines_of(training.dataset / "ledger.jsonl") for row in line["rows"]}
    assert 17 not in trained
