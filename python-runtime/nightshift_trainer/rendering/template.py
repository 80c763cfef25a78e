"""Chat templates: from messages to text and the character spans of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2

from .environment import GenerationMarks, template_environment

Message = Mapping[str, str]


class TemplateRefused(Exception):
    """The template can't render these messages; the message says why, without a final period."""

    category = "template_error"


@dataclass(frozen=True)
class Rendered:
    """`spans`: half-open character ranges of `text` that the model generates."""

    text: str
    spans: tuple[tuple[int, int], ...]


class ChatTemplate:
    """A Jinja chat template with the special tokens that it may name."""

    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        self.source = source
        self._special_tokens = dict(special_tokens)
        try:
            self._template = template_environment().from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateRefused(f"The chat template can't be parsed: {error}") from error

    @property
    def has_markers(self) -> bool:
        return "endgeneration" in self.source

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = False) -> Rendered:
        marks = GenerationMarks()
        blocks: list[str] = []
        try:
            for block in self._template.generate(
                messages=list(messages),
                tools=None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                generation_marks=marks,
                **self._special_tokens,
            ):
                blocks.append(block)
                marks.written += len(block)
        except (jinja2.TemplateError, TypeError, KeyError, ValueError) as error:
            raise TemplateRefused(str(error) or type(error).__name__) from error
        return Rendered("".join(blocks), tuple(marks.spans))

    def text(self, messages: Sequence[Message], add_generation_prompt: bool = False) -> str:
        return self.render(messages, add_generation_prompt).text
