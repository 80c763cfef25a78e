"""Fewer threads while another program has the cores, and all of them again afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of

from nightshift_trainer.train import device as threads
from nightshift_trainer.train.device import LEARNING_STEPS, QUIET_SECONDS, STEPS, Threads
from nightshift_trainer.train.step import Done, Stepper


class Steps:
    """Steps of one second each, which take what they are said to take."""

    def __init__(self, most: int) -> None:
        self.threads = Threads(most)
        self.t = 0.0
        self.take(1.0, LEARNING_STEPS)

    def take(self, seconds: float, count: int) -> list[int]:
        """The changes that they led to."""
        found: list[int] = []
        for _ in range(count):
            self.t += 1.0
            threads = self.threads.took(seconds, self.t)
            if threads is not None:
                found.append(threads)
        return found


def test_only_steps_that_stay_slow_count() -> None:
    steps = Steps(4)
    assert steps.take(1.9, 50) == []
    for _ in range(10):
        assert steps.take(9.0, STEPS - 1) == []
        assert steps.take(1.0, 1) == []


def test_down_as_far_as_it_helps_and_up_again_after_a_quiet_while() -> None:
    steps = Steps(4)
    assert steps.take(9.0, STEPS) == [2]
    # With half of them steps of up to four times the learned time are ordinary.
    assert steps.take(3.9, 10) == []
    quiet = int(QUIET_SECONDS) - 10
    assert steps.take(2.0, quiet - 1) == [] and steps.take(2.0, 1) == [4]
    # Too early: the next attempt waits twice as long.
    assert steps.take(9.0, STEPS) == [2]
    assert steps.take(2.0, 2 * int(QUIET_SECONDS) - 1) == [] and steps.take(2.0, 1) == [4]
    assert steps.take(1.0, 500) == []


def test_down_to_one_and_not_below() -> None:
    steps = Steps(4)
    assert steps.take(40.0, STEPS) == [2]
    assert steps.take(20.0, STEPS) == [1]
    assert steps.take(19.0, int(QUIET_SECONDS) - 1) == []


def test_steps_that_are_longer_for_another_reason_keep_their_threads() -> None:
    """Longer rows, say: half the threads make it worse, so they come back at once, and the new time
    is learned."""
    steps = Steps(4)
    assert steps.take(3.0, STEPS) == [2]
    assert steps.take(6.0, STEPS) == [4]
    assert steps.take(3.0, 300) == []
    assert steps.take(7.0, STEPS) == [2]


@pytest.mark.parametrize("deterministic", ["off", "on"])
def test_the_loop_gives_threads_back_only_where_the_bits_may_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deterministic: str
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=4, core_rows=4)
    monkeypatch.setattr(threads, "LEARNING_STEPS", 4)
    monkeypatch.setattr(threads, "STEPS", 3)
    real, used = Stepper.step, [0]

    def contended(stepper: Stepper) -> Done:
        """Really taken, and said to be held up while there are several threads."""
        done = real(stepper)
        is_slow = stepper.session.step >= 6 and used[-1] > 1
        return replace(done, seconds=done.tokens * (9.0 if is_slow else 1.0))

    torch.set_num_threads(1)
    monkeypatch.setattr(Stepper, "step", contended)
    # Noted, not done: several threads on the cores of a busy machine take minutes for these steps.
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    spec = training.spec(eval_samples=0, batch_size=4, deterministic=deterministic)
    spec["threads"] = 2
    folder = training.run(spec)
    told = [(one["threads_from"], one["threads_to"]) for one in events_of(folder, "threads")]
    assert told == ([(2, 1)] if deterministic == "off" else [])
    assert used == ([0, 2, 1] if deterministic == "off" else [0, 2])
