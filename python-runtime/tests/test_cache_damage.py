"""Damage in a token cache is found when a pass starts, and the cache is rebuilt: with the real
trainer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, pairs
from train_support import Training, events_of, exit_of, lines_of

from nightshift_trainer.cache_check import damaged_files
from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker

NAMES = (
    "cache.json", "examples.i64", "labels.u8", "source.json", "texts.jsonl", "token_bytes.i32",
    "token_bytes.u8", "tokens.i32",
)  # fmt: skip


def flip(path: Path, share: float, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[int((len(content) - 1) * share)] ^= 1 << bit
    path.write_bytes(bytes(content))


def batches(folder: Path) -> list[str]:
    ledger = lines_of(folder / "ledger.jsonl")
    return [str(line["batch_hash"]) for line in ledger if "batch_hash" in line]


def cache_of(training: Training) -> Path:
    return training.dataset / "cache" / str(training.workspace.report()["cache"])


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_every_flipped_bit_is_found(tmp_path: Path, name: str) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(workspace.lines("a.jsonl", pairs(60)))
    cache = workspace.home() / "cache" / str(report["cache"])
    assert {path.name for path in cache.iterdir()} == set(NAMES)
    assert damaged_files(cache) == []
    intact = (cache / name).read_bytes()
    for at in range(24):
        flip(cache / name, at / 23, at % 8)
        assert damaged_files(cache) == [name]
        (cache / name).write_bytes(intact)
    # cache.json ends with a newline that means nothing.
    (cache / name).write_bytes(intact[:-2])
    assert damaged_files(cache) == [name]
    (cache / name).unlink()
    assert damaged_files(cache) == [name]


@pytest.mark.parametrize("name", ["tokens.i32", "labels.u8", "examples.i64", "cache.json"])
def test_a_damaged_cache_is_rebuilt_and_trained_as_it_was(tmp_path: Path, name: str) -> None:
    intact = Training(tmp_path / "intact")
    intact.intake(pairs(60))
    intact.run(intact.spec(batch_size=8))
    damaged = Training(tmp_path / "damaged")
    damaged.intake(pairs(60))
    before = content(cache_of(damaged))
    if name == "labels.u8":
        path = cache_of(damaged) / name
        path.write_bytes(bytes(path.stat().st_size))
    else:
        flip(cache_of(damaged) / name, 0.4, 3)
    folder = damaged.run(damaged.spec(batch_size=8))
    (event,) = events_of(folder, "cache_rebuilt")
    assert event["files"] == [name] and event["dataset"] == "d-1"
    assert content(cache_of(damaged)) == before
    assert batches(damaged.dataset) == batches(intact.dataset) != []
    assert events_of(folder, "non_finite") == []
    # The next start finds nothing to repair.
    assert damaged_files(cache_of(damaged)) == []


def test_the_report_and_the_split_stay_as_they_were(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake([*pairs(60), {"question": "no answer"}], accept_valid_rows=True)
    kept = {
        name: (training.dataset / name).read_bytes()
        for name in ("report.json", "split.json", "rejected.jsonl", "originals.zst")
    }
    flip(cache_of(training) / "tokens.i32", 0.9)
    training.run(training.spec(batch_size=8))
    assert {name: (training.dataset / name).read_bytes() for name in kept} == kept


def test_a_file_in_processing_is_found_where_the_engine_moved_it(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60))
    processing = tmp_path / "queue" / "processing"
    processing.mkdir(parents=True)
    shutil.move(tmp_path / "data.jsonl", processing / "data.jsonl")
    flip(cache_of(training) / "labels.u8", 0.5)
    folder = training.run(training.spec(batch_size=8))
    assert len(events_of(folder, "cache_rebuilt")) == 1


def test_with_another_data_file_nothing_is_trained(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60))
    training.workspace.lines("data.jsonl", [chat("other", "file")])
    flip(cache_of(training) / "labels.u8", 0.5)
    spec = training.spec(batch_size=8)
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    error = exit_of(folder)["error"]
    assert error["category"] == "dataset_error"
    assert "labels.u8" in error["message"] and "has changed" in error["message"]
    assert not (training.dataset / "ledger.jsonl").exists()


def test_a_damaged_validation_set_is_rebuilt(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(600))
    core = tmp_path / "data" / "validation" / "core"
    kept = {name: (core / name).read_bytes() for name in ("core.json", "records.jsonl")}
    tokens = (core / "tokens.i32").read_bytes()
    flip(core / "tokens.i32", 0.5)
    folder = training.run(training.spec(batch_size=64))
    (event,) = events_of(folder, "cache_rebuilt")
    assert event["files"] == ["tokens.i32"] and event["dataset"] is None
    assert (core / "tokens.i32").read_bytes() == tokens
    assert {name: (core / name).read_bytes() for name in kept} == kept


def test_a_cache_of_an_earlier_version_is_trained_and_its_labels_are_counted(
    tmp_path: Path,
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60))
    cache = cache_of(training)
    facts: dict[str, Any] = read_json(cache / "cache.json")
    old = {name: value for name, value in facts.items() if name not in ("files", "hash")}
    (cache / "cache.json").write_text(json.dumps(old))
    (cache / "source.json").unlink()
    assert damaged_files(cache) == []
    labels = cache / "labels.u8"
    intact = labels.read_bytes()
    labels.write_bytes(bytes(len(intact)))
    assert damaged_files(cache) == ["labels.u8"]
    labels.write_bytes(intact)
    training.run(training.spec(batch_size=8))
