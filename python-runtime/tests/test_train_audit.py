"""An audit independent of the ledger: the model has memorized every trained row and no other."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import torch
from intake_support import chat
from test_intake_golden import chatml, reference
from torch.nn import functional
from train_support import Training
from transformers import AutoModelForCausalLM


def secrets(count: int, seed: int) -> list[dict[str, Any]]:
    """Random letters, which the model can only know from the row itself."""
    generator = random.Random(seed)
    found: list[dict[str, Any]] = []
    for _ in range(count):
        key, characters = (
            "".join(generator.choice(string.ascii_lowercase) for _ in range(length))
            for length in (8, 12)
        )
        found.append(chat(f"The word for {key}?", characters))
    return found


def losses(folder: Path, records: list[dict[str, Any]]) -> list[float]:
    """Mean loss of each answer, by plain transformers on the saved weights."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found: list[float] = []
    with torch.inference_mode():
        for record in records:
            ids, labels = reference(chatml(record["messages"]))
            wanted = torch.tensor([t if on else -100 for t, on in zip(ids, labels, strict=True)])
            logits = model(input_ids=torch.tensor([ids])).logits[0, :-1]
            found.append(float(functional.cross_entropy(logits, wanted[1:], ignore_index=-100)))
    return found


def test_after_twenty_epochs_every_trained_row_is_memorized_and_no_other(tmp_path: Path) -> None:
    training = Training(tmp_path)
    seen = secrets(54, seed=1)
    training.intake(seen, slice_rows=20, core_rows=6, epochs=20)
    training.run(training.spec(epochs=20, learning_rate=1e-3, batch_size=1, warmup_steps=20))
    split = json.loads((training.dataset / "split.json").read_text("utf-8"))
    held = {*split["core"], *split["slice"]}
    assert len(held) >= 8
    model = training.newest() / "model"
    trained = losses(model, [record for row, record in enumerate(seen, start=1) if row not in held])
    unseen = losses(model, [seen[row - 1] for row in sorted(held)] + secrets(60, seed=2))
    print(f"trained: worst {max(trained):.3f}; others: best {min(unseen):.3f}")
    assert len(trained) == len(seen) - len(held)
    # Random letters have a loss of about five; a row that was not trained would be among them.
    assert max(trained) < 2.0 and min(unseen) > 4.0
