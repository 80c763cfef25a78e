"""The evaluation at the end of a pass is made up for by the next run when it is interrupted."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of, metrics_of

STEPS = {"epochs": 1, "save_steps": 1000, "eval_steps": 1000, "preview_steps": 1000}
# Holds the evaluation at the end until somebody acts, with the heartbeats of a slow one.
SLOW_AT_THE_END = """
import time
from nightshift_trainer.train import evaluate
real = evaluate.validation_loss
def validation_loss(model, examples, heartbeat):
    if evaluating == "end":
        for _ in range(6000):
            heartbeat(0)
            time.sleep(0.01)
    return real(model, examples, heartbeat)
evaluating = ""
real_evaluate = evaluate.Evaluator.evaluate
def evaluate_when(self, when):
    global evaluating
    evaluating = when
    return real_evaluate(self, when)
evaluate.validation_loss = validation_loss
evaluate.Evaluator.evaluate = evaluate_when
"""


def prepared(root: Path) -> Training:
    training = Training(root)
    training.intake(pairs(60), slice_rows=10, core_rows=10)
    return training


def seen(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Events of a run that may not have written any yet."""
    return events_of(folder, kind) if (folder / "events.jsonl").exists() else []


def wait_for_the_last_evaluation(folder: Path, steps: int) -> None:
    end = time.monotonic() + 120
    while not any(event["why"] == "end" for event in seen(folder, "checkpoint")):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert metrics_of(folder)[-1]["step"] == steps
    time.sleep(0.3)


def losses(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["step"], event["core"]["loss"], event["slice"]["loss"], event["exact"]


@pytest.mark.parametrize("how", ["pause", "stop-now", "SIGKILL", "SIGTERM"])
def test_an_interrupted_end_evaluation_is_done_by_the_next_run(tmp_path: Path, how: str) -> None:
    whole = prepared(tmp_path / "whole")
    folder = whole.run(whole.spec(**STEPS))
    expected = events_of(folder, "evaluation")[-1]
    assert expected["when"] == "end"

    broken = prepared(tmp_path / "broken")
    spec = broken.spec(**STEPS)
    planned = spec["pass"]["planned_steps"]
    first, process = broken.start(spec, SLOW_AT_THE_END)
    wait_for_the_last_evaluation(first, planned)
    if how in ("pause", "stop-now"):
        broken.command(first, 1, how)
    else:
        process.send_signal(getattr(signal, how))
    process.wait(60)
    if how == "SIGKILL":
        assert not (first / "exit.json").exists()
    elif how == "SIGTERM":
        assert exit_of(first)["error"]["category"] == "killed_by_signal"
    else:
        outcome = {"pause": "paused", "stop-now": "stopped"}[how]
        assert (exit_of(first)["outcome"], exit_of(first)["steps_done"]) == (outcome, planned)
    assert not any(
        event["when"] == "end" and not event["abandoned"]
        for event in events_of(first, "evaluation")
    )

    second = broken.run(broken.spec(**STEPS))
    exit = exit_of(second)
    assert (exit["outcome"], exit["steps_done"]) == ("completed", planned)
    [made_up] = events_of(second, "evaluation")
    assert made_up["when"] == "end"
    assert losses(made_up) == losses(expected)
    assert broken.state_hash() == whole.state_hash()


def test_a_skip_of_the_last_evaluation_completes_the_pass_without_a_cursor(tmp_path: Path) -> None:
    training = prepared(tmp_path)
    spec = training.spec(**STEPS)
    folder, process = training.start(spec, SLOW_AT_THE_END)
    wait_for_the_last_evaluation(folder, spec["pass"]["planned_steps"])
    training.command(folder, 1, "skip")
    process.wait(60)
    assert exit_of(folder)["outcome"] == "completed"
    assert not (training.dataset / "cursor.json").exists()
    assert events_of(folder, "evaluation")[-1]["abandoned"]


def test_a_pause_in_the_last_evaluation_that_is_resumed_evaluates_again(tmp_path: Path) -> None:
    training = prepared(tmp_path)
    spec = training.spec(**STEPS, pause_keep_seconds=60)
    # Slow only the first time.
    program = SLOW_AT_THE_END.replace(
        'if evaluating == "end":',
        'if evaluating == "end" and not slowed.append(1) and len(slowed) == 1:',
    ).replace('evaluating = ""', 'evaluating, slowed = "", []')
    folder, process = training.start(spec, program)
    wait_for_the_last_evaluation(folder, spec["pass"]["planned_steps"])
    training.command(folder, 1, "pause")
    end = time.monotonic() + 60
    while not events_of(folder, "paused"):
        assert time.monotonic() < end
        time.sleep(0.02)
    training.command(folder, 2, "resume")
    process.wait(60)
    assert exit_of(folder)["outcome"] == "completed"
    ends = [event for event in events_of(folder, "evaluation") if event["when"] == "end"]
    assert [event["abandoned"] for event in ends] == [True, False]
