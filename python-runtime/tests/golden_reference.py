"""A second implementation of formats, templates and labels, from their public definitions. It has
only the tokenizer file in common with the product: no product module is imported here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

Turn = tuple[str, str]
# Text, and whether it is trained.
Segment = tuple[str, bool]

# https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct, tokenizer_config.json
SMOLLM2_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SMOLLM2_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
# The rules of Qwen3's template that matter here: only answers after the last user message keep
# their thinking, and they get an empty block if they have none.
THINKING_TEMPLATE = """{%- set ns = namespace(last=0) -%}
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


def turns_of(form: str, record: dict[str, Any]) -> list[Turn]:
    """The conversation in a record of this format."""
    system = [("system", record["system"])] if record.get("system") else []
    if form == "messages":
        turns: list[Turn] = []
        for message in record["messages"]:
            content = message["content"]
            if isinstance(content, list):
                content = "".join(part["text"] for part in content)
            turns.append((message["role"], content))
        return turns
    if form == "conversations":
        names = {"human": "user", "gpt": "assistant"}
        turns: list[Turn] = []
        for message in record["conversations"]:
            role = str(message["from"])
            turns.append((names.get(role, role), message["value"]))
        return system + turns
    if form == "instruction":
        prompt = record["instruction"]
        if record.get("input"):
            prompt = prompt + "\n" + record["input"]
        pairs = [*record.get("history", []), [prompt, record["output"]]]
        return system + [turn for q, a in pairs for turn in (("user", q), ("assistant", a))]
    keys = {
        "question_answer": ("question", "answer"),
        "prompt_completion": ("prompt", "completion"),
        "prompt_response": ("prompt", "response"),
        "columns": ("request", "reply"),
    }[form]
    return [("user", record[keys[0]]), ("assistant", record[keys[1]])]


def split_thinking(answer: str) -> tuple[str | None, str]:
    found = re.match(r"\s*<think>(.*?)</think>\s*", answer, re.DOTALL)
    return (None, answer) if found is None else (found.group(1), answer[found.end() :])


def chatml(turns: Iterable[Turn], first_system: str | None) -> list[Segment]:
    turns = list(turns)
    segments: list[Segment] = []
    if first_system is not None and turns[0][0] != "system":
        segments.append((f"<|im_start|>system\n{first_system}<|im_end|>\n", False))
    for role, content in turns:
        segments.append((f"<|im_start|>{role}\n", False))
        segments.append((f"{content}<|im_end|>", role == "assistant"))
        segments.append(("\n", False))
    return segments


def as_qwen3(turns: list[Turn]) -> list[list[Segment]]:
    """One example per answer, with everything before it as the template renders it then."""
    examples: list[list[Segment]] = []
    for index, (role, content) in enumerate(turns):
        if role != "assistant":
            continue
        before = [(r, split_thinking(c)[1] if r == "assistant" else c) for r, c in turns[:index]]
        thinking, body = split_thinking(content)
        block = "" if thinking is None else thinking.strip("\n")
        segments = [(text, False) for text, _ in chatml(before, None)]
        segments.append(("<|im_start|>assistant\n", False))
        segments.append((f"<think>\n{block}\n</think>\n\n{body}<|im_end|>", True))
        segments.append(("\n", False))
        examples.append(segments)
    return examples


def examples_of(template: str, turns: list[Turn], thinking: str) -> list[list[Segment]]:
    if template == "thinking" and thinking == "model":
        return as_qwen3(turns)
    if thinking == "off":
        turns = [(r, split_thinking(c)[1] if r == "assistant" else c) for r, c in turns]
    return [chatml(turns, SMOLLM2_SYSTEM if template == "smollm2" else None)]


def table(tokenizer: Tokenizer, segments: list[Segment]) -> list[tuple[int, int]]:
    """(token id, is a target) for every token. A token is a target if one of its characters is
    trained; the first token is none, as nothing precedes it."""
    trained = [flag for text, flag in segments for _ in text]
    encoding = tokenizer.encode("".join(text for text, _ in segments), add_special_tokens=False)
    labels = [int(any(trained[start:end])) for start, end in encoding.offsets]
    return list(zip(encoding.ids, [0, *labels[1:]], strict=True))


def text_tables(
    tokenizer: Tokenizer, text: str, end: int, max_length: int
) -> list[list[tuple[int, int]]]:
    """Raw text: every token but the first is a target once, the end of text included; each window
    begins with the last token of the one before."""
    ids = [*tokenizer.encode(text, add_special_tokens=False).ids, end]
    tables = [[(token, int(index > 0)) for index, token in enumerate(ids[:max_length])]]
    start = max_length - 1
    while start < len(ids) - 1:
        window = ids[start : start + max_length]
        tables.append([(token, int(index > 0)) for index, token in enumerate(window)])
        start += max_length - 1
    return tables


def plain_tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
