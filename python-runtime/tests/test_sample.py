"""The sample: two skills, no held-out question in training, a control with shuffled answers."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from intake_support import Workspace

from nightshift_trainer.intake.normalize import normalize
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.sample import worker


def make(root: Path, rows: int = 560, seed: int = 7, shuffled: bool = False) -> Path:
    out = root / "sample"
    (root / "run").mkdir(parents=True)
    request: dict[str, Any] = {
        "folder": str(out),
        "train_rows": rows,
        "held_out_rows": 100,
        "seed": seed,
        "shuffled": shuffled,
    }
    worker.run(RunFolder(root / "run"), {"sample": request})
    return out


def read(path: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line)["messages"] for line in path.read_text("utf-8").splitlines()]
    assert all([m["role"] for m in row] == ["user", "assistant"] for row in rows)
    return [(row[0]["content"], row[1]["content"]) for row in rows]


def test_no_held_out_question_is_trained(tmp_path: Path) -> None:
    for rows in (560, 1500):
        out = make(tmp_path / str(rows), rows)
        train, held_out = read(out / "train.jsonl"), read(out / "held_out.jsonl")
        assert (len(train), len(held_out)) == (rows, 100)
        trained = {normalize(question) for question, _ in train}
        asked = {normalize(question) for question, _ in held_out}
        assert len(trained) == rows and len(asked) == 100 and not trained & asked


def test_answers_are_one_line_of_json_with_the_time_of_the_question(tmp_path: Path) -> None:
    skills: Counter[str] = Counter()
    for question, answer in read(make(tmp_path) / "train.jsonl"):
        assert "\n" not in answer
        found = json.loads(answer)
        skills[found["skill"]] += 1
        time = re.search(r"\d{1,2}:\d\d", question)
        assert time is not None and found["time"] == time[0].zfill(5)
        assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", found["time"])
        for name in ("room", "task", "set"):
            value = found.get(name, "")
            assert value.lower() in question.lower(), (question, answer)
        if found["skill"] == "reminder":
            assert found["day"] in question.lower()
    assert set(skills) == {"home", "reminder"} and min(skills.values()) > 200


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    first, same, other = (make(tmp_path / n, seed=s) for n, s in (("a", 7), ("b", 7), ("c", 8)))
    for name in ("train.jsonl", "held_out.jsonl"):
        assert (first / name).read_bytes() == (same / name).read_bytes()
        assert (first / name).read_bytes() != (other / name).read_bytes()
    more = make(tmp_path / "d", rows=1500)
    assert (more / "held_out.jsonl").read_bytes() == (first / "held_out.jsonl").read_bytes()


def test_the_control_has_the_same_answers_in_another_order(tmp_path: Path) -> None:
    plain, control = make(tmp_path / "a"), make(tmp_path / "b", shuffled=True)
    first, second = read(plain / "train.jsonl"), read(control / "train.jsonl")
    assert [q for q, _ in first] == [q for q, _ in second]
    assert Counter(a for _, a in first) == Counter(a for _, a in second)
    assert sum(a == b for a, b in zip(first, second, strict=True)) < 20
    assert (plain / "held_out.jsonl").read_bytes() == (control / "held_out.jsonl").read_bytes()


def test_intake_accepts_the_whole_sample(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(make(tmp_path / "s") / "train.jsonl")
    assert (report["verdict"], report["accepted"]) == ("ready", 560)
    assert report["held_out"] == {"core": 28, "slice": 20, "duplicates": 0}
