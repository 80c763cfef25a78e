"""Chat templates: from messages to text and the character spans of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import jinja2
import jinja2.nodes

from .environment import GenerationMarks, template_environment

Message = Mapping[str, str]


class TemplateRefused(Exception):
    """The template can't render these messages; the message says why, without a final period."""

    category = "template_error"


@dataclass(frozen=True)
class Rendered:
    """`spans`: half-open character ranges of `text` that the model generates; `plain`: those of
    control tokens that are encoded as text."""

    text: str
    spans: tuple[tuple[int, int], ...]
    plain: tuple[tuple[int, int], ...] = ()


class ChatTemplate:
    """A Jinja chat template with the special tokens that it may name. `date`: the current time for
    `strftime_now`, or what answers for it."""

    def __init__(
        self,
        source: str,
        special_tokens: Mapping[str, str],
        date: datetime | Callable[[str], str] | None = None,
    ) -> None:
        self.source = source
        self._special_tokens = dict(special_tokens)
        moment = datetime.now() if date is None else date
        strftime = moment.strftime if isinstance(moment, datetime) else moment
        self._environment = template_environment(strftime)
        try:
            self._template = self._environment.from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateRefused(f"The chat template can't be parsed: {error}") from error

    @property
    def has_markers(self) -> bool:
        return "endgeneration" in self.source

    @property
    def has_date(self) -> bool:
        return "strftime_now" in self.source

    def on(self, date: datetime | Callable[[str], str]) -> ChatTemplate:
        """The same template at another time."""
        return ChatTemplate(self.source, self._special_tokens, date)

    def literal_text(self) -> str:
        """The literal strings of the source, joined so that no search matches across two."""
        tree = self._environment.parse(self.source)
        literals = [node.data for node in tree.find_all(jinja2.nodes.TemplateData)]
        constants = [node.value for node in tree.find_all(jinja2.nodes.Const)]
        return "\0".join([*literals, *(text for text in constants if isinstance(text, str))])

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
