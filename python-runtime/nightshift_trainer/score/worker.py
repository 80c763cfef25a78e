"""The `score` worker: asks a model the questions of a file and counts right answers.

The same code scores before and after training; only the model folder differs.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from ..files import write_json
from ..rendering.base import BaseTexts, open_base
from ..run_folder import Canceled, RunFolder
from ..scoring import score_answer, wilson
from .answers import Model, Produced, answer_batch
from .questions import Question, read_questions

BATCH = 50
PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    wanted = spec["score"]
    if wanted.get("threads") is not None:
        torch.set_num_threads(int(wanted["threads"]))
    home = Path(wanted["model"])
    base = open_base(home)
    questions = read_questions(
        Path(wanted["questions"]), int(wanted["limit"]), base, wanted.get("thinking") or "off"
    )
    model: Model = AutoModelForCausalLM.from_pretrained(
        home, dtype=PRECISIONS[wanted["precision"]], local_files_only=True
    )
    model.to(wanted.get("device") or "cpu")
    model.eval()
    started = time.monotonic()
    produced: list[Produced] = []
    for start in range(0, len(questions), BATCH):
        part = questions[start : start + BATCH]
        folder.event("progress", rows=start, total=len(questions))
        produced += answer_batch(
            model,
            [question.prompt_ids for question in part],
            end_ids=base.end_ids,
            pad=base.eos_id,
            max_new_tokens=int(wanted["max_new_tokens"]),
            beat=lambda done=start: _beat(folder, done),
        )
    seconds = time.monotonic() - started
    result = judged(base, questions, produced, str(wanted["scorer"]), seconds)
    output = Path(wanted["output"])
    output.parent.mkdir(parents=True, exist_ok=True)
    write_json(output, result)
    folder.event("progress", rows=len(questions), total=len(questions))


def _beat(folder: RunFolder, position: int) -> None:
    folder.heartbeat(phase="work", position=position)
    if any(command.verb == "stop-now" for command in folder.commands()):
        raise Canceled("stopped by command")


def judged(
    base: BaseTexts,
    questions: list[Question],
    produced: list[Produced],
    scorer: str,
    seconds: float,
) -> dict[str, Any]:
    """An answer that was cut by the limit counts as unfinished, not as wrong; it is still one of
    the n questions."""
    answers: list[dict[str, Any]] = []
    for question, answer in zip(questions, produced, strict=True):
        text = base.tokenizer.decode(answer.ids, skip_special_tokens=True)
        answers.append(
            {
                "row": question.row,
                "prompt": question.prompt,
                "expected": question.expected,
                "produced": text,
                "matches": answer.finished and score_answer(scorer, question.expected, text),
                "finished": answer.finished,
            }
        )
    k, n = sum(1 for answer in answers if answer["matches"]), len(answers)
    low, high = wilson(k, n)
    thinking = sum(1 for answer in answers if "<think>" in answer["produced"])
    return {
        "format": 1,
        "k": k,
        "n": n,
        "low": low,
        "high": high,
        "unfinished": sum(1 for answer in answers if not answer["finished"]),
        "think_share": thinking / n if n else 0.0,
        "seconds": round(seconds, 3),
        "answers": answers,
    }
