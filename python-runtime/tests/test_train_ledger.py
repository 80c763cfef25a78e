"""The ledger re-derived from the dropped file, by code that shares nothing with the trainer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import xxhash
from intake_support import chat, pairs
from test_intake_golden import chatml, reference
from train_support import Training, lines_of

from nightshift_trainer.train.order import Order

EPOCHS = 3
RECORDS: list[dict[str, Any]] = [
    chat(one["question"] + " Again?" * (number % 7), one["answer"])
    for number, one in enumerate(pairs(90))
]


def fed_of(rows: list[int], path: Path) -> str:
    """What the model must have been handed for these physical rows, as a hash."""
    lines = path.read_text("utf-8").splitlines()
    digest = xxhash.xxh3_64()
    for row in rows:
        ids, labels = reference(chatml(json.loads(lines[row - 1])["messages"]))
        digest.update(b"".join(token.to_bytes(4, "little") for token in ids))
        digest.update(bytes(labels))
    return digest.hexdigest()


def problems(training: Training) -> list[str]:
    """Everything in which the ledger differs from what had to be trained."""
    found: list[str] = []
    path = training.root / "data.jsonl"
    count = len(path.read_text("utf-8").splitlines())
    split = json.loads((training.dataset / "split.json").read_text("utf-8"))
    held = {*split["core"], *split["slice"], *split["held_out_duplicates"]}
    times: Counter[int] = Counter()
    entries = lines_of(training.dataset / "ledger.jsonl")
    for number, entry in enumerate(entries, start=1):
        if entry["step"] != number:
            found.append(f"entry {number} is of step {entry['step']}")
        if entry["fed"] != fed_of(entry["rows"], path):
            found.append(f"step {number} was fed something else than rows {entry['rows']}")
        times.update(entry["rows"])
    for row in range(1, count + 1):
        wanted = 0 if row in held else EPOCHS
        if times[row] != wanted:
            found.append(f"row {row} was trained {times[row]} times, not {wanted}")
    return found


def trained(tmp_path: Path) -> Training:
    training = Training(tmp_path)
    training.intake(RECORDS, slice_rows=10, core_rows=5, epochs=EPOCHS)
    spec = training.spec(epochs=EPOCHS)
    # A dropped row also shortens the pass; the audit has to say so by itself.
    training.run(spec)
    return training


def test_every_row_that_was_accepted_was_fed_as_often_as_there_are_epochs(tmp_path: Path) -> None:
    training = trained(tmp_path)
    assert problems(training) == []
    report = training.workspace.report()
    held = sum(report["held_out"].values())
    assert report["rows"] == report["trained_rows"] + held + report["rejected"]["total"]
    assert held > 0


def test_a_row_that_the_loader_drops_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Order.batch

    def dropping(order: Order, position: int) -> tuple[list[int], list[int]]:
        rows, examples = real(order, position)
        return (rows[:-1], examples[:-1]) if position == 16 else (rows, examples)

    monkeypatch.setattr(Order, "batch", dropping)
    found = problems(trained(tmp_path))
    assert len(found) == 1 and "was trained 2 times, not 3" in found[0]


def test_a_row_that_is_named_but_not_fed_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger hashes what the model was handed, so the names of the rows are not enough."""
    real = Order.batch

    def lying(order: Order, position: int) -> tuple[list[int], list[int]]:
        rows, examples = real(order, position)
        return (rows, [*examples[:-1], examples[0]]) if position == 16 else (rows, examples)

    monkeypatch.setattr(Order, "batch", lying)
    found = problems(trained(tmp_path))
    assert len(found) == 1 and found[0].startswith("step 3 was fed something else")
