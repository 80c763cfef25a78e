"""One record to its training examples: rendered text, spans, and the question as it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .base import BaseTexts
from .template import Message, Rendered, TemplateRefused
from .thinking import Thinking, has_thinking, without_thinking


@dataclass(frozen=True)
class RenderedRow:
    """`examples`: usually one; one per answer where a template is not prefix-preserving.
    `prompt` and `expected` belong to the last answer."""

    examples: tuple[Rendered, ...]
    prompt: str
    expected: str
    thinking_removed: bool


def _drop_end(text: str, end_tokens: Sequence[str]) -> str:
    for token in end_tokens:
        if token and text.endswith(token):
            return text[: -len(token)]
    return text


def _prepared(messages: Sequence[Message], thinking: Thinking) -> tuple[list[Message], bool]:
    if thinking != "off":
        return list(messages), False
    removed = False
    prepared: list[Message] = []
    for message in messages:
        if message["role"] == "assistant" and has_thinking(message["content"]):
            removed = True
            prepared.append({**message, "content": without_thinking(message["content"])})
        else:
            prepared.append(message)
    return prepared, removed


def _as_the_model_does(base: BaseTexts, messages: Sequence[Message]) -> tuple[Rendered, ...]:
    """`thinking: model`: the model's own template, one example per answer unless each answer's
    rendering is a prefix of the next one's."""
    examples: list[Rendered] = []
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = base.own.text(messages[:index], add_generation_prompt=True)
        full = base.own.text(messages[: index + 1])
        if not full.startswith(prompt):
            raise TemplateRefused("The model's template rewrites the question once it is answered")
        ends = [
            found + len(token)
            for token in base.end_tokens
            if (found := full.rfind(token, len(prompt))) >= 0
        ]
        if not ends:
            raise TemplateRefused("The model's template ends an answer without a special token")
        end = max(ends)
        examples.append(Rendered(full, ((len(prompt), end),)))
    if all(later.text.startswith(earlier.text) for earlier, later in pairwise(examples)):
        spans = tuple(example.spans[0] for example in examples)
        return (Rendered(examples[-1].text, spans),)
    return tuple(examples)


def render_messages(
    base: BaseTexts, messages: Sequence[Message], thinking: Thinking
) -> RenderedRow:
    """Raises `TemplateRefused` where the template cannot render the record."""
    prepared, removed = _prepared(messages, thinking)
    if thinking == "model":
        examples = _as_the_model_does(base, prepared)
    else:
        examples = (base.training.render(prepared),)
    last = examples[-1]
    if not last.spans:
        raise TemplateRefused("The training template marks no answer in this record")
    start, end = last.spans[-1]
    return RenderedRow(
        examples=examples,
        prompt=last.text[:start],
        expected=_drop_end(last.text[start:end], base.end_tokens),
        thinking_removed=removed,
    )


def render_question(base: BaseTexts, messages: Sequence[Message], thinking: Thinking) -> str:
    """The prompt for the last answer of `messages`, as training rendered it."""
    template = base.own if thinking == "model" else base.training
    prepared, _ = _prepared(messages, thinking)
    return template.text(prepared, add_generation_prompt=True)


def first_turn_difference(
    base: BaseTexts, messages: Sequence[Message], thinking: Thinking
) -> str | None:
    """What differs between what is trained and the model's own template up to the first answer;
    null when they are equal."""
    if thinking == "model":
        return None
    messages, _ = _prepared(messages, thinking)
    end = next(
        (index for index, message in enumerate(messages) if message["role"] == "assistant"), None
    )
    if end is None:
        return None
    part = list(messages[: end + 1])
    try:
        own = base.own.text(part)
        training = base.training.text(part)
    except TemplateRefused as error:
        return f"the model's own template refuses it: {error}"
    if own == training:
        return None
    place = next(
        (i for i, (a, b) in enumerate(zip(own, training, strict=False)) if a != b),
        min(len(own), len(training)),
    )
    return (
        f"from character {place}: the model's own template has {own[place : place + 60]!r}, "
        f"the training template has {training[place : place + 60]!r}"
    )
