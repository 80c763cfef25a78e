"""A second implementation of formats, templates and labels, from their public definitions. It
shares nothing with the program but the tokenizer's file: no product module is imported here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

Turn = tuple[str, str]
Piece = tuple[str, bool]

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
# The rules of Qwen3's template that matter here: the thought of an answer is kept only behind the
# last question, and the answers there get an (empty) block when they have none.
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
    """The conversation that a record of this format is."""
    system = [("system", record["system"])] if record.get("system") else []
    if form == "messages":
        found: list[Turn] = []
        for message in record["messages"]:
            content = message["content"]
            if isinstance(content, list):
                content = "".join(part["text"] for part in content)
            found.append((message["role"], content))
        return found
    if form == "conversations":
        names = {"human": "user", "gpt": "assistant"}
        said: list[Turn] = []
        for one in record["conversations"]:
            speaker = str(one["from"])
            said.append((names.get(speaker, speaker), one["value"]))
        return system + said
    if form == "instruction":
        asked = record["instruction"]
        if record.get("input"):
            asked = asked + "\n" + record["input"]
        pairs = [*record.get("history", []), [asked, record["output"]]]
        return system + [turn for q, a in pairs for turn in (("user", q), ("assistant", a))]
    keys = {
        "question_answer": ("question", "answer"),
        "prompt_completion": ("prompt", "completion"),
        "prompt_response": ("prompt", "response"),
        "columns": ("asked", "said"),
    }[form]
    return [("user", record[keys[0]]), ("assistant", record[keys[1]])]


def split_thought(answer: str) -> tuple[str | None, str]:
    found = re.match(r"\s*<think>(.*?)</think>\s*", answer, re.DOTALL)
    return (None, answer) if found is None else (found.group(1), answer[found.end() :])


def chatml(turns: Iterable[Turn], first_system: str | None) -> list[Piece]:
    turns = list(turns)
    pieces: list[Piece] = []
    if first_system is not None and turns[0][0] != "system":
        pieces.append((f"<|im_start|>system\n{first_system}<|im_end|>\n", False))
    for role, content in turns:
        pieces.append((f"<|im_start|>{role}\n", False))
        pieces.append((f"{content}<|im_end|>", role == "assistant"))
        pieces.append(("\n", False))
    return pieces


def as_qwen3(turns: list[Turn]) -> list[list[Piece]]:
    """One example for each answer: all before it as the template shows it then."""
    examples: list[list[Piece]] = []
    for index, (role, content) in enumerate(turns):
        if role != "assistant":
            continue
        before = [(r, split_thought(c)[1] if r == "assistant" else c) for r, c in turns[:index]]
        thought, body = split_thought(content)
        shown = "" if thought is None else thought.strip("\n")
        pieces = [(text, False) for text, _ in chatml(before, None)]
        pieces.append(("<|im_start|>assistant\n", False))
        pieces.append((f"<think>\n{shown}\n</think>\n\n{body}<|im_end|>", True))
        pieces.append(("\n", False))
        examples.append(pieces)
    return examples


def pieces_of(template: str, turns: list[Turn], thinking: str) -> list[list[Piece]]:
    if template == "thinking" and thinking == "model":
        return as_qwen3(turns)
    if thinking == "off":
        turns = [(r, split_thought(c)[1] if r == "assistant" else c) for r, c in turns]
    return [chatml(turns, SMOLLM2_SYSTEM if template == "smollm2" else None)]


def table(tokenizer: Tokenizer, pieces: list[Piece]) -> list[tuple[int, int]]:
    """(token id, is a target) for every token: a target when one of its characters is trained; the
    first token has nothing before it."""
    trained = [flag for piece, flag in pieces for _ in piece]
    encoding = tokenizer.encode("".join(piece for piece, _ in pieces), add_special_tokens=False)
    labels = [int(any(trained[start:end])) for start, end in encoding.offsets]
    return list(zip(encoding.ids, [0, *labels[1:]], strict=True))


def text_tables(
    tokenizer: Tokenizer, text: str, end: int, max_length: int
) -> list[list[tuple[int, int]]]:
    """Raw text: everything behind the first token is a target, once, the end of text too; a piece
    begins with the last token of the one before it."""
    ids = [*tokenizer.encode(text, add_special_tokens=False).ids, end]
    found = [[(token, int(place > 0)) for place, token in enumerate(ids[:max_length])]]
    place = max_length - 1
    while place < len(ids) - 1:
        part = ids[place : place + max_length]
        found.append([(token, int(at > 0)) for at, token in enumerate(part)])
        place += max_length - 1
    return found


def plain_tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
