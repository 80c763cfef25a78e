"""The answers that evaluations of a dataset generated, in its `answers.jsonl`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..files import LineFile, write_bytes
from .generation import Answer
from .session import Session

MAX_BYTES = 16 << 20


def record_answers(
    session: Session, when: str, answers: Sequence[Answer], max_bytes: int = MAX_BYTES
) -> None:
    """A full disk loses them, not the training."""
    if not answers:
        return
    decode: Callable[..., str] = session.base.tokenizer.decode
    record = {
        "t": time.time(),
        "branch": session.spec.branch,
        "pass": session.spec.pass_id,
        "step": session.step,
        "when": when,
        "answers": [
            {
                "row": answer.text.row,
                "prompt": answer.text.question or answer.text.prompt,
                "rendered": decode(answer.text.prompt_ids, skip_special_tokens=False),
                "expected": answer.text.expected,
                "produced": answer.produced,
                "matches": answer.matches,
                "finished": answer.finished,
            }
            for answer in answers
        ],
    }
    file = session.spec.dataset.folder / "answers.jsonl"
    LineFile(file).append(record)
    drop_oldest(file, max_bytes)


def drop_oldest(file: Path, max_bytes: int) -> None:
    """Halves a file that is larger than `max_bytes`. The end of a pass stays: a version refers to
    its answers. A file that can't be read or written stays as it is."""
    try:
        if file.stat().st_size <= max_bytes:
            return
        kept: list[bytes] = []
        size = 0
        for line in reversed(file.read_bytes().splitlines(keepends=True)):
            if size + len(line) <= max_bytes // 2 or (
                size + len(line) <= max_bytes and json.loads(line)["when"] == "end"
            ):
                kept.append(line)
                size += len(line)
        write_bytes(file, b"".join(reversed(kept)))
    except (OSError, ValueError, KeyError):
        return
