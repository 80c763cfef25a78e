"""Fewer threads while another program uses the cores, and all of them again afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of

from nightshift_trainer.train import device
from nightshift_trainer.train.device import (
    LEARNING_STEPS,
    RETRY_SECONDS,
    SLOW_STEPS,
    AdaptiveThreads,
)
from nightshift_trainer.train.step import OptimizerStep, StepResult


class Steps:
    """Simulates steps: the clock advances by one second each, and their duration is given."""

    def __init__(self, most: int) -> None:
        self.threads = AdaptiveThreads(most)
        self.t = 0.0
        self.take(1.0, LEARNING_STEPS)

    def take(self, seconds: float, count: int) -> list[int]:
        """The changes of the number of threads."""
        changes: list[int] = []
        for _ in range(count):
            self.t += 1.0
            threads = self.threads.on_step(seconds, self.t)
            if threads is not None:
                changes.append(threads)
        return changes


def test_only_consecutive_slow_steps_count() -> None:
    steps = Steps(4)
    assert steps.take(1.9, 50) == []
    for _ in range(10):
        assert steps.take(9.0, SLOW_STEPS - 1) == []
        assert steps.take(1.0, 1) == []


def test_halves_threads_while_it_helps_and_doubles_them_later() -> None:
    steps = Steps(4)
    assert steps.take(9.0, SLOW_STEPS) == [2]
    # With half the threads, up to four times the usual time is not slow.
    assert steps.take(3.9, 10) == []
    remaining = int(RETRY_SECONDS) - 10
    assert steps.take(2.0, remaining - 1) == [] and steps.take(2.0, 1) == [4]
    # That was too early: the next attempt comes after twice the time.
    assert steps.take(9.0, SLOW_STEPS) == [2]
    assert steps.take(2.0, 2 * int(RETRY_SECONDS) - 1) == [] and steps.take(2.0, 1) == [4]
    assert steps.take(1.0, 500) == []


def test_never_uses_less_than_one_thread() -> None:
    steps = Steps(4)
    assert steps.take(40.0, SLOW_STEPS) == [2]
    assert steps.take(20.0, SLOW_STEPS) == [1]
    assert steps.take(19.0, int(RETRY_SECONDS) - 1) == []


def test_steps_that_are_longer_for_another_reason_keep_their_threads() -> None:
    """Such as longer rows: half the threads make it worse, so all of them are used again and the
    new time is learned."""
    steps = Steps(4)
    assert steps.take(3.0, SLOW_STEPS) == [2]
    assert steps.take(6.0, SLOW_STEPS) == [4]
    assert steps.take(3.0, 300) == []
    assert steps.take(7.0, SLOW_STEPS) == [2]


@pytest.mark.parametrize("deterministic", ["off", "on"])
def test_the_trainer_adapts_threads_only_without_determinism(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deterministic: str
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=4, core_rows=4)
    monkeypatch.setattr(device, "LEARNING_STEPS", 4)
    monkeypatch.setattr(device, "SLOW_STEPS", 3)
    real, used = OptimizerStep.run, [0]

    def contended(step: OptimizerStep) -> StepResult:
        """A real step that reports a long duration while there are several threads."""
        result = real(step)
        is_slow = step.session.step >= 6 and used[-1] > 1
        return replace(result, seconds=result.tokens * (9.0 if is_slow else 1.0))

    torch.set_num_threads(1)
    monkeypatch.setattr(OptimizerStep, "run", contended)
    # Recorded, not applied: on a busy machine, several threads would need minutes for these steps.
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    spec = training.spec(eval_samples=0, batch_size=4, deterministic=deterministic)
    spec["threads"] = 2
    folder = training.run(spec)
    changes = [
        (event["threads_from"], event["threads_to"]) for event in events_of(folder, "threads")
    ]
    assert changes == ([(2, 1)] if deterministic == "off" else [])
    assert used == ([0, 2, 1] if deterministic == "off" else [0, 2])
