"""Chat templates: from messages to text and the character spans of the answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import jinja2.nodes

from ..limits import RENDER_CPU_SECONDS, CpuTimeReached, cpu_limit
from ..run_folder import Canceled
from .environment import GenerationMarks, template_environment

Message = Mapping[str, str]
# Of one rendering. A row of a data file has at most 16 MB.
MAX_CHARACTERS = 64 << 20


class TemplateRefused(Exception):
    """The template can't render these messages; the message says why, without a final period."""

    category = "template_error"


class TemplateTooSlow(TemplateRefused):
    """A rendering was ended after its CPU time."""


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
        with _refusals("The chat template can't be parsed: "):
            self._template = self._environment.from_string(source)

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
        with _refusals():
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
                if marks.written > MAX_CHARACTERS:
                    raise TemplateRefused(
                        f"The chat template wrote more than {MAX_CHARACTERS:,} characters"
                    )
        return Rendered("".join(blocks), tuple(marks.spans))

    def text(self, messages: Sequence[Message], add_generation_prompt: bool = False) -> str:
        return self.render(messages, add_generation_prompt).text


@contextlib.contextmanager
def _refusals(what: str = "") -> Iterator[None]:
    """Turns whatever a template from elsewhere raises into `TemplateRefused`, and ends one that
    takes too long. What the machine or the user causes goes on."""
    try:
        with cpu_limit():
            yield
    except (TemplateRefused, Canceled, MemoryError, OSError):
        raise
    except CpuTimeReached as error:
        raise TemplateTooSlow(
            f"{what}The chat template took more than {RENDER_CPU_SECONDS:.0f} s and was ended"
        ) from error
    except Exception as error:
        raise TemplateRefused(what + (str(error) or type(error).__name__)) from error
