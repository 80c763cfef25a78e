"""Golden tables: ids and labels of every format, single and multi-turn, with the starter's,
SmolLM2's and a thinking template, for each `thinking`; through the real worker, token by token."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from golden_reference import (
    SMOLLM2_TEMPLATE,
    THINKING_TEMPLATE,
    examples_of,
    plain_tokenizer,
    table,
    text_tables,
    turns_of,
)
from intake_support import Workspace, starter_base

from nightshift_trainer.bases.publish import publish
from nightshift_trainer.bases.smollm2 import (
    GGUF_NAME,
    BaseUnavailable,
    cache_folder,
    gguf_file,
    split_digits,
)
from nightshift_trainer.cache import TokenCache
from nightshift_trainer.train.collator import collate, split_into_micro_batches

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
THINKING = "<think>\nadd them\n</think>\n\nIt is 4."
SECOND_THINKING = "<think>\n\n</think>\n\n5"


def messages_of(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]


def sharegpt(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"from": speaker, "value": value} for speaker, value in turns]


RECORDS: dict[str, list[dict[str, Any]]] = {
    "messages": [
        {"messages": messages_of(("user", "Hello?"), ("assistant", "Good evening."))},
        {"messages": messages_of(("system", "Short."), ("user", "2+2?"), ("assistant", THINKING))},
        {"messages": messages_of(("user", "2+2?"), ("assistant", THINKING),
                                 ("user", "And 3+2, naïve 🙂?"), ("assistant", SECOND_THINKING))},
        {"tools": [],
         "messages": messages_of(("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"),
                                 ("assistant", "  d\n"), ("user", "e"), ("assistant", "f"))},
    ],
    "conversations": [
        {"conversations": sharegpt(("human", "Hello?"), ("gpt", "Hi."))},
        {"conversations": sharegpt(("system", "Brief."), ("human", "2+2?"), ("gpt", THINKING),
                                 ("human", "Sure?"), ("gpt", SECOND_THINKING))},
        {"system": "Brief.", "conversations": sharegpt(("human", "日本?"), ("gpt", "はい"))},
    ],
    "instruction": [
        {"instruction": "Name a color.", "input": "", "output": "Blue"},
        {"instruction": "Name a color.", "output": THINKING},
        {"instruction": "Translate.", "input": "Guten Tag", "output": "Good day", "system": "T."},
        {"instruction": "3?", "input": "", "output": "9", "history": [["2?", "4"], ["1?", "1"]]},
    ],
    "prompt_completion": [
        {"prompt": "2 + 2 =", "completion": " 4"},
        {"prompt": "2 + 2 =", "completion": THINKING, "source": "kept"},
    ],
    "prompt_response": [{"prompt": "Say yes", "response": "yes"},
                        {"prompt": "x", "response": SECOND_THINKING}],
    "question_answer": [
        {"question": "Is 17 prime?", "answer": "Yes"},
        {"question": "1234567?", "answer": 89},
    ],
    "columns": [
        {"request": "Cost?", "reply": "fee", "n": 1},
        {"request": "Lost", "reply": THINKING},
    ],
}  # fmt: skip
TEMPLATES = ("starter", "smollm2", "thinking")


@cache
def base_of(template: str) -> Path:
    """A base with the starter's tokenizer and one of three templates."""
    if template == "starter":
        return starter_base()
    source = SMOLLM2_TEMPLATE if template == "smollm2" else THINKING_TEMPLATE
    return base_with(
        starter_base().parent / template,
        lambda folder: (folder / "chat_template.jinja").write_text(source, "utf-8"),
    )


def base_with(target: Path, change: Callable[[Path], object]) -> Path:
    def fill(partial: Path) -> int:
        for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            shutil.copy(starter_base() / name, partial / name)
        shutil.copy(starter_base() / "chat_template.jinja", partial)
        change(partial)
        return 1

    publish(target, fill, identifier="folder", name=target.name, label="", license_name="none")
    return target


def tables_of(workspace: Workspace, dataset: str = "d-1") -> dict[int, list[list[tuple[int, int]]]]:
    """Row to the tables of its examples, as in the cache."""
    found: dict[int, list[list[tuple[int, int]]]] = {}
    for row, _, ids, labels in workspace.cached(dataset):
        found.setdefault(row, []).append(list(zip(ids, labels, strict=True)))
    return found


def expected(
    base: Path, template: str, form: str, record: dict[str, Any], thinking: str
) -> list[list[tuple[int, int]]]:
    turns = [(role, str(content)) for role, content in turns_of(form, record)]
    tokenizer = plain_tokenizer(base)
    return [table(tokenizer, segments) for segments in examples_of(template, turns, thinking)]


@pytest.mark.parametrize("thinking", ["off", "keep", "model"])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("form", list(RECORDS))
def test_ids_and_labels_of_each_format(
    tmp_path: Path, form: str, template: str, thinking: str
) -> None:
    base = base_of(template)
    workspace = Workspace(tmp_path, base)
    mapping = {"format": "columns", "prompt": "request", "answer": "reply"}
    path = workspace.lines("a.jsonl", RECORDS[form])
    report = workspace.intake(
        path, thinking=thinking, mapping=mapping if form == "columns" else None
    )
    assert report["record_format"] == form and report["verdict"] == "ready", report["message"]
    found = tables_of(workspace)
    for row, record in enumerate(RECORDS[form], start=1):
        assert found[row] == expected(base, template, form, record, thinking), (row, record)
    assert len(found) == len(RECORDS[form])


