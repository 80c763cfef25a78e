"""From a record to its training examples: rendered text, spans, and the prompt of the question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .base import PreparedBase
from .control_tokens import ControlTokenPolicy
from .end_of_turn import with_end_of_turn
from .template import Message, Rendered, TemplateRefused
from .thinking import Thinking, has_thinking, without_thinking

# Characters that a difference between two templates shows.
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class RenderedRow:
    """`examples`: usually one; one per answer where the template is not prefix-preserving.
    `prompt` and `expected` are those of the last trained answer."""

    examples: tuple[Rendered, ...]
    prompt: str
    expected: str
    thinking_removed: bool


def _without_end_token(text: str, base: PreparedBase) -> str:
    extension = "" if base.end_of_turn is None else base.end_of_turn.extension
    for token in (extension, *base.end_tokens):
        if token and text.endswith(token):
            return text[: -len(token)]
    return text


def _apply_thinking(messages: Sequence[Message], thinking: Thinking) -> tuple[list[Message], bool]:
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


def _render_with_chat_template(
    base: PreparedBase, messages: Sequence[Message], untrained: Collection[int]
) -> tuple[Rendered, ...]:
    """`thinking: model`: the model's own chat template. One example per trained answer, unless the
    rendering up to each answer is a prefix of the next."""
    examples: list[Rendered] = []
    trained: list[bool] = []
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = base.chat_template.text(messages[:index], add_generation_prompt=True)
        full = base.chat_template.text(messages[: index + 1])
        if not full.startswith(prompt):
            raise TemplateRefused(
                "The model's chat template changes the prompt once the answer is added"
            )
        ends = [
            found + len(token)
            for token in base.end_tokens
            if (found := full.rfind(token, len(prompt))) >= 0
        ]
        if not ends:
            raise TemplateRefused(
                "The model's chat template does not end an answer with a special token"
            )
        end = max(ends)
        examples.append(Rendered(full, ((len(prompt), end),)))
        trained.append(index not in untrained)
    if all(later.text.startswith(earlier.text) for earlier, later in pairwise(examples)):
        spans = tuple(
            example.spans[0] for example, kept in zip(examples, trained, strict=True) if kept
        )
        return (Rendered(examples[-1].text, spans),) if spans else ()
    return tuple(example for example, kept in zip(examples, trained, strict=True) if kept)


def _without_untrained(
    rendered: Rendered, messages: Sequence[Message], untrained: Collection[int]
) -> Rendered:
    """The same text without the spans of the messages that are not trained."""
    if not untrained:
        return rendered
    answers = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    if len(answers) != len(rendered.spans):
        raise TemplateRefused(
            "It marks its answers in a way that doesn't show which of them is not to be trained"
        )
    kept = zip(answers, rendered.spans, strict=True)
    return Rendered(rendered.text, tuple(span for index, span in kept if index not in untrained))


def render_messages(
    base: PreparedBase,
    messages: Sequence[Message],
    thinking: Thinking,
    control_tokens: ControlTokenPolicy = "encode",
    untrained: Collection[int] = (),
) -> RenderedRow:
    """`untrained`: indexes of assistant messages that are only context. Raises `TemplateRefused`
    where the template can't render the record."""
    prepared, removed = _apply_thinking(messages, thinking)
    if control_tokens == "text":
        prepared = base.control_tokens.mark(prepared)
    if thinking == "model":
        examples = _render_with_chat_template(base, prepared, untrained)
    else:
        rendered = _render_for_training(base, prepared)
        examples = (_without_untrained(rendered, prepared, untrained),)
    if control_tokens == "text":
        examples = tuple(base.control_tokens.unmark(example) for example in examples)
    last = examples[-1] if examples else Rendered("", ())
    if not last.spans:
        raise TemplateRefused("The training template marks no answer in this record")
    start, end = last.spans[-1]
    return RenderedRow(
        examples=examples,
        prompt=last.text[:start],
        expected=_without_end_token(last.text[start:end], base),
        thinking_removed=removed,
    )


def _render_for_training(base: PreparedBase, messages: Sequence[Message]) -> Rendered:
    rendered = base.training_template.render(messages)
    if base.end_of_turn is None:
        raise TemplateRefused("The training template leaves out the end-of-turn token")
    if not base.end_of_turn.extension:
        return rendered
    answers = sum(1 for message in messages if message["role"] == "assistant")
    return with_end_of_turn(rendered, base.end_of_turn, answers)


def render_question(base: PreparedBase, messages: Sequence[Message], thinking: Thinking) -> str:
    """The prompt for an answer to `messages`, as training rendered it."""
    template = base.chat_template if thinking == "model" else base.training_template
    prepared, _ = _apply_thinking(messages, thinking)
    return template.text(prepared, add_generation_prompt=True)


def first_turn_difference(
    base: PreparedBase, messages: Sequence[Message], thinking: Thinking
) -> str | None:
    """Describes how the training template and the model's own chat template differ up to the first
    answer; None when both render the same text."""
    if thinking == "model":
        return None
    messages, _ = _apply_thinking(messages, thinking)
    end = next(
        (index for index, message in enumerate(messages) if message["role"] == "assistant"), None
    )
    if end is None:
        return None
    first_turn = list(messages[: end + 1])
    try:
        chat_text = base.chat_template.text(first_turn)
        training_text = base.training_template.text(first_turn)
    except TemplateRefused as error:
        return f"the model's own chat template can't render it: {error}"
    if chat_text == training_text:
        return None
    position = next(
        (i for i, (a, b) in enumerate(zip(chat_text, training_text, strict=False)) if a != b),
        min(len(chat_text), len(training_text)),
    )
    shown = slice(position, position + SHOWN_CHARACTERS)
    return (
        f"at character {position} the model's own template has {chat_text[shown]!r}, "
        f"the training template {training_text[shown]!r}"
    )
