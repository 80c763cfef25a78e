"""Fields that an answer depends on, and values that are missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from intake_support import Workspace, chat, pairs, starter_base
from pyarrow import parquet
from test_intake_golden import chatml, reference
from test_intake_marks import CASES, texts_of
from test_intake_templates import texts


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def turns(*messages: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in messages]


def test_answers_that_are_no_number_are_missing(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "b1-nan-answer.jsonl")
    assert workspace.rejected() == [(2, "wrong_type"), (3, "wrong_type")]
    assert report["rejected"]["first"][0]["message"] == "`answer` must be text, not null."


def test_an_optional_input_that_is_no_number_is_absent(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "b2-nan-input.json", core_rows=0)
    assert report["verdict"] == "ready"
    assert workspace.cached()[0][2:] == reference(
        chatml(turns(("user", "Name the tool."), ("assistant", "A rasp.")))
    )


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "null"])
def test_every_number_that_is_none_is_missing(workspace: Workspace, value: str) -> None:
    good = '{"question":"a?","answer":"b","input":"x"}\n'
    workspace.write("a.jsonl", good + f'{{"question":"c?","answer":{value}}}\n')
    workspace.intake(workspace.root / "a.jsonl")
    assert workspace.rejected() == [(2, "wrong_type")]
    text = f'{{"instruction":"a","input":{value},"output":"b"}}\n'
    report = workspace.intake(workspace.write("b.jsonl", text), "d-2", core_rows=0)
    assert report["verdict"] == "ready"
    assert workspace.cached("d-2")[0][2:] == reference(
        chatml(turns(("user", "a"), ("assistant", "b")))
    )


def test_missing_numbers_of_a_parquet_column(workspace: Workspace) -> None:
    table = pyarrow.table({"question": ["a?", "b?"], "answer": [1.5, float("nan")]})
    parquet.write_table(table, workspace.root / "a.parquet")
    workspace.intake(workspace.root / "a.parquet")
    assert workspace.rejected() == [(2, "wrong_type")]


def test_nan_in_a_csv_file_is_missing_only_in_a_column_of_numbers(workspace: Workspace) -> None:
    lines = ["question,answer", "How much?,1.5", "How many?,nan", "What?,3"]
    report = workspace.intake(workspace.write("a.csv", "\n".join(lines) + "\n"))
    assert workspace.rejected() == [(3, "wrong_type")]
    assert "Column answer: 1 cell without a number (NaN) is missing values." in report["notes"]
    lines = ["question,answer", "What is no number?,NaN", "What is bread?,naan"]
    report = workspace.intake(workspace.write("b.csv", "\n".join(lines) + "\n"), "d-2")
    assert report["accepted"] == 2
    assert "Column answer: the word NaN in 1 cell is kept as text." in report["notes"]


def test_a_field_named_twice_rejects_the_row(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "h1-name-twice.jsonl")
    assert workspace.rejected() == [(1, "field_twice")]
    assert report["rejected"]["first"][0]["message"] == "The field `prompt` appears twice."
    nested = '{"messages":[{"role":"user","content":"a","content":"b"},{"role":"assistant",'
    nested += '"content":"c"}]}'
    array = f"[{nested},{json.dumps(chat('q', 'a'))}]"
    workspace.intake(workspace.write("b.json", array), "d-2")
    assert workspace.rejected("d-2") == [(1, "field_twice")]
    assert workspace.report("d-2")["accepted"] == 1


def test_an_answer_that_is_only_thinking_is_empty(workspace: Workspace) -> None:
    path = CASES / "f1-only-thinking.jsonl"
    report = workspace.intake(path)
    assert workspace.rejected() == [(1, "empty_answer")]
    assert report["think_blocks"] == {"rows": 1, "only": 1}
    assert workspace.intake(path, "d-2", thinking="keep")["accepted"] == 3
    for answer in ("<think>never closed", "<think>a</think><think>b</think>", "x\n</think>"):
        path = workspace.lines("a.jsonl", [chat("a?", answer), chat("b?", "c")])
        workspace.intake(path)
        assert workspace.rejected() == [(1, "empty_answer")], answer


def test_think_blocks_are_asked_about_unless_the_setting_decides(workspace: Workspace) -> None:
    records = [*pairs(30), {"question": "x?", "answer": "<think>a</think>b"}]
    path = workspace.lines("a.jsonl", records)
    report = workspace.intake(path, thinking="ask")
    assert (report["verdict"], report["decision"]) == ("needs_decision", "think_blocks")
    assert report["message"].startswith("1 of 31 rows contains <think> blocks.")
    assert workspace.intake(path, "d-2", thinking="off")["verdict"] == "ready"
    path = workspace.lines("b.jsonl", pairs(30))
    assert workspace.intake(path, "d-3", thinking="ask")["verdict"] == "ready"


def test_reasoning_beside_an_answer_is_a_think_block(workspace: Workspace) -> None:
    for name in ("reasoning_content", "thinking", "reasoning"):
        record = chat("1+1?", "2")
        record["messages"][1][name] = "one and one"
        path = workspace.lines("a.jsonl", [record])
        workspace.intake(path, thinking="keep", core_rows=0)
        assert texts(workspace, starter_base())[0][1] == (
            "<think>\none and one\n</think>\n\n2<|im_end|>"
        )
        workspace.intake(path, thinking="off", core_rows=0)
        assert texts(workspace, starter_base())[0][1] == "2<|im_end|>"
    record = {"question": "1+1?", "answer": "2", "reasoning": "one and one"}
    report = workspace.intake(workspace.lines("b.jsonl", [record]), thinking="ask")
    assert report["decision"] == "think_blocks" and report["unused_fields"] == []


MEDIA: list[dict[str, Any]] = [
    {**chat("What is it?", "A jug."), "images": ["a.jpg"]},
    {**chat("What is it?", "A jug."), "image": {"bytes": None, "path": "a.jpg"}},
    {**chat("What is it?", "A jug."), "videos": ["a.mp4"]},
    {**chat("What is it?", "A jug."), "audio": "a.wav"},
    chat("<image>What is it?", "A jug."),
    chat("<video>\nWhat is it?", "A jug."),
    chat("Listen: <audio>", "A bell."),
    chat("<|vision_start|><|image_pad|><|vision_end|>What is it?", "A jug."),
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "a.jpg"}},
                ],
            },
            {"role": "assistant", "content": "A jug."},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x"}}]},
            {"role": "assistant", "content": "A bell."},
        ]
    },
]


@pytest.mark.parametrize("record", MEDIA, ids=lambda record: json.dumps(record)[:60])
def test_a_row_about_an_image_or_a_sound_is_rejected(
    workspace: Workspace, record: dict[str, Any]
) -> None:
    workspace.intake(workspace.lines("a.jsonl", [chat("a?", "b"), record]))
    assert workspace.rejected() == [(2, "not_text")]


def test_text_about_tags_is_text(workspace: Workspace) -> None:
    records = [
        {**chat("How does <video> work in HTML?", "As a tag: <image>"), "images": []},
        {**chat("Close <audio src='a'></audio>", "Yes."), "image": None},
    ]
    assert workspace.intake(workspace.lines("a.jsonl", records))["accepted"] == 2


def test_every_row_of_the_image_case_is_rejected(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "d1-images.jsonl")
    assert report["verdict"] == "refused"
    assert workspace.rejected() == [(1, "not_text"), (2, "not_text")]


@pytest.mark.parametrize("name", ["functions", "tools", "function_call", "tool_calls"])
def test_tools_under_any_name_reject_the_row(workspace: Workspace, name: str) -> None:
    workspace.intake(CASES / "d2-functions.jsonl")
    assert workspace.rejected() == [(1, "role_not_rendered")]
    records = [pairs(1)[0], {"question": "a?", "answer": "b", name: [{"name": "sensor"}]},
               {"question": "c?", "answer": "d", name: []}]  # fmt: skip
    workspace.intake(workspace.lines("a.jsonl", records), "d-2")
    assert workspace.rejected("d-2") == [(2, "role_not_rendered")]


def test_choices_are_asked_about_with_a_guess(workspace: Workspace) -> None:
    path = CASES / "d3-choices.jsonl"
    report = workspace.intake(path)
    assert (report["verdict"], report["decision"]) == ("needs_decision", "map_columns")
    assert "`choices` (2 rows)" in report["message"]
    assert report["unused_fields"] == [{"name": "choices", "rows": 2, "needed": 2}]
    guess = report["mapping_guess"]
    assert guess == {
        "format": "columns",
        "prompt": "{question}\n{choices}",
        "answer": "{choices[answer]}",
    }
    report = workspace.intake(path, "d-2", mapping=guess, core_rows=0, slice_rows=0)
    assert report["verdict"] == "ready"
    prompt = "Which of them floats?\nA. a nail\nB. a cork\nC. a brick\nD. a coin"
    assert workspace.cached("d-2")[0][2:] == reference(
        chatml(turns(("user", prompt), ("assistant", "a cork")))
    )
    report = workspace.intake(path, "d-3", accept_unused_fields=True)
    assert report["verdict"] == "ready"


@pytest.mark.parametrize("name", ["context", "passage", "documents", "options"])
def test_what_the_question_is_about_is_asked_about(workspace: Workspace, name: str) -> None:
    value: Any = ["a", "b"] if name in ("documents", "options") else "The weir is old."
    record = {"question": "How old?", "answer": "Old.", name: value, "id": 7}
    report = workspace.intake(workspace.lines("a.jsonl", [record]))
    assert report["decision"] == "map_columns" and f"`{name}` (1 row)" in report["message"]
    assert {"name": "id", "rows": 1, "needed": 0} in report["unused_fields"]
    assert name in report["mapping_guess"]["prompt"]
    report = workspace.intake(workspace.lines("b.jsonl", [{**chat("a?", "b"), name: value}]))
    assert report["decision"] == "unused_fields"
    included = {"question": f"Read: {value} How old?", "answer": "Old.", name: value}
    if isinstance(value, str):
        assert workspace.intake(workspace.lines("c.jsonl", [included]))["verdict"] == "ready"


@pytest.mark.parametrize("name", ["system", "system_prompt"])
def test_a_system_prompt_beside_a_pair_is_used(workspace: Workspace, name: str) -> None:
    record = json.loads((CASES / "d4-system-beside-prompt.jsonl").read_text("utf-8").split("\n")[0])
    record[name] = record.pop("system")
    report = workspace.intake(workspace.lines("a.jsonl", [record]), core_rows=0)
    assert report["verdict"] == "ready" and report["unused_fields"] == []
    assert workspace.cached()[0][2:] == reference(
        chatml(
            turns(
                ("system", "Answer as a gruff ferryman."),
                ("user", "When do you cross?"),
                ("assistant", "When I please."),
            )
        )
    )


PREFERENCES: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {"prompt": "a?", "chosen": "good", "rejected": "bad"},
        {"format": "columns", "prompt": "prompt", "answer": "chosen"},
    ),
    (
        {"chosen": chat("a?", "good")["messages"], "rejected": chat("a?", "bad")["messages"]},
        {"format": "messages", "column": "chosen"},
    ),
    (
        {
            "prompt": "a?",
            "chosen": [{"role": "assistant", "content": "good"}],
            "rejected": [{"role": "assistant", "content": "bad"}],
        },
        {"format": "columns", "prompt": "prompt", "answer": "chosen"},
    ),
    (
        {
            "conversations": [{"from": "human", "value": "a?"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": {"from": "gpt", "value": "bad"},
        },
        {"format": "columns", "prompt": "conversations", "answer": "chosen"},
    ),
]


@pytest.mark.parametrize(("record", "mapping"), PREFERENCES, ids=range(len(PREFERENCES)))
def test_preference_data_is_asked_about(
    workspace: Workspace, record: dict[str, Any], mapping: dict[str, str]
) -> None:
    path = workspace.lines("a.jsonl", [record])
    report = workspace.intake(path)
    assert report["decision"] == "map_columns" and "preference data" in report["message"]
    assert report["mapping_guess"] == mapping
    report = workspace.intake(path, "d-2", mapping=mapping, core_rows=0)
    assert report["verdict"] == "ready", report["message"]
    assert workspace.cached("d-2")[0][2:] == reference(
        chatml(turns(("user", "a?"), ("assistant", "good")))
    )


def test_parts_with_a_value_are_text(workspace: Workspace) -> None:
    assert workspace.intake(CASES / "i3-parts-with-value.jsonl", core_rows=0)["accepted"] == 1
    assert workspace.cached()[0][2:] == reference(
        chatml(turns(("user", "Which bolt?"), ("assistant", "The brass one.")))
    )


def test_a_corpus_with_a_score_is_guessed_as_text(workspace: Workspace) -> None:
    path = CASES / "i5-text-and-score.jsonl"
    report = workspace.intake(path)
    assert report["decision"] == "map_columns"
    assert report["mapping_guess"] == {"format": "text", "column": "text"}
    report = workspace.intake(path, "d-2", mapping=report["mapping_guess"])
    assert (report["verdict"], report["record_format"]) == ("ready", "text")
    assert [field["name"] for field in report["unused_fields"]] == ["language_score", "dump"]
    assert texts_of(workspace, "d-2")[1] == "No boat passed before noon."


def test_turns_in_a_row_stay_as_they_are(workspace: Workspace) -> None:
    report = workspace.intake(CASES / "p4-turns-in-a-row.jsonl", core_rows=0)
    assert (report["verdict"], report["accepted"]) == ("ready", 2)
    trained = [text for _, text in texts(workspace, starter_base())]
    assert trained == ["Yes.<|im_end|>Come in.<|im_end|>", "Welcome.<|im_end|>"]


def test_a_template_of_any_columns_with_a_system_prompt(workspace: Workspace) -> None:
    record = {"title": "Fog", "body": "The {weir} is\nhidden.", "kind": "weather", "who": "Clerk"}
    mapping = {
        "format": "columns",
        "prompt": "Classify: {title} {{as is}} {body}",
        "answer": "{kind}!",
        "system": "You are a {who}.",
    }
    path = workspace.lines("a.jsonl", [record, {**record, "title": None, "body": ""}])
    workspace.intake(path, mapping=mapping, core_rows=0, accept_valid_rows=True)
    assert workspace.rejected() == [(2, "empty_text")]
    assert workspace.cached()[0][2:] == reference(
        chatml(
            turns(
                ("system", "You are a Clerk."),
                ("user", "Classify: Fog {as is} The {weir} is\nhidden."),
                ("assistant", "weather!"),
            )
        )
    )


def test_few_rows_and_many_duplicates_are_pointed_out(workspace: Workspace) -> None:
    report = workspace.intake(workspace.lines("a.jsonl", pairs(12) + pairs(12)))
    assert report["warnings"] == ["50 % duplicates"]
    assert any(note.startswith("12 of 24 valid rows (50 %)") for note in report["notes"])
    assert workspace.intake(workspace.lines("b.jsonl", pairs(12)))["warnings"] == ["only 12 rows"]
    assert workspace.intake(workspace.lines("c.jsonl", pairs(20)))["warnings"] == []


def test_the_same_rows_in_another_order_and_container_have_the_same_hash(
    workspace: Workspace,
) -> None:
    first = workspace.intake(workspace.lines("a.jsonl", pairs(30)))
    array = json.dumps(list(reversed(pairs(30))))
    second = workspace.intake(workspace.write("b.json", array), "d-2")
    assert first["rows_hash"] == second["rows_hash"] != None  # noqa: E711
    assert first["content_hash"] != second["content_hash"]