def test_an_answer_before_any_question(tmp_path: Path) -> None:
    """SmolLM2's own template adds its system message before a first answer, but not to an empty
    chat. So this answer has no prompt, and with `thinking: model` the row is rejected."""
    turns = messages_of(("assistant", "I begin."), ("user", "So?"), ("assistant", "So."))
    records = [*RECORDS["messages"][:2], {"messages": turns}]
    for number, (template, thinking) in enumerate(
        (("starter", "off"), ("starter", "model"), ("smollm2", "off"), ("smollm2", "model"))
    ):
        base, dataset = base_of(template), f"d-{number}"
        workspace = Workspace(tmp_path / dataset, base)
        path = workspace.lines("a.jsonl", records)
        workspace.intake(path, dataset, thinking=thinking, accept_valid_rows=True)
        if (template, thinking) == ("smollm2", "model"):
            assert workspace.rejected(dataset) == [(3, "template_error")]
        else:
            table = expected(base, template, "messages", records[2], thinking)
            assert tables_of(workspace, dataset)[3] == table, (template, thinking)


@pytest.mark.parametrize("template", ["starter", "smollm2"])
@pytest.mark.parametrize("max_length", [4096, 16])
def test_raw_text_has_no_template(tmp_path: Path, template: str, max_length: int) -> None:
    base = base_of(template)
    workspace = Workspace(tmp_path, base)
    texts = ["A short text.", "Once upon a time " * 12 + "the end.", "Ünïcode 🙂 " * 9, "x"]
    workspace.intake(
        workspace.lines("t.jsonl", [{"text": t} for t in texts]), max_length=max_length
    )
    tokenizer = plain_tokenizer(base)
    end = tokenizer.token_to_id("<|im_end|>")
    assert end is not None
    found = tables_of(workspace)
    for row, text in enumerate(texts, start=1):
        assert found[row] == text_tables(tokenizer, text, end, max_length), text


@pytest.mark.parametrize("template", ["starter", "smollm2"])
@pytest.mark.parametrize(
    ("name", "form", "rejected"),
    [
        ("alpaca_empty_input.json", "instruction", {}),
        ("sharegpt_tools.json", "conversations", {2: "tools", 3: "tools"}),
        ("openai_system.jsonl", "messages", {4: "tool calls"}),
    ],
)
def test_three_common_file_layouts(
    tmp_path: Path, name: str, form: str, rejected: dict[int, str], template: str
) -> None:
    base = base_of(template)
    workspace = Workspace(tmp_path, base)
    shutil.copy(FIXTURES / name, workspace.root / name)
    report = workspace.intake(workspace.root / name, accept_valid_rows=True)
    assert (report["verdict"], report["record_format"]) == ("ready", form)
    named = {item["row"]: item for item in report["rejected"]["first"]}
    assert set(named) == set(rejected)
    for row, text in rejected.items():
        assert named[row]["reason"] == "role_not_rendered" and text in named[row]["message"]
    content = (FIXTURES / name).read_text("utf-8")
    lines = content.splitlines() if name.endswith("l") else []
    records = [json.loads(line) for line in lines] or json.loads(content)
    found = tables_of(workspace)
    assert len(found) == len(records) - len(rejected)
    for row, record in enumerate(records, start=1):
        if row not in rejected:
            assert found[row] == expected(base, template, form, record, "off"), row


@pytest.mark.parametrize("packing", [True, False])
def test_incident_11_packing_does_not_change_the_trained_tokens(
    tmp_path: Path, packing: bool
) -> None:
    """The loss is over the same (previous token, target) pairs in every layout."""
    base = base_of("smollm2")
    workspace = Workspace(tmp_path, base)
    records = RECORDS["messages"] * 3
    workspace.intake(workspace.lines("a.jsonl", records), slice_rows=0, core_rows=0)
    cache = TokenCache(workspace.home() / "cache" / workspace.report()["cache"])
    examples = [cache.example(index) for index in range(len(cache.table))]
    expected_pairs: list[tuple[int, int]] = []
    for record in records:
        for example in expected(base, "smollm2", "messages", record, "off"):
            expected_pairs += [
                (before, token) for (before, _), (token, label) in pairwise(example) if label
            ]
    members = split_into_micro_batches(
        [len(example.ids) for example in examples], packing, 150, None
    )
    assert (max(len(group) for group in members) > 1) is packing
    actual_pairs: list[tuple[int, int]] = []
    for group in members:
        batch = collate(examples, group, torch.device("cpu"))
        previous = batch.ids[0][batch.sources].tolist()
        actual_pairs += list(zip(previous, batch.targets.tolist(), strict=True))
    assert sorted(actual_pairs) == sorted(expected_pairs) and len(actual_pairs) > 100


@pytest.mark.real_data
def test_with_the_real_tokenizer_and_template_of_smollm2(tmp_path: Path) -> None:
    try:
        gguf_file(lambda *_: None)
    except BaseUnavailable as reason:
        pytest.skip(str(reason))
    from transformers import AutoTokenizer

    def real(folder: Path) -> None:
        tokenizer = AutoTokenizer.from_pretrained(cache_folder(), gguf_file=GGUF_NAME)
        # The file has line breaks where the published text has escapes.
        assert str(tokenizer.chat_template).replace("\n", "\\n") == SMOLLM2_TEMPLATE
        tokenizer.save_pretrained(folder)
        split_digits(folder / "tokenizer.json")

    base = base_with(tmp_path / "base" / "smollm2", real)
    for number, (form, records) in enumerate(RECORDS.items()):
        workspace = Workspace(tmp_path / form, base)
        mapping = {"format": "columns", "prompt": "request", "answer": "reply"}
        path = workspace.lines("a.jsonl", records)
        workspace.intake(path, f"d-{number}", mapping=mapping if form == "columns" else None)
        found = tables_of(workspace, f"d-{number}")
        for row, record in enumerate(records, start=1):
            assert found[row] == expected(base, "smollm2", form, record, "off"), (form, row)
