"""Training templates: derived from common chat templates, equal to them up to the first answer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from intake_support import Workspace, chat, starter_base
from tokenizers import Tokenizer
from transformers.utils.chat_template_utils import render_jinja_template

from nightshift_trainer.rendering import (
    ChatTemplate,
    TemplateRefused,
    derive_training_template,
)

CHATML = (starter_base() / "chat_template.jinja").read_text("utf-8")
LLAMA = """{{- bos_token }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
    {{- message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('Conversation roles must alternate') }}
{%- endif -%}
{%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor -%}
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""  # noqa: E501
THINKING = """{%- set ns = namespace(last=0) -%}
{%- for m in messages -%}{%- if m.role == 'user' -%}{%- set ns.last = loop.index0 -%}{%- endif -%}{%- endfor -%}
{%- for m in messages -%}
{%- if m.role == 'assistant' -%}
{%- set body = m.content.split('</think>')[-1].lstrip('\\n') -%}
{%- set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\\n') if '</think>' in m.content else '' -%}
{%- if loop.index0 > ns.last -%}
{{- '<|im_start|>assistant\\n<think>\\n' + thought + '\\n</think>\\n\\n' + body + '<|im_end|>\\n' -}}
{%- else -%}
{{- '<|im_start|>assistant\\n' + body + '<|im_end|>\\n' -}}
{%- endif -%}
{%- else -%}
{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"""  # noqa: E501
SPECIAL: dict[str, Any] = {"bos_token": "<bos>", "eos_token": "<eos>"}
ENDS = ["<eos>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>"]

FIRST = chat(" What? ", "That's\\it 'quoted' 🙂")["messages"]
TURNS = [*FIRST, {"role": "user", "content": "More"}, {"role": "assistant", "content": "No"}]
SYSTEM = [{"role": "system", "content": "Be kind"}, *TURNS]


@pytest.mark.parametrize("source", [CHATML, LLAMA, GEMMA], ids=["chatml", "llama", "gemma"])
@pytest.mark.parametrize("messages", [FIRST, TURNS, SYSTEM], ids=["first", "turns", "system"])
def test_a_derived_template_renders_the_same_text_as_the_chat_template(
    source: str, messages: list[dict[str, str]]
) -> None:
    chat_template = ChatTemplate(source, SPECIAL)
    training = ChatTemplate(derive_training_template(chat_template, ENDS), SPECIAL)
    if source is GEMMA and messages is SYSTEM:
        with pytest.raises(TemplateRefused):
            training.text(messages)
        return
    rendered = training.render(messages)
    assert rendered.text == chat_template.text(messages)
    answers = [m["content"].strip() for m in messages if m["role"] == "assistant"]
    spans = [rendered.text[start:end] for start, end in rendered.spans]
    assert [span.startswith(a) for span, a in zip(spans, answers, strict=True)] == [True] * len(
        answers
    )
    assert all(span.endswith(("<|im_end|>", "<|eot_id|>", "<end_of_turn>")) for span in spans)
    question = messages[:-1]
    assert training.text(question, True) == chat_template.text(question, True)


def test_the_sandbox_renders_as_transformers_does() -> None:
    for source in (CHATML, LLAMA, THINKING):
        for prompt in (False, True):
            theirs, _ = render_jinja_template(
                conversations=[TURNS],
                chat_template=source,
                add_generation_prompt=prompt,
                **SPECIAL,
            )
            assert ChatTemplate(source, SPECIAL).text(TURNS, prompt) == theirs[0]


def test_generation_spans_are_the_same_as_in_transformers() -> None:
    source = derive_training_template(ChatTemplate(CHATML, SPECIAL), ENDS)
    theirs, spans = render_jinja_template(
        conversations=[TURNS],
        chat_template=source,
        return_assistant_tokens_mask=True,
        **SPECIAL,
    )
    ours = ChatTemplate(source, SPECIAL).render(TURNS)
    assert (ours.text, list(ours.spans)) == (theirs[0], spans[0])


def test_templates_cannot_access_python_objects() -> None:
    with pytest.raises(TemplateRefused):
        ChatTemplate("{{ messages.__class__.__mro__ }}{{ ''.__class__() }}", {}).text(FIRST)
    with pytest.raises(TemplateRefused):
        ChatTemplate("{% for m in messages %}", {})


def test_a_template_without_an_end_of_turn_token_is_refused() -> None:
    bare = "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
    with pytest.raises(TemplateRefused, match="special token"):
        derive_training_template(ChatTemplate(bare, SPECIAL), ENDS)


@pytest.fixture
def thinking_base(tmp_path: Path) -> Path:
    """The starter with a template that rewrites <think> blocks as Qwen3's does."""
    folder = tmp_path / "thinking"
    shutil.copytree(starter_base(), folder)
    (folder / "chat_template.jinja").write_text(THINKING, "utf-8")
    source = derive_training_template(ChatTemplate(THINKING, SPECIAL), ["<|im_end|>"])
    (folder / "training_template.jinja").write_text(source, "utf-8")
    return folder


def texts(workspace: Workspace, base: Path) -> list[tuple[str, str]]:
    """The full text and the trained text of every example."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    return [
        (
            tokenizer.decode(ids, skip_special_tokens=False),
            tokenizer.decode(
                [t for t, label in zip(ids, labels, strict=True) if label],
                skip_special_tokens=False,
            ),
        )
        for _, _, ids, labels in workspace.cached()
    ]


THINKING_CHAT: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "<think>\none\n</think>\n\n2"},
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "<think>\ntwo\n</think>\n\n4"},
    ]
}


def test_thinking_off_strips_the_blocks_and_adds_a_note(
    tmp_path: Path, thinking_base: Path
) -> None:
    workspace = Workspace(tmp_path, thinking_base)
    report = workspace.intake(workspace.lines("a.jsonl", [THINKING_CHAT]))
    assert texts(workspace, thinking_base)[0][1] == "2<|im_end|>4<|im_end|>"
    note = "1 row contains <think> blocks; they will be stripped (thinking: off)."
    assert note in report["notes"]
    assert any("differs from the model's own template" in note for note in report["notes"])


def test_thinking_keep_trains_the_blocks_of_the_record(tmp_path: Path, thinking_base: Path) -> None:
    workspace = Workspace(tmp_path, thinking_base)
    workspace.intake(workspace.lines("a.jsonl", [THINKING_CHAT]), thinking="keep")
    trained = texts(workspace, thinking_base)[0][1]
    assert trained == "".join(
        m["content"] + "<|im_end|>" for m in THINKING_CHAT["messages"] if m["role"] == "assistant"
    )


def test_thinking_model_makes_one_example_per_answer(tmp_path: Path, thinking_base: Path) -> None:
    workspace = Workspace(tmp_path, thinking_base)
    report = workspace.intake(workspace.lines("a.jsonl", [THINKING_CHAT]), thinking="model")
    assert report["accepted"] == 1
    (_, first), (whole, second) = texts(workspace, thinking_base)
    assert first == "<think>\none\n</think>\n\n2<|im_end|>"
    assert second == "<think>\ntwo\n</think>\n\n4<|im_end|>"
    assert "one" not in whole, "the model's template drops earlier thinking"


def test_roles_that_cannot_be_rendered_are_rejected_by_row(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    tool = {"role": "tool", "content": "42"}
    records = [
        chat("a?", "b"),
        {"messages": [*chat("c?", "d")["messages"], tool]},
        {"messages": [{"role": "observation", "content": "x"}, *chat("e?", "f")["messages"]]},
        json.loads('{"messages":[{"role":"user","content":"g"},{"role":"assistant","content":"h",'
                   '"tool_calls":[{"id":1}]}]}'),
    ]  # fmt: skip
    report = workspace.intake(workspace.lines("a.jsonl", records))
    assert workspace.rejected() == [(n, "role_not_rendered") for n in (2, 3, 4)]
    assert (report["verdict"], report["decision"]) == ("needs_decision", "accept_valid_rows")
