"""The end-of-turn token of a training template, which must be a target: a model that was never
trained to end its answer doesn't stop.

A derived template marks it. A template with generation markers of its own may mark the answer only
and write the token behind it; then the span of each answer is extended to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .template import ChatTemplate, Message, Rendered, TemplateRefused

QUESTION, ANSWER = "Qquestionq", "Qanswerq"
_PROBE: tuple[Message, ...] = (
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": ANSWER},
)


@dataclass(frozen=True)
class EndOfTurn:
    """`token`: ends an answer. `extension`: what spans are extended by, whitespace before the token
    included; empty when the template's spans contain the token."""

    token: str
    extension: str


def _first_token(text: str, tokens: Sequence[str]) -> tuple[int, str] | None:
    """The earliest of the tokens in the text, of several at one place the longest."""
    found = [(text.index(token), -len(token), token) for token in tokens if token and token in text]
    if not found:
        return None
    start, _, token = min(found)
    return start, token


def find_end_of_turn(template: ChatTemplate, special_tokens: Sequence[str]) -> EndOfTurn:
    """Raises `TemplateRefused` where no end-of-turn token can be trained."""
    rendered = template.render(_PROBE)
    spans = [span for span in rendered.spans if ANSWER in rendered.text[slice(*span)]]
    if not spans:
        raise TemplateRefused("The chat template's generation markers don't enclose the answer")
    start, end = spans[-1]
    answer = rendered.text[start:end]
    inside = _first_token(answer[answer.index(ANSWER) + len(ANSWER) :], special_tokens)
    if inside is not None:
        return EndOfTurn(inside[1], "")
    rest = rendered.text[end:]
    behind = _first_token(rest, special_tokens)
    if behind is None or rest[: behind[0]].strip():
        raise TemplateRefused(
            "The chat template's generation markers leave out the end-of-turn token, and no "
            "special token follows them. Move {% endgeneration %} behind the end-of-turn token"
        )
    at, token = behind
    return EndOfTurn(token, rest[: at + len(token)])


def with_end_of_turn(rendered: Rendered, end: EndOfTurn, answers: int) -> Rendered:
    """Extends the spans of the answers to the end-of-turn token behind them. Raises
    `TemplateRefused` when one of the `answers` ends without it."""
    spans: list[tuple[int, int]] = []
    ended = 0
    for start, stop in rendered.spans:
        if rendered.text.startswith(end.extension, stop):
            spans.append((start, stop + len(end.extension)))
            ended += 1
        else:
            spans.append((start, stop))
    if ended < answers:
        raise TemplateRefused(f"The chat template ends an answer without {end.token}")
    return Rendered(rendered.text, tuple(spans))
