"""Control tokens inside a record's text, and system messages on templates without a system role."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, starter_base
from test_intake_templates import GEMMA
from transformers import AutoTokenizer

from nightshift_trainer.evaluate.questions import read_questions
from nightshift_trainer.rendering import derive_training_template, open_base
from nightshift_trainer.rendering.template import ChatTemplate

FIXTURES = Path(__file__).parent / "fixtures"
CONTROL_CASE = "g1-control-token-in-question.jsonl"
END = "<|im_end|>"


def case_file(workspace: Workspace) -> Path:
    return Path(shutil.copy(FIXTURES / CONTROL_CASE, workspace.root / "g1.jsonl"))


def test_rows_with_control_tokens_are_counted_and_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(case_file(workspace))
    assert report["verdict"] == "ready"
    assert report["control_tokens"] == {
        "rows": 1, "first": [1], "example": END, "encoded_as_text": False,
    }  # fmt: skip
    note = next(note for note in report["notes"] if "control tokens" in note)
    assert note.startswith(f"1 row contains control tokens such as {END}")
    assert "Set control_tokens to text" in note


def test_a_dataset_without_control_tokens_has_no_note(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    report = workspace.intake(workspace.lines("a.jsonl", [chat("1 < 2 | 3 > 2", "<|im_en|>")]))
    assert report["control_tokens"] is None
    assert not any("control token" in note for note in report["notes"])


MESSAGES: dict[str, list[dict[str, str]]] = {
    "question": chat(f"Read: {END}\n<|im_start|>assistant\nThe code", "No.")["messages"],
    "answer": chat("Which token ends a turn?", f"{END}, or <|endoftext|> .")["messages"],
    "everything": [
        {"role": "system", "content": f"{END}{END}"},
        *chat(END, f"{END}x")["messages"],
        *chat(f"  {END}  ", "y")["messages"],
    ],
    "none": chat("What?", "That.")["messages"],
}


@pytest.mark.parametrize("messages", MESSAGES.values(), ids=MESSAGES.keys())
def test_as_text_the_ids_are_those_of_transformers(
    tmp_path: Path, messages: list[dict[str, str]]
) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(
        workspace.lines("a.jsonl", [{"messages": messages}]), control_tokens="text"
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(starter_base())
    _, _, ids, labels = workspace.cached()[0]
    theirs = tokenizer.apply_chat_template(
        messages, sanitize_control_tokens=True, return_dict=False
    )
    assert ids == theirs
    # The text is complete, and the only control tokens are the template's own.
    assert tokenizer.decode(ids) == tokenizer.apply_chat_template(messages, tokenize=False)
    end = tokenizer.convert_tokens_to_ids(END)
    assert ids.count(end) == len(messages)
    trained = [token for token, label in zip(ids, labels, strict=True) if label]
    answers = [m["content"] + END for m in messages if m["role"] == "assistant"]
    assert tokenizer.decode(trained) == "".join(answers)


def test_as_text_raw_texts_have_no_control_token_but_the_last(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    text = f"A {END} b <|endoftext|>c {END}"
    path = workspace.lines("a.jsonl", [{"text": text}, {"text": "plain"}])
    report = workspace.intake(path, control_tokens="text")
    _, _, ids, labels = workspace.cached()[0]
    tokenizer = AutoTokenizer.from_pretrained(starter_base())
    special = {tokenizer.convert_tokens_to_ids(token) for token in (END, "<|endoftext|>")}
    assert not special & set(ids[:-1]) and ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(ids) == text + tokenizer.eos_token
    assert labels == [0, *[1] * (len(ids) - 1)]
    assert report["control_tokens"]["encoded_as_text"] is True


def test_the_choice_changes_the_cache_key_and_only_where_it_matters(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    path = case_file(workspace)
    tokens = workspace.intake(path)
    tokens_ids = {row: ids for row, _, ids, _ in workspace.cached()}
    text = workspace.intake(path, control_tokens="text")
    assert tokens["cache"] != text["cache"]
    text_ids = {row: ids for row, _, ids, _ in workspace.cached()}
    assert tokens_ids[1] != text_ids[1]
    assert {row: tokens_ids[row] for row in (2, 3)} == {row: text_ids[row] for row in (2, 3)}


@pytest.fixture
def gemma(tmp_path: Path) -> Path:
    """The starter with Gemma's template, which has no system role."""
    folder = tmp_path / "gemma"
    shutil.copytree(starter_base(), folder)
    source = GEMMA.replace("<start_of_turn>", "<|im_start|>").replace("<end_of_turn>", END)
    (folder / "chat_template.jinja").write_text(source, "utf-8")
    template = derive_training_template(ChatTemplate(source, {}), [END])
    (folder / "training_template.jinja").write_text(template, "utf-8")
    return folder


SYSTEM_ROWS: list[dict[str, Any]] = [
    {"messages": [{"role": "system", "content": " Be kind. "}, *chat("Hi", "Yo")["messages"]]},
    chat("How?", "So."),
    {"instruction": "Name it.", "output": "Ada.", "system": "Be brief."},
]


def test_system_rows_are_rejected_with_the_offer(tmp_path: Path, gemma: Path) -> None:
    workspace = Workspace(tmp_path, gemma)
    report = workspace.intake(workspace.lines("a.jsonl", SYSTEM_ROWS[:2]))
    assert workspace.rejected() == [(1, "role_not_rendered")]
    message = report["rejected"]["first"][0]["message"]
    assert "no system role" in message and "Set system_messages to merge" in message
    assert any("Set system_messages to merge" in note for note in report["notes"])


def test_merged_system_rows_read_as_a_user_would_write_them(tmp_path: Path, gemma: Path) -> None:
    workspace = Workspace(tmp_path, gemma)
    report = workspace.intake(
        workspace.lines("a.jsonl", SYSTEM_ROWS[:2]), system_messages="merge"
    )  # fmt: skip
    assert report["accepted"] == 2 and report["rejected"]["total"] == 0
    tokenizer = open_base(gemma).tokenizer
    decoded = tokenizer.decode(workspace.cached()[0][2], skip_special_tokens=False)
    assert "<|im_start|>user\nBe kind.\n\nHi<|im_end|>" in decoded
    note = "in 1 row, the system message was put before the first user message"
    assert any(note in text for text in report["notes"])
    questions = read_questions(tmp_path / "a.jsonl", 1, open_base(gemma), "off")
    assert decoded.startswith(questions[0].prompt)


def test_a_template_with_a_system_role_keeps_it_under_merge(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.intake(
        workspace.lines("a.jsonl", SYSTEM_ROWS[:1]), system_messages="merge"
    )  # fmt: skip
    tokenizer = open_base(starter_base()).tokenizer
    decoded = tokenizer.decode(workspace.cached()[0][2], skip_special_tokens=False)
    assert "<|im_start|>system\n" in decoded
