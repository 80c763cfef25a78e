"""The ledger, derived again from the uploaded file by code independent of the trainer."""

from __future__ import annotations

import gc
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import xxhash
from intake_support import chat, pairs
from test_intake_golden import chatml, reference
from tokenizers import Tokenizer
from train_support import Training, events_of, exit_of, lines_of, starter_base

from nightshift_trainer.cache import Example, TokenCache
from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.ledger import TAIL_BYTES, Ledger, ends_after
from nightshift_trainer.train.sampler import RowSampler

EPOCHS = 3
RECORDS: list[dict[str, Any]] = [
    chat(pair["question"] + " Again?" * (number % 7), pair["answer"])
    for number, pair in enumerate(pairs(90))
]
# Lines between the valid rows of the file: none may be trained, and each must be accounted for.
BAD_LINES = [
    b'{"messages": [',
    b'"only a string"',
    b'{"messages": [{"role": "user", "content": "Asked, and never answered?"}]}',
    json.dumps(chat("An answer of nothing?", "")).encode(),
    b'{"messages": "\xff\xfe"}',
]


def content() -> bytes:
    """Valid rows, repeated questions (held out together), invalid and blank lines."""
    good = [json.dumps(record).encode() for record in RECORDS]
    again = [
        json.dumps(chat(str(record["messages"][0]["content"]).upper(), "Asked before.")).encode()
        for record in RECORDS[::2]
    ]
    lines: list[bytes] = []
    for number, line in enumerate([*good, *again]):
        lines.append(line)
        if number % 20 == 7:
            lines += [b"", BAD_LINES[number // 20 % len(BAD_LINES)]]
    return b"\n".join(lines) + b"\n"


def read_rows(path: Path) -> dict[int, list[dict[str, str]] | None]:
    """By physical line, from 1: the conversation, or None for a line that can't be trained."""
    found: dict[int, list[dict[str, str]] | None] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            messages = json.loads(line.decode("utf-8"))["messages"]
            found[number] = messages if messages[-1]["content"] and len(messages) > 1 else None
        except (ValueError, TypeError, KeyError):
            found[number] = None
    return found


def expected_hash(rows: list[int], file: dict[int, list[dict[str, str]] | None]) -> str:
    """The hash of what the model must receive for these physical rows."""
    digest = xxhash.xxh3_64()
    for row in rows:
        messages = file[row]
        assert messages is not None, f"row {row} cannot be trained"
        ids, labels = reference(chatml(messages))
        digest.update(b"".join(token.to_bytes(4, "little") for token in ids))
        digest.update(bytes(labels))
    return digest.hexdigest()


def valid_entries(path: Path) -> list[dict[str, Any]]:
    """The entries that aren't marked lost."""
    found: list[dict[str, Any]] = []
    for entry in lines_of(path):
        if "lost_after" in entry:
            found = [valid for valid in found if valid["step"] <= entry["lost_after"]]
        else:
            found.append(entry)
    return found


def problems(training: Training, excluded_rows: frozenset[int] = frozenset()) -> list[str]:
    """All differences between the ledger and what must be trained."""
    found: list[str] = []
    file = read_rows(training.root / "data.jsonl")
    split = json.loads((training.dataset / "split.json").read_text("utf-8"))
    held = {*split["core"], *split["slice"], *split["held_out_duplicates"]}
    times: Counter[int] = Counter()
    for number, entry in enumerate(valid_entries(training.dataset / "ledger.jsonl"), start=1):
        if entry["step"] != number:
            found.append(f"entry {number} is of step {entry['step']}")
        if entry["batch_hash"] != expected_hash(entry["rows"], file):
            found.append(f"step {number} received something other than rows {entry['rows']}")
        times.update(entry["rows"])
    for row, messages in file.items():
        wanted = 0 if row in held | excluded_rows or messages is None else EPOCHS
        if times[row] != wanted:
            found.append(f"row {row} was trained {times[row]} times, not {wanted}")
    return found


def prepare(tmp_path: Path) -> Training:
    training = Training(tmp_path)
    path = training.workspace.write("data.jsonl", content())
    report = training.workspace.intake(
        path, slice_rows=10, core_rows=5, epochs=EPOCHS, accept_valid_rows=True
    )
    assert report["verdict"] == "ready", report["message"]
    return training


def train(tmp_path: Path) -> Training:
    training = prepare(tmp_path)
    training.run(training.spec(epochs=EPOCHS, eval_samples=0))
    return training


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return train(tmp_path_factory.mktemp("uninterrupted"))


def test_every_accepted_row_is_trained_once_per_epoch(
    training: Training,
) -> None:
    assert problems(training) == []


def test_every_physical_row_is_in_exactly_one_state(training: Training) -> None:
    """Trained, held out in one of three ways, or rejected: together the file, no row twice."""
    file = read_rows(training.root / "data.jsonl")
    split = json.loads((training.dataset / "split.json").read_text("utf-8"))
    states: dict[str, set[int]] = {
        "trained": {
            row
            for entry in valid_entries(training.dataset / "ledger.jsonl")
            for row in entry["rows"]
        },
        "rejected": {line["row"] for line in lines_of(training.dataset / "rejected.jsonl")},
        **{name: set(split[name]) for name in ("core", "slice", "held_out_duplicates")},
    }
    assert all(states.values()), states
    assert sorted(row for rows in states.values() for row in rows) == sorted(file)
    assert states["rejected"] == {row for row, messages in file.items() if messages is None}
    report = training.workspace.report()
    assert report["rows"] == len(file) < max(file)
    assert report["trained_rows"] == len(states["trained"])
    assert report["rejected"]["total"] == len(states["rejected"])
    assert list(report["held_out"].values()) == [
        len(states[name]) for name in ("core", "slice", "held_out_duplicates")
    ]


def test_steps_repeated_after_a_crash_count_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power failure in the middle of a line, the next run repeats the lost steps. Its mark
    must not be appended to the truncated line, or the rows would count twice."""
    training = prepare(tmp_path)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    real, written = Ledger.write, [0]

    def dying(ledger: Ledger, *values: Any) -> None:
        written[0] += 1
        if written[0] == 9:
            with ledger.path.open("ab") as stream:
                stream.write(json.dumps(values[2]).encode("utf-8")[:40])
            raise RuntimeError("power failure")
        real(ledger, *values)

    monkeypatch.setattr(Ledger, "write", dying)
    spec = training.spec(epochs=EPOCHS, eval_samples=0, save_steps=5)
    assert worker.run(RunFolder(training.folder(spec)), spec) == 1
    assert not (training.dataset / "ledger.jsonl").read_bytes().endswith(b"\n")
    folder = training.run(training.spec(epochs=EPOCHS, eval_samples=0, save_steps=5))
    [lost] = events_of(folder, "lost")
    assert (lost["after_step"], lost["upto_step"]) == (5, 8)
    assert problems(training) == []


def test_quarantined_rows_are_excluded_from_every_epoch_and_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = prepare(tmp_path)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    split = json.loads((training.dataset / "split.json").read_text("utf-8"))
    file = read_rows(training.root / "data.jsonl")
    held = {*split["core"], *split["slice"], *split["held_out_duplicates"]}
    excluded_rows = [row for row in file if file[row] is not None and row not in held][2:26:6]

    def spec_without_rows() -> dict[str, Any]:
        spec = training.spec(epochs=EPOCHS, eval_samples=0, save_steps=5)
        rows = training.workspace.report()["trained_rows"] - len(excluded_rows)
        spec["dataset"]["excluded_rows"] = excluded_rows
        spec["pass"]["planned_steps"] = -(-rows // 8) * EPOCHS
        return spec

    real = Ledger.write

    def dying(ledger: Ledger, *values: Any) -> None:
        real(ledger, *values)
        if values[0] == 8:
            raise RuntimeError("power failure")

    with monkeypatch.context() as during:
        during.setattr(Ledger, "write", dying)
        first = spec_without_rows()
        assert worker.run(RunFolder(training.folder(first)), first) == 1
    # The run completes only if the planned steps exclude them too.
    training.run(spec_without_rows())
    assert problems(training, frozenset(excluded_rows)) == []
    assert len(problems(training)) == len(excluded_rows)
    cursor = read_json(training.newest() / "manifest.json")["cursor"]
    assert cursor["excluded_rows"] == excluded_rows and cursor["complete"]


def order_of(sampler: RowSampler) -> list[int]:
    position, rows = 0, []
    while position < sampler.end:
        rows += sampler.batch(position)[0]
        position = sampler.after(position)
    return rows


def test_after_a_quarantine_training_continues_at_its_place_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the row that fails is named, and no other row is trained twice in an epoch."""
    training = prepare(tmp_path)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    spec = training.spec(epochs=EPOCHS, eval_samples=0, save_steps=2)
    cache = TokenCache(Path(spec["dataset"]["cache"]))
    whole = RowSampler(cache, 8, EPOCHS, 42)
    poisoned = order_of(whole)[8 * 4 + 3]
    without = RowSampler(cache, 8, EPOCHS, 42, [poisoned])
    assert len(without.rows) == len(whole.rows) - 1
    assert order_of(without) == [row for row in order_of(whole) if row != poisoned]
    real = TokenCache.example

    def example(cache: TokenCache, index: int) -> Example:
        found = real(cache, index)
        if found.row != poisoned:
            return found
        ids = found.ids.copy()
        ids[5] = 10**6
        return Example(found.row, ids, found.labels)

    monkeypatch.setattr(TokenCache, "example", example)
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    # The failed run still holds its locks: its exception and its frames refer to each other.
    gc.collect()
    error = exit_of(folder)["error"]
    assert (error["category"], error["rows"]) == ("token_out_of_range", [poisoned])
    cursor = read_json(training.newest() / "manifest.json")["cursor"]
    assert cursor["position"] == 32
    again = training.spec(epochs=EPOCHS, eval_samples=0, save_steps=2)
    again["pass"]["id"] = "p-2"
    again["dataset"] |= {"excluded_rows": [poisoned], "row_order": "all"}
    again["start"]["position"] = cursor["position"]
    again["pass"]["planned_steps"] = without.steps - 4
    training.run(again)
    assert problems(training, frozenset([poisoned])) == []


@pytest.mark.parametrize(
    ("lines", "later"),
    [
        ([{"branch": "main", "step": 7}], True),
        ([{"branch": "main", "step": 5}], False),
        ([{"branch": "main", "step": 9}, {"branch": "main", "lost_after": 5}], False),
        ([{"branch": "main", "lost_after": 5}, {"branch": "main", "step": 6}], True),
        ([{"branch": "main", "step": 9}, {"branch": "other", "step": 5}], True),
        ([{"branch": "other", "step": 9}], False),
        ([], False),
    ],
)
def test_the_end_of_a_ledger_tells_whether_it_has_later_steps(
    tmp_path: Path, lines: list[dict[str, Any]], later: bool
) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "ledger.jsonl").write_text(text + '{"branch": "main", "st', "utf-8")
    assert ends_after(tmp_path / "ledger.jsonl", "main", 5) == later
    (tmp_path / "long.jsonl").write_text("x" * TAIL_BYTES + "\n" + text, "utf-8")
    assert ends_after(tmp_path / "long.jsonl", "main", 5) == later


def test_a_long_text_is_split_into_examples_and_its_row_listed_for_each(tmp_path: Path) -> None:
    """Each example starts with the last token of the previous one, which isn't a target again."""
    texts = [f"Number {number} continues. " * (1 + number % 9) for number in range(40)]
    training = Training(tmp_path)
    training.intake([{"text": text} for text in texts], max_length=32, slice_rows=4, core_rows=2)
    training.run(training.spec(eval_samples=0))
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    end = tokenizer.token_to_id("<|im_end|>")
    times: Counter[int] = Counter()
    for entry in lines_of(training.dataset / "ledger.jsonl"):
        digest = xxhash.xxh3_64()
        for row in dict.fromkeys(entry["rows"]):
            ids = [*tokenizer.encode(texts[row - 1]).ids, end]
            parts = [ids[at : at + 32] for at in range(0, len(ids) - 1, 31)]
            assert entry["rows"].count(row) == len(parts)
            times[len(parts)] += 1
            for part in parts:
                digest.update(b"".join(token.to_bytes(4, "little") for token in part))
                digest.update(bytes([0, *[1] * (len(part) - 1)]))
        assert entry["batch_hash"] == digest.hexdigest()
        assert entry["trained_tokens"] == sum(
            len(tokenizer.encode(texts[row - 1]).ids) for row in set(entry["rows"])
        )
    held = sum(training.workspace.report()["held_out"].values())
    assert times[1] and times[2] and sum(times.values()) == len(texts) - held


def test_a_row_dropped_by_the_sampler_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RowSampler.batch

    def dropping(order: RowSampler, position: int) -> tuple[list[int], list[int]]:
        rows, examples = real(order, position)
        return (rows[:-1], examples[:-1]) if position == 16 else (rows, examples)

    monkeypatch.setattr(RowSampler, "batch", dropping)
    found = problems(train(tmp_path))
    assert len(found) == 1 and "was trained 2 times, not 3" in found[0]


def test_a_row_in_the_ledger_that_was_not_trained_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger hashes what the model receives, so listing the row isn't enough."""
    real = RowSampler.batch

    def lying(order: RowSampler, position: int) -> tuple[list[int], list[int]]:
        rows, examples = real(order, position)
        return (rows, [*examples[:-1], examples[0]]) if position == 16 else (rows, examples)

    monkeypatch.setattr(RowSampler, "batch", lying)
    found = problems(train(tmp_path))
    assert len(found) == 1 and found[0].startswith("step 3 received something other")
