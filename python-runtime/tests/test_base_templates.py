"""Templates and tokenizers of a local model folder: end tokens, named templates, dates, embeddings.
The reference is transformers, on the same folder."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, starter_base
from tokenizers import AddedToken, Tokenizer, processors
from transformers import AutoTokenizer

from nightshift_trainer.bases import worker
from nightshift_trainer.rendering import BaseRefused, TemplateRefused, open_base
from nightshift_trainer.run_folder import RunFolder

FIXTURES = Path(__file__).parent / "fixtures"
MARKERS_WITHOUT_END = (FIXTURES / "l1-markers-without-end.jinja").read_text("utf-8")
CHATML = (starter_base() / "chat_template.jinja").read_text("utf-8")


def source_folder(root: Path, **files: Any) -> Path:
    """The starter as a folder of a user. `files`: name with `_` for the last `.`, to text, JSON, or
    None for a file to remove."""
    source = root / "mine"
    shutil.copytree(starter_base(), source)
    for name in ("base.json", "training_template.jinja"):
        (source / name).unlink()
    for key, value in files.items():
        name = ".".join(key.rsplit("__", 1))
        path = source / name
        if value is None:
            path.unlink()
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return source


def add(root: Path, source: Path) -> Path:
    target, run = root / "models" / "folder", root / "run"
    run.mkdir(exist_ok=True)
    spec = {
        "base": {"id": "folder", "folder": str(target), "source": str(source), "seed": 1},
    }
    worker.run(RunFolder(run), spec)
    return target


def settings(**changes: Any) -> dict[str, Any]:
    document = json.loads((starter_base() / "tokenizer_config.json").read_text("utf-8"))
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


def trained_text(workspace: Workspace) -> list[str]:
    tokenizer = Tokenizer.from_file(str(workspace.base / "tokenizer.json"))
    return [
        tokenizer.decode(
            [t for t, label in zip(ids, labels, strict=True) if label], skip_special_tokens=False
        )
        for _, _, ids, labels in workspace.cached()
    ]


TURNS = {"messages": [*chat("a?", "b")["messages"], *chat("c?", "d")["messages"]]}


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        (MARKERS_WITHOUT_END, "<|im_end|>"),
        # The token follows whitespace, which has to be generated before it.
        (MARKERS_WITHOUT_END.replace("{{ '<|im_end|>\\n' }}", "{{ '\\n<|im_end|>\\n' }}"),
         "\n<|im_end|>"),
        # The markers enclose it already.
        (MARKERS_WITHOUT_END.replace(
            "{{ m['content'] }}{% endgeneration %}",
            "{{ m['content'] ~ '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}{% continue %}"),
         "<|im_end|>"),
    ],
    ids=["behind", "behind whitespace", "inside"],
)  # fmt: skip
@pytest.mark.parametrize("thinking", ["off", "model"])
def test_the_end_of_turn_token_is_a_target_under_the_markers_of_the_base(
    tmp_path: Path, template: str, ends: str, thinking: str
) -> None:
    base = add(tmp_path, source_folder(tmp_path, chat_template__jinja=template))
    assert (base / "training_template.jinja").read_text("utf-8") == template
    workspace = Workspace(tmp_path, base)
    workspace.intake(workspace.lines("a.jsonl", [TURNS, chat("e?", "f")]), thinking=thinking)
    texts = trained_text(workspace)
    if thinking == "off":
        assert texts == [f"b{ends}d{ends}", f"f{ends}"]
    assert all("<|im_end|>" in text for text in texts)
    assert open_base(base).end_ids >= {open_base(base).eos_id}


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (MARKERS_WITHOUT_END.replace("<|im_end|>", ""), "no special token follows"),
        (MARKERS_WITHOUT_END.replace("{{ '<|im_end|>\\n' }}", "{{ 'END<|im_end|>\\n' }}"),
         "no special token follows"),
        (CHATML.replace("<|im_start|>assistant", "{% generation %}{% endgeneration %}assistant"),
         "don't enclose the answer"),
    ],
    ids=["none", "text between", "empty markers"],
)  # fmt: skip
def test_markers_that_cannot_train_the_end_of_turn_token_are_refused(
    tmp_path: Path, template: str, reason: str
) -> None:
    source = source_folder(tmp_path, chat_template__jinja=template)
    if "generation %}" not in template:
        pytest.fail("the template has no markers")
    with pytest.raises(TemplateRefused, match=reason):
        add(tmp_path, source)


def test_of_named_templates_the_default_is_taken(tmp_path: Path) -> None:
    given = json.loads((FIXTURES / "l2-named-templates.json").read_text("utf-8"))
    source = source_folder(tmp_path, chat_template__jinja=None, tokenizer_config__json=given)
    base = add(tmp_path, source)
    default = given["chat_template"][0]["template"]
    assert (base / "chat_template.jinja").read_text("utf-8") == default
    messages = chat("Hi", "Yo")["messages"]
    theirs = AutoTokenizer.from_pretrained(source).apply_chat_template(messages, tokenize=False)
    assert open_base(base).training_template.text(messages) == theirs


def test_template_files_replace_those_of_tokenizer_config_json(tmp_path: Path) -> None:
    other = CHATML.replace("<|im_start|>", "<|im_start|>~")
    named = [{"name": "default", "template": other}]
    source = source_folder(tmp_path, tokenizer_config__json=settings(chat_template=named))
    extra = source / "additional_chat_templates"
    extra.mkdir()
    (extra / "tool_use.jinja").write_text("{{ raise_exception('not this one') }}")
    base = add(tmp_path, source)
    assert (base / "chat_template.jinja").read_text("utf-8") == CHATML
    theirs = AutoTokenizer.from_pretrained(source).chat_template
    assert theirs["default"] == CHATML


@pytest.mark.parametrize("form", ["list", "object", "folder"])
def test_named_templates_without_a_default_are_refused(tmp_path: Path, form: str) -> None:
    named: Any = [{"name": "rag", "template": CHATML}, {"name": "tool_use", "template": CHATML}]
    if form == "object":
        named = {item["name"]: item["template"] for item in named}
    changed = settings(chat_template=None if form == "folder" else named)
    source = source_folder(tmp_path, chat_template__jinja=None, tokenizer_config__json=changed)
    if form == "folder":
        (source / "additional_chat_templates").mkdir()
        for item in named:
            path = source / "additional_chat_templates" / f"{item['name']}.jinja"
            path.write_text(item["template"])
    with pytest.raises(BaseRefused, match=r"rag, tool_use, but none is named default"):
        add(tmp_path, source)


@pytest.mark.parametrize(
    "files",
    [
        {"special_tokens_map__json": {"eos_token": "<|im_end|>"}},
        {"special_tokens_map__json": {"eos_token": {"content": "<|im_end|>", "lstrip": False}}},
        {"generation_config__json": {"eos_token_id": [2, 0]}, "config": True},
        {"generation_config__json": {"eos_token_id": 2}},
        {},
    ],
    ids=["map", "map object", "generation list", "generation id", "config.json"],
)
@pytest.mark.parametrize("has_settings", [True, False])
def test_the_end_token_is_found_where_tokenizer_config_json_lacks_it(
    tmp_path: Path, files: dict[str, Any], has_settings: bool
) -> None:
    files = {name: value for name, value in files.items() if name != "config"}
    changed = settings(eos_token=None) if has_settings else None
    source = source_folder(tmp_path, tokenizer_config__json=changed, **files)
    base = open_base(add(tmp_path, source))
    assert base.special_tokens["eos_token"] == "<|im_end|>"
    assert base.eos_id == base.tokenizer.token_to_id("<|im_end|>")
    if "generation_config__json" in files:
        ids = files["generation_config__json"]["eos_token_id"]
        assert base.end_ids >= set(ids if isinstance(ids, list) else [ids])


def test_a_tokenizer_without_an_end_token_is_refused(tmp_path: Path) -> None:
    config = json.loads((starter_base() / "config.json").read_text("utf-8"))
    config["eos_token_id"] = None
    source = source_folder(
        tmp_path, tokenizer_config__json=settings(eos_token=None), config__json=config
    )
    with pytest.raises(BaseRefused, match="no end token"):
        add(tmp_path, source)


@pytest.mark.parametrize("where", ["post-processor", "add_bos_token", "neither", "switched off"])
def test_a_raw_text_begins_as_the_tokenizer_begins_it(tmp_path: Path, where: str) -> None:
    changed: dict[str, Any] = {"bos_token": "<|endoftext|>"}
    source = source_folder(tmp_path)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    begin = tokenizer.token_to_id("<|endoftext|>")
    if where in ("post-processor", "switched off"):
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", begin)]
        )
        tokenizer.save(str(source / "tokenizer.json"))
    if where == "add_bos_token":
        changed["add_bos_token"] = True
    if where == "switched off":
        changed["add_bos_token"] = False
    (source / "tokenizer_config.json").write_text(json.dumps(settings(**changed)))
    workspace = Workspace(tmp_path, add(tmp_path, source))
    text = "A long bench. " * 30
    workspace.intake(workspace.lines("a.jsonl", [{"text": text}]), max_length=64)
    theirs = AutoTokenizer.from_pretrained(source)(text).input_ids
    windows = [ids for _, _, ids, _ in workspace.cached()]
    joined = [*windows[0], *(token for window in windows[1:] for token in window[1:])]
    assert joined == [*theirs, open_base(workspace.base).eos_id]
    assert (joined[0] == begin) == (where in ("post-processor", "switched off"))


def test_token_ids_beyond_the_embeddings_are_refused(tmp_path: Path) -> None:
    source = source_folder(tmp_path)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("<|new|>", special=True)])
    tokenizer.save(str(source / "tokenizer.json"))
    with pytest.raises(BaseRefused, match=r"'<\|new\|>'.*embeddings end at"):
        add(tmp_path, source)
    assert not (tmp_path / "models" / "folder").exists()


def test_the_configuration_alone_also_counts(tmp_path: Path) -> None:
    config = json.loads((starter_base() / "config.json").read_text("utf-8"))
    config["vocab_size"] -= 1
    with pytest.raises(BaseRefused, match="1 of its tokens"):
        add(tmp_path, source_folder(tmp_path, config__json=config))


DATED = "{{ '<|im_start|>system\\nToday is ' ~ strftime_now('%d %b %Y') ~ '.<|im_end|>\\n' }}"


def test_a_date_in_the_template_is_not_that_of_its_creation(tmp_path: Path) -> None:
    source = source_folder(tmp_path, chat_template__jinja=DATED + CHATML)
    folder = add(tmp_path, source)
    today = datetime.now().strftime("%d %b %Y")
    training_source = (folder / "training_template.jinja").read_text("utf-8")
    assert today not in training_source and "strftime_now('%d %b %Y')" in training_source
    base = open_base(folder).on(datetime(2031, 2, 3))
    messages = chat("Hi", "Yo")["messages"]
    for template in (base.training_template, base.chat_template):
        assert "Today is 03 Feb 2031." in template.text(messages)


def test_the_date_is_fixed_per_dataset_and_said(tmp_path: Path) -> None:
    source = source_folder(tmp_path, chat_template__jinja=DATED + CHATML)
    workspace = Workspace(tmp_path, add(tmp_path, source))
    path = workspace.lines("a.jsonl", [chat("Hi", "Yo")])
    first = workspace.intake(path)
    assert any("contains the current date" in note for note in first["notes"])
    # A later validation of the same dataset renders the same text.
    report = {**first, "template_date": "2031-02-03T10:00:00"}
    (workspace.home() / "report.json").write_text(json.dumps(report))
    again = workspace.intake(path)
    assert again["template_date"] == "2031-02-03T10:00:00" and again["cache"] != first["cache"]
    ids = workspace.cached()[0][2]
    tokenizer = open_base(workspace.base).tokenizer
    assert "Today is 03 Feb 2031." in tokenizer.decode(ids, skip_special_tokens=False)


def test_a_template_that_changes_the_text_of_the_date_is_refused(tmp_path: Path) -> None:
    changed = DATED.replace("strftime_now('%d %b %Y')", "strftime_now('%d %b %Y')[1:]") + CHATML
    with pytest.raises(TemplateRefused, match="current date"):
        add(tmp_path, source_folder(tmp_path, chat_template__jinja=changed))
