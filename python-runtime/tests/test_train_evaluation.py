"""Evaluations and previews: bounded by the data and by the monitoring budget, and counted."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of, metrics_of, until

from nightshift_trainer.cache import Text, TokenCache
from nightshift_trainer.files import read_json
from nightshift_trainer.rendering.base import open_base
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import generation
from nightshift_trainer.train.answer_log import drop_oldest


def begin(root: Path, rows: int = 80, **options: Any) -> Training:
    training = Training(root)
    training.intake(pairs(rows), slice_rows=10, core_rows=10, **options)
    return training


def small(training: Training, **config: Any) -> dict[str, Any]:
    """A spec whose cadence is scaled by the engine, with ten evaluations."""
    spec = training.spec(eval_steps=500, preview_steps=200, warmup_steps=100, **config)
    spec["cadence"] = {"warmup_steps": 2, "eval_steps": 2, "preview_steps": 2}
    return spec


def test_a_small_dataset_reaches_its_learning_rate_and_shows_evaluations(tmp_path: Path) -> None:
    training = begin(tmp_path)
    folder = training.run(small(training))
    metrics = metrics_of(folder)
    assert [line["lr"] for line in metrics[:3]] == pytest.approx([0.5e-3, 1e-3, 1e-3])
    evaluations = events_of(folder, "evaluation")
    whens = [event["when"] for event in evaluations]
    assert whens == ["start", *["interval"] * (len(whens) - 2), "end"] and len(whens) >= 4
    # The start has answers too: what the model said before.
    assert evaluations[0]["exact"]["n"] == 4
    # Only the configured interval is worth a checkpoint; the last step has its own.
    assert [event["why"] for event in events_of(folder, "checkpoint")] == ["end"]


def test_a_finished_warmup_stays_finished_when_a_larger_dataset_has_a_longer_one(
    tmp_path: Path,
) -> None:
    training = begin(tmp_path)
    training.run(small(training))
    spec = training.spec(warmup_steps=100)
    spec["pass"]["id"] = "p-2"
    spec["cadence"] = {"warmup_steps": 100, "eval_steps": 500, "preview_steps": 200}
    assert {line["lr"] for line in metrics_of(training.run(spec))} == {1e-3}


def test_answers_are_as_long_as_the_data_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.5 times the longest expected answer and the end token, never more than the setting."""
    limits: set[int] = set()
    real = generation.answer_batch

    def recording(*values: Any, max_new_tokens: int, **named: Any) -> Any:
        limits.add(max_new_tokens)
        return real(*values, max_new_tokens=max_new_tokens, **named)

    monkeypatch.setattr(generation, "answer_batch", recording)
    training = begin(tmp_path)
    spec = training.spec(eval_max_new_tokens=2048)
    training.run(spec)
    tokenizer = open_base(training.workspace.base).tokenizer
    core = TokenCache(Path(spec["validation"]["core"]))
    lengths = [
        len(tokenizer.encode(text.expected, add_special_tokens=False).ids) for text in core.texts()
    ]
    assert limits == {-(-3 * max(lengths) // 2) + 1}


def test_answers_that_ended_before_the_time_limit_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the time limit emptied the whole batch, also the answers that had ended."""

    def half(_: Any, prompts: Any, *, must_end: Any, on_finished: Any, **__: Any) -> Any:
        on_finished(len(prompts) // 2)
        while not must_end():
            time.sleep(0.01)
        return [
            generation.GeneratedAnswer([1], index < len(prompts) // 2)
            for index in range(len(prompts))
        ]

    monkeypatch.setattr(generation, "answer_batch", half)
    monkeypatch.setattr(generation, "GENERATION_BATCH", 4)
    training = begin(tmp_path)
    folder = training.run(training.spec(eval_timeout_seconds=0.2, generate_samples=8))
    last = events_of(folder, "evaluation")[-1]["exact"]
    assert (last["n"], last["unfinished"], last["not_asked"]) == (4, 2, 4)


def test_the_heartbeat_says_k_of_n(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, int, int]] = set()
    real = RunFolder.heartbeat

    def spying(self: RunFolder, **named: Any) -> None:
        self._last_heartbeat = 0.0
        real(self, **named)
        written = read_json(self.folder / "heartbeat")
        if written["total"] is not None:
            seen.add((written["phase"], written["done"], written["total"]))

    monkeypatch.setattr(RunFolder, "heartbeat", spying)
    training = begin(tmp_path)
    folder = training.run(training.spec())
    assert {total for phase, _, total in seen if phase == "generate"} == {4, 1}
    [rows] = {total for phase, _, total in seen if phase == "evaluate"}
    last = events_of(folder, "evaluation")[-1]
    assert rows == last["core"]["rows"] + last["slice"]["rows"]
    assert all(done <= total for _, done, total in seen)
    assert exit_of(folder)["outcome"] == "completed"


def test_extra_evaluations_and_previews_keep_the_monitoring_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = generation.answer_batch

    def slow(*values: Any, **named: Any) -> Any:
        time.sleep(0.4)
        return real(*values, **named)

    monkeypatch.setattr(generation, "answer_batch", slow)
    training = begin(tmp_path)
    folder = training.run(small(training, budget={"monitoring_percent": 5}))
    skipped = events_of(folder, "monitoring_skipped")
    assert {event["what"] for event in skipped} == {"evaluation", "preview"}
    assert all(event["percent"] > event["limit"] == 5 for event in skipped)
    # The first and the last are always there.
    assert [event["when"] for event in events_of(folder, "evaluation")] == ["start", "end"]
    assert len(events_of(folder, "preview")) == 2


def test_the_configured_interval_keeps_its_losses_when_the_budget_is_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = generation.answer_batch

    def slow(*values: Any, **named: Any) -> Any:
        time.sleep(0.4)
        return real(*values, **named)

    monkeypatch.setattr(generation, "answer_batch", slow)
    training = begin(tmp_path)
    spec = training.spec(eval_steps=3, budget={"monitoring_percent": 5})
    folder = training.run(spec)
    interval = [e for e in events_of(folder, "evaluation") if e["when"] == "interval"]
    assert interval and all(event["core"]["loss"] is not None for event in interval)
    assert all(event["exact"] is None for event in interval)
    assert {event["what"] for event in events_of(folder, "monitoring_skipped")} == {"answers"}


def test_previews_show_what_the_model_read_from_both_sets_in_turn(tmp_path: Path) -> None:
    training = begin(tmp_path)
    folder = training.run(small(training))
    previews = events_of(folder, "preview")
    assert {event["source"] for event in previews} == {"fixed", "dataset"}
    sources = [event["source"] for event in previews if event["step"] % 2 == 0]
    assert all(a != b for a, b in pairwise(sources))
    for event in previews:
        assert event["prompt"] in event["rendered"] and event["rendered"] != event["prompt"]
    tokenizer = open_base(training.workspace.base).tokenizer
    first = previews[0]
    read = tokenizer.encode(first["rendered"], add_special_tokens=False).ids
    assert len(read) == first["prompt_tokens"]


def test_previews_continue_over_runs(tmp_path: Path) -> None:
    """A stopped run showed the same first question again in each run."""
    training = begin(tmp_path, 300)
    spec = small(training, step_sleep=0.05)
    folder, process = training.start(spec)
    until("four steps", lambda: len(metrics_of(folder)) >= 4)
    training.command(folder, 1, "stop-now")
    assert process.wait(300) == 0
    first = events_of(folder, "preview")
    second = events_of(training.run(small(training)), "preview")
    assert second[0]["source"] != first[-1]["source"]


def test_the_answers_of_each_evaluation_are_kept(tmp_path: Path) -> None:
    training = begin(tmp_path)
    folder = training.run(training.spec())
    kept = lines_of(training.dataset / "answers.jsonl")
    assert [line["when"] for line in kept] == ["start", "end"]
    assert [len(line["answers"]) for line in kept] == [4, 4]
    assert [a["row"] for a in kept[0]["answers"]] == [a["row"] for a in kept[1]["answers"]]
    answer = kept[0]["answers"][0]
    assert answer["prompt"] in answer["rendered"] and answer["rendered"] != answer["prompt"]
    assert events_of(folder, "evaluation")[0]["precision"] == "fp32"


def test_too_many_answers_drop_the_oldest_but_not_those_of_versions(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    lines = [
        json.dumps({"when": "end" if step % 10 == 0 else "interval", "step": step}) + "\n"
        for step in range(100)
    ]
    file.write_text("".join(lines))
    size = file.stat().st_size
    drop_oldest(file, size)
    assert len(lines_of(file)) == 100
    drop_oldest(file, size - 1)
    steps = [line["step"] for line in lines_of(file)]
    assert steps[:5] == [0, 10, 20, 30, 40]
    assert steps[-45:] == list(range(55, 100))
    assert file.stat().st_size < size
    drop_oldest(tmp_path / "none.jsonl", 0)


def test_a_command_is_answered_while_the_budget_is_used_up(tmp_path: Path) -> None:
    training = begin(tmp_path, 300)
    spec = small(training, budget={"monitoring_percent": 0.001}, step_sleep=0.05)
    folder, process = training.start(spec)
    until("three steps", lambda: len(metrics_of(folder)) >= 3)
    training.command(folder, 1, "eval")
    training.command(folder, 2, "sample")
    assert process.wait(300) == 0
    assert "command" in {event["when"] for event in events_of(folder, "evaluation")}
    assert len(events_of(folder, "preview")) == 3


def test_think_blocks_of_special_tokens_are_counted() -> None:
    """Decoding for the comparison drops special tokens, and the share read 0 % for such models."""
    text = Text(row=1, question="q", prompt="q", prompt_ids=[1], expected="a")
    raw = ["<think>\n\n</think>a<|im_end|>", "<think>b</think>a<|im_end|>", "a<|im_end|>"]
    answers = [generation.Answer(text, "a", answer, True, True, 3) for answer in raw]
    assert generation.think_stats(answers) == {"share": 2 / 3, "empty": 0.5, "closed": 1.0, "n": 3}
