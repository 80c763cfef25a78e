"""Scoring: greedy answers equal a plain loop's, cut answers are unfinished, intervals hold."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import chat, starter_base
from transformers import AutoModelForCausalLM

from nightshift_trainer.rendering import open_base
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.score import worker
from nightshift_trainer.score.answers import Produced, answer_batch
from nightshift_trainer.score.questions import Question, QuestionsRefused, read_questions
from nightshift_trainer.scoring import score_answer, wilson

QUESTIONS = ["Hi", "Turn on the lamp in the kitchen at 07:30.", "A much longer question " * 6]


def test_batched_answers_are_those_of_one_at_a_time_without_a_cache() -> None:
    base = open_base(starter_base())
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(starter_base(), dtype=torch.float32).eval()
    # The starter's own weights give nearly equal logits; larger ones make greedy choices clear.
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
    beats: list[int] = []
    ends = frozenset((expected[1][5],))
    produced = answer_batch(
        model,
        prompts,
        end_ids=ends,
        pad=0,
        max_new_tokens=12,
        beat=lambda: beats.append(1),
    )
    for want, got in zip(expected, produced, strict=True):
        cut = next((i for i, token in enumerate(want) if token in ends), None)
        assert got == Produced(want if cut is None else want[:cut], cut is not None)
    assert produced[1].finished and len(beats) <= 12


def run_score(root: Path, lines: list[Any], limit: int = 100) -> dict[str, Any]:
    root.mkdir(exist_ok=True)
    questions, output = root / "q.jsonl", root / "out" / "score.json"
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    spec = {
        "score": {
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


def test_the_worker_scores_a_folder(tmp_path: Path) -> None:
    lines = [chat(f"Question {n}?", "Answer") for n in range(60)]
    result = run_score(tmp_path, lines, limit=55)
    assert (result["k"], result["n"], len(result["answers"])) == (0, 55, 55)
    assert result["unfinished"] == sum(not a["finished"] for a in result["answers"])
    assert [a["row"] for a in result["answers"]] == list(range(1, 56))
    assert result["answers"][0]["prompt"].endswith("<|im_start|>assistant\n")
    assert result == {**run_score(tmp_path, lines, limit=55), "seconds": result["seconds"]}


def test_an_answer_cut_by_the_limit_is_unfinished_and_no_match() -> None:
    base = open_base(starter_base())
    ids = base.tokenizer.encode("yes").ids
    question = Question(1, "p", [1], "yes")
    done, cut = Produced(ids, True), Produced(ids, False)
    result = worker.judged(base, [question, question], [done, cut], "exact", 0.5)
    assert [a["matches"] for a in result["answers"]] == [True, False]
    assert (result["k"], result["n"], result["unfinished"]) == (1, 2, 1)


def test_questions_that_cannot_be_asked_are_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "a", "answer": "b"}\n\n{"question": "c"}\n')
    with pytest.raises(QuestionsRefused, match=r"row 3"):
        read_questions(path, 10, open_base(starter_base()), "off")
    assert len(read_questions(path, 1, open_base(starter_base()), "off")) == 1


@pytest.mark.parametrize(
    ("scorer", "expected", "produced", "right"),
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
def test_scorers(scorer: str, expected: str, produced: str, right: bool) -> None:
    assert score_answer(scorer, expected, produced) is right


def test_unknown_scorers_are_refused() -> None:
    with pytest.raises(ValueError, match="similarity"):
        score_answer("similarity", "a", "a")


def test_wilson_intervals() -> None:
    # Published example: 10 of 100 at 95 %.
    low, high = wilson(10, 100)
    assert math.isclose(low, 0.0552, abs_tol=5e-5) and math.isclose(high, 0.1744, abs_tol=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 50)[0] == 0.0 and wilson(50, 50)[1] == 1.0
