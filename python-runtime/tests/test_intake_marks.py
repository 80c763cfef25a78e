"""Marks that say what must not be trained, read from the label mask that the trainer is fed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, starter_base
from test_intake_templates import SPECIAL, THINKING, texts
from tokenizers import Tokenizer

from nightshift_trainer.rendering import ChatTemplate, derive_training_template

CASES = Path(__file__).parent / "fixtures" / "cases"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def turns(**mark: Any) -> dict[str, Any]:
    """Two answers; the first one has the mark."""
    return {
        "messages": [
            {"role": "user", "content": "Which river?"},
            {"role": "assistant", "content": "WRONG ANSWER", **mark},
            {"role": "user", "content": "Look again."},
            {"role": "assistant", "content": "The Ilm."},
        ]
    }


@pytest.mark.parametrize("name", ["c1-weight-0.jsonl", "c3-training-false.jsonl"])
def test_a_marked_answer_is_context_without_loss(workspace: Workspace, name: str) -> None:
    report = workspace.intake(CASES / name, core_rows=0, slice_rows=0)
    assert (report["verdict"], report["accepted"]) == ("ready", 3)
    assert report["untrained_messages"] == {"messages": 1, "rows": 1}
    assert (
        "1 assistant message in 1 row is marked as not for training: context without loss."
        in report["notes"]
    )
    whole, trained = texts(workspace, starter_base())[0]
    assert "WRONG ANSWER<|im_end|>" in whole
    assert trained == "The Ilm.<|im_end|>"
    assert texts(workspace, starter_base())[1][1] == "The long one.<|im_end|>"


MARKS: list[dict[str, Any]] = [
    {"weight": 0},
    {"weight": 0.0},
    {"weight": "0"},
    {"weight": False},
    {"loss_weight": 0},
    {"train": False},
    {"training": "false"},
    {"trainable": 0},
    {"loss": False},
    {"masked": True},
]


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_every_name_of_the_mark_is_read(workspace: Workspace, mark: dict[str, Any]) -> None:
    shared = turns(**mark)["messages"]
    share = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "WRONG", **mark},
             {"from": "human", "value": "again"}, {"from": "gpt", "value": "right"}]  # fmt: skip
    workspace.intake(workspace.lines("a.jsonl", [{"messages": shared}]), core_rows=0)
    workspace.intake(workspace.lines("b.jsonl", [{"conversations": share}]), "d-2", core_rows=0)
    assert texts(workspace, starter_base())[0][1] == "The Ilm.<|im_end|>"
    [(_, _, ids, labels)] = workspace.cached("d-2")
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    kept = [token for token, label in zip(ids, labels, strict=True) if label]
    assert tokenizer.decode(kept, skip_special_tokens=False) == "right<|im_end|>"


@pytest.mark.parametrize("mark", [{"weight": 1}, {"weight": None}, {"train": True}, {"loss": 1.0}])
def test_a_mark_that_says_yes_changes_nothing(workspace: Workspace, mark: dict[str, Any]) -> None:
    workspace.intake(workspace.lines("a.jsonl", [turns(**mark)]), core_rows=0)
    workspace.intake(workspace.lines("b.jsonl", [turns()]), "d-2", core_rows=0)
    assert workspace.cached()[0][2:] == workspace.cached("d-2")[0][2:]


@pytest.mark.parametrize("weight", [0.5, 2, -1, "half"])
def test_a_weight_that_no_mask_can_express_rejects_the_row(
    workspace: Workspace, weight: object
) -> None:
    report = workspace.intake(workspace.lines("a.jsonl", [turns(), turns(weight=weight)]))
    assert workspace.rejected() == [(2, "unsupported_weight")]
    assert repr(weight) in report["rejected"]["first"][0]["message"]
    assert report["decision"] == "accept_valid_rows"


def test_a_row_without_any_trained_answer_is_rejected(workspace: Workspace) -> None:
    record = turns(weight=0)
    record["messages"][3]["train"] = False
    report = workspace.intake(workspace.lines("a.jsonl", [turns(), record]))
    assert workspace.rejected() == [(2, "not_for_training")]
    assert "1 is marked as not for training" in report["message"]


def test_rows_marked_as_bad_are_rejected_by_number(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "c2-label-false.jsonl")
    assert workspace.rejected() == [(1, "not_for_training")]
    message = report["rejected"]["first"][0]["message"]
    assert message == "The field `label` is false, which marks the row as not for training."
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
    workspace.intake(CASES / "c2-label-false.jsonl", "d-2", accept_valid_rows=True, core_rows=0)
    assert "GO AWAY" not in str(texts_of(workspace, "d-2"))


def texts_of(workspace: Workspace, dataset: str) -> list[str]:
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    return [tokenizer.decode(ids) for _, _, ids, _ in workspace.cached(dataset)]


ROW_MARKS: list[dict[str, Any]] = [
    {"label": False},
    {"label": "False"},
    {"use_for_training": False},
    {"is_valid": False},
    {"train": False},
    {"weight": 0},
    {"chosen": False},
    {"rejected": True},
    {"exclude": True},
    {"is_correct": False},
]


@pytest.mark.parametrize("mark", ROW_MARKS, ids=str)
def test_every_name_of_the_row_mark_is_read(workspace: Workspace, mark: dict[str, Any]) -> None:
    records = [
        {"question": "a?", "answer": "b"},
        {"question": "c?", "answer": "BAD", **mark},
        {"prompt": "c?", "completion": "BAD", **mark},
        {**chat("e?", "BAD"), **mark},
    ]
    for number, record in enumerate(records[1:]):
        good = {name: value for name, value in record.items() if name not in mark}
        path = workspace.lines(f"{number}.jsonl", [good, record])
        workspace.intake(path, f"d-{number}")
        assert workspace.rejected(f"d-{number}") == [(2, "not_for_training")], record


def test_marks_hold_where_the_template_is_not_prefix_preserving(tmp_path: Path) -> None:
    """Under `thinking: model`, each answer is an example of its own."""
    base = tmp_path / "thinking"
    shutil.copytree(starter_base(), base)
    (base / "chat_template.jinja").write_text(THINKING, "utf-8")
    source = derive_training_template(ChatTemplate(THINKING, SPECIAL), ["<|im_end|>"])
    (base / "training_template.jinja").write_text(source, "utf-8")
    workspace = Workspace(tmp_path, base)
    for mark, kept in ((0, "The Ilm."), (1, "WRONG ANSWER")):
        record = turns(weight=mark)
        record["messages"][3]["weight"] = 1 - mark
        workspace.intake(workspace.lines("a.jsonl", [record]), thinking="model", core_rows=0)
        [(whole, trained)] = texts(workspace, base)
        assert trained.endswith(f"{kept}<|im_end|>") and "WRONG ANSWER" in whole
        assert ("The Ilm." in trained) is (mark == 0)
        assert ("WRONG ANSWER" in trained) is (mark == 1)


def test_a_validation_row_keeps_its_marks_under_another_base(
    workspace: Workspace, tmp_path: Path
) -> None:
    records = []
    for number in range(40):
        record = turns(weight=0)
        record["messages"][0]["content"] = f"Which river number {number}?"
        records.append(record)
    path = workspace.lines("a.jsonl", records)
    workspace.intake(path, core_rows=4)
    other = tmp_path / "other"
    shutil.copytree(starter_base(), other)
    template = (other / "training_template.jinja").read_text("utf-8")
    (other / "training_template.jinja").write_text(template + "{# changed #}", "utf-8")
    workspace.base = other
    workspace.intake(path, "d-2", core_rows=4)
    caches = list((tmp_path / "data" / "validation").rglob("labels.u8"))
    assert len(caches) == 2
    assert caches[0].read_bytes() == caches[1].read_bytes()
