"""The `evaluate` worker: asks a model the questions of a file and counts the correct answers.

The same code evaluates before and after training; only the model folder differs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

from ..files import write_json
from ..metrics import score_answer, wilson
from ..protocol import EvaluateSpec
from ..rendering.base import PreparedBase, open_base
from ..run_folder import Canceled, RunFolder
from .answers import GeneratedAnswer, answer_batch
from .load import load_model
from .questions import Question, read_questions

BATCH_QUESTIONS = 50


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("EvaluateSpec", spec)["evaluate"]
    threads = request.get("threads")
    if threads is not None:
        torch.set_num_threads(threads)
    model_folder = Path(request["model"])
    base = open_base(model_folder)
    questions = read_questions(
        Path(request["questions"]), request["limit"], base, request.get("thinking") or "off"
    )
    model = load_model(model_folder, request["precision"], request.get("device") or "cpu")
    started = time.monotonic()
    answers: list[GeneratedAnswer] = []
    for start in range(0, len(questions), BATCH_QUESTIONS):
        batch = questions[start : start + BATCH_QUESTIONS]
        folder.event("progress", rows=start, total=len(questions))
        answers += answer_batch(
            model,
            [question.prompt_ids for question in batch],
            end_ids=base.end_ids,
            pad=base.eos_id,
            max_new_tokens=request["max_new_tokens"],
            heartbeat=lambda done=start: _heartbeat(folder, done),
        )
    seconds = time.monotonic() - started
    output = Path(request["output"])
    output.parent.mkdir(parents=True, exist_ok=True)
    write_json(output, score(base, questions, answers, request["scorer"], seconds))
    folder.event("progress", rows=len(questions), total=len(questions))


def _heartbeat(folder: RunFolder, position: int) -> None:
    folder.heartbeat(phase="work", position=position)
    if any(command.verb == "stop-now" for command in folder.commands()):
        raise Canceled("stopped by command")


def score(
    base: PreparedBase,
    questions: list[Question],
    answers: list[GeneratedAnswer],
    scorer: str,
    seconds: float,
) -> dict[str, Any]:
    """The result file. An answer that reached the token limit counts as unfinished, not as wrong,
    but it is one of the n questions."""
    rows: list[dict[str, Any]] = []
    for question, answer in zip(questions, answers, strict=True):
        text = base.tokenizer.decode(answer.ids, skip_special_tokens=True)
        rows.append(
            {
                "row": question.row,
                "prompt": question.prompt,
                "expected": question.expected,
                "produced": text,
                "matches": answer.finished and score_answer(scorer, question.expected, text),
                "finished": answer.finished,
            }
        )
    k, n = sum(1 for row in rows if row["matches"]), len(rows)
    low, high = wilson(k, n)
    # The tag is a special token in some models.
    with_thinking = sum(
        "<think>" in base.tokenizer.decode(answer.ids, skip_special_tokens=False)
        for answer in answers
    )
    return {
        "format": 1,
        "k": k,
        "n": n,
        "low": low,
        "high": high,
        "unfinished": sum(1 for row in rows if not row["finished"]),
        "think_share": with_thinking / n if n else 0.0,
        "seconds": round(seconds, 3),
        "answers": rows,
    }
