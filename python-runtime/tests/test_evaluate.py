"""Evaluation: greedy answers equal those of a plain loop, truncated answers are unfinished."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import chat, starter_base
from transformers import AutoModelForCausalLM

from nightshift_trainer.evaluate import worker
from nightshift_trainer.evaluate.answers import GeneratedAnswer, answer_batch
from nightshift_trainer.evaluate.questions import Question, QuestionsRefused, read_questions
from nightshift_trainer.metrics import score_answer, wilson
from nightshift_trainer.rendering import open_base
from nightshift_trainer.run_folder import RunFolder

QUESTIONS = ["Hi", "Turn on the lamp in the kitchen at 07:30.", "A much longer question " * 6]


def test_batched_answers_equal_single_answers_without_a_cache() -> None:
    base = open_base(starter_base())
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(starter_base(), dtype=torch.float32).eval()
    # The starter's weights give nearly equal logits; larger ones separate the greedy choices.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(4)
    prompts = [base.tokenizer.encode(text).ids for text in QUESTIONS]
    expected: list[list[int]] = []
    with torch.inference_mode():
        for prompt in prompts:
            ids = list(prompt)
            for _ in range(12):
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            expected.append(ids[len(prompt) :])
    heartbeats: list[int] = []
    ends = frozenset((expected[1][5],))
    produced = answer_batch(
        model,
        prompts,
        end_ids=ends,
        pad=0,
        max_new_tokens=12,
        heartbeat=lambda: heartbeats.append(1),
    )
    for ids, answer in zip(expected, produced, strict=True):
        end = next((i for i, token in enumerate(ids) if token in ends), None)
        assert answer == GeneratedAnswer(ids if end is None else ids[:end], end is not None)
    assert produced[1].finished and len(heartbeats) <= 12


def run_evaluate(root: Path, lines: list[Any], limit: int = 100) -> dict[str, Any]:
    root.mkdir(exist_ok=True)
    questions, output = root / "q.jsonl", root / "out" / "result.json"
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    spec = {
        "evaluate": {
            "model": str(starter_base()),
            "questions": str(questions),
            "limit": limit,
            "max_new_tokens": 3,
            "scorer": "exact",
            "output": str(output),
            "precision": "bf16",
        }
    }
    (root / "run").mkdir(exist_ok=True)
    worker.run(RunFolder(root / "run"), spec)
    return json.loads(output.read_text("utf-8"))


def test_the_worker_evaluates_a_model_folder(tmp_path: Path) -> None:
    lines = [chat(f"Question {n}?", "Answer") for n in range(60)]
    result = run_evaluate(tmp_path, lines, limit=55)
    assert (result["k"], result["n"], len(result["answers"])) == (0, 55, 55)
    assert result["unfinished"] == sum(not a["finished"] for a in result["answers"])
    assert [a["row"] for a in result["answers"]] == list(range(1, 56))
    assert result["answers"][0]["prompt"].endswith("<|im_start|>assistant\n")
    assert result == {**run_evaluate(tmp_path, lines, limit=55), "seconds": result["seconds"]}


def test_an_answer_that_reaches_the_token_limit_is_unfinished_and_no_match() -> None:
    base = open_base(starter_base())
    ids = base.tokenizer.encode("yes").ids
    question = Question(1, "p", [1], "yes")
    answers = [GeneratedAnswer(ids, True), GeneratedAnswer(ids, False)]
    result = worker.score(base, [question, question], answers, "exact", 0.5)
    assert [a["matches"] for a in result["answers"]] == [True, False]
    assert (result["k"], result["n"], result["unfinished"]) == (1, 2, 1)


def test_a_row_that_is_not_a_question_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n\n{"question": "c"}\n')
    with pytest.raises(QuestionsRefused, match=r"q.jsonl, row 3: The field `answer` is missing."):
        read_questions(path, 10, open_base(starter_base()), "off")
    assert len(read_questions(path, 1, open_base(starter_base()), "off")) == 1


@pytest.mark.parametrize(
    ("scorer", "expected", "produced", "matches"),
    [
        ("exact", "a b", " a b\n", True),
        ("exact", "a b", "a  b", False),
        ("last_number", "so\n#### 1,234", "it is 1234", True),
        ("last_number", "#### 7", "7 or 8", False),
        ("contains", "Paris", "It is Paris.", True),
        ("contains", "", "anything", False),
        ("regex", r"\d+ apples?", "12 apples", True),
        ("regex", r"\d+", "12 apples", False),
        ("json_equal", '{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ("json_equal", '{"a": 1}', "{a: 1}", False),
    ],
)
def test_scorers(scorer: str, expected: str, produced: str, matches: bool) -> None:
    assert score_answer(scorer, expected, produced) is matches


def test_unknown_scorers_are_refused() -> None:
    with pytest.raises(ValueError, match="similarity"):
        score_answer("similarity", "a", "a")


def test_wilson_intervals() -> None:
    # A published example: 10 of 100 at 95 %.
    low, high = wilson(10, 100)
    assert math.isclose(low, 0.0552, abs_tol=5e-5) and math.isclose(high, 0.1744, abs_tol=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 50)[0] == 0.0 and wilson(50, 50)[1] == 1.0
