"""protocol.py, generated from src-main/formats: what is refused, and by which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from nightshift_trainer import protocol
from nightshift_trainer.protocol import SpecError, load_spec

SAMPLE: dict[str, Any] = {
    "format": 1,
    "kind": "sample",
    "sample": {
        "folder": "/w",
        "train_rows": 5,
        "held_out_rows": 2,
        "seed": 7,
        "shuffled": False,
    },
}
STAGE: dict[str, Any] = {"kind": "stage", "stage": {"action": "verify", "checkpoint": "/w/c"}}


def written(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "spec.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_a_complete_spec_is_read(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path, SAMPLE))
    assert spec["kind"] == "sample"
    # The kind tells the type apart, here as in the program.
    assert spec["sample"]["train_rows"] == 5
    assert load_spec(written(tmp_path, STAGE)) == STAGE


def without(document: dict[str, Any], section: str, key: str) -> dict[str, Any]:
    kept = {name: value for name, value in document[section].items() if name != key}
    return {**document, section: kept}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"kind": ', "is not JSON"),
        ("", "is not JSON"),
        ([], "is not a JSON object"),
        ({**SAMPLE, "format": 2}, "has format 2; this version reads format 1"),
        ({"format": 1}, "unknown kind None"),
        ({**SAMPLE, "kind": "dance"}, "unknown kind 'dance'; known kinds are train, intake"),
        ({"kind": "sample"}, "has no key sample"),
        (without(SAMPLE, "sample", "seed"), "has no key sample.seed"),
        ({**SAMPLE, "sample": 7}, "sample is not an object"),
        ({"kind": "stage", "stage": {"action": "jump"}}, "unknown stage.action 'jump'"),
        (without(STAGE, "stage", "checkpoint"), "has no key stage.checkpoint"),
        ({"kind": "train", "config": {}, "run": "r"}, "has no key workspace"),
    ],
)
def test_the_refusal_names_file_and_key(tmp_path: Path, document: object, message: str) -> None:
    path = written(tmp_path, document)
    with pytest.raises(SpecError) as refusal:
        load_spec(path)
    assert str(path) in str(refusal.value)
    assert message in str(refusal.value)


def test_the_lists_are_the_literals() -> None:
    assert get_args(protocol.WorkerKind) == protocol.WORKER_KINDS
    assert get_args(protocol.CommandVerb) == protocol.COMMAND_VERBS
    assert get_args(protocol.EventType) == protocol.EVENT_TYPES
    assert get_args(protocol.CrashCategory) == protocol.CRASH_CATEGORIES
    assert "rotate" not in protocol.COMMAND_VERBS
    assert "phase" not in protocol.EVENT_TYPES
