"""A sandboxed Jinja environment with the settings that chat templates are written for.

transformers is not imported here, so that the intake worker starts in about a second. The settings
(trim_blocks, lstrip_blocks, loop controls, `raise_exception`, `tojson`, `strftime_now`, the
`{% generation %}` tag) are those of `transformers.utils.chat_template_utils`; a test compares both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Items of a text or list that `*` makes.
MAX_REPEATED = 1_000_000


class GenerationTag(jinja2.ext.Extension):
    """`{% generation %}...{% endgeneration %}`: text that the model generates."""

    tags = {"generation"}  # noqa: RUF012 - declared so in the base class

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("_mark", [jinja2.nodes.ContextReference()])
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _mark(self, context: jinja2.runtime.Context, caller: Callable[[], str]) -> str:
        text = caller()
        marks = context.get("generation_marks")
        if marks is not None:
            marks.begin(len(text))
        return text


class GenerationMarks:
    """Collects the character ranges of the generation blocks of one rendering."""

    def __init__(self) -> None:
        self.written = 0
        self.spans: list[tuple[int, int]] = []

    def begin(self, length: int) -> None:
        self.spans.append((self.written, self.written + length))


def _raise_exception(message: str) -> None:
    raise jinja2.exceptions.TemplateError(message)


def _tojson(
    value: Any,  # noqa: ANN401 - any value in a template
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Without the operators that need gigabytes or hours for a few characters of source."""

    intercepted_binops = frozenset(("*", "**"))

    def call_binop(
        self,
        context: jinja2.runtime.Context,
        operator: str,
        left: Any,  # noqa: ANN401 - any value in a template
        right: Any,  # noqa: ANN401 - any value in a template
    ) -> Any:  # noqa: ANN401 - any value in a template
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" and not (numbers and abs(left) < 2**32 and abs(right) <= 64):
            raise jinja2.exceptions.SecurityError("`**` only takes small numbers")
        if operator == "*" and not numbers and _repeated(left, right) > MAX_REPEATED:
            raise jinja2.exceptions.SecurityError(f"`*` repeats to more than {MAX_REPEATED:,}")
        return super().call_binop(context, operator, left, right)


def _repeated(left: Any, right: Any) -> int:  # noqa: ANN401 - any value in a template
    """The length of a text or list that is repeated."""
    count, value = (left, right) if isinstance(left, int) else (right, left)
    return len(value) * count if hasattr(value, "__len__") and isinstance(count, int) else 0


def template_environment(strftime_now: Callable[[str], str]) -> ImmutableSandboxedEnvironment:
    """`strftime_now`: formats what the templates take as the current time."""
    environment = BoundedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[GenerationTag, jinja2.ext.loopcontrols],
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = strftime_now
    return environment
