"""Derives a *training template* from a model's own chat template.

Most chat templates do not mark what the model generates, and some add or drop text depending on
where a turn stands. The training template has literal text around each message, and
`{% generation %}` around each answer and its end-of-turn token. The literals are taken from
renderings of probe messages, so this works for every template that wraps messages in fixed text
(ChatML, Llama 3, Zephyr, Gemma, Phi ...). A template that does not is refused, never guessed.

A template may write the current date. Probes are rendered with a placeholder for it, so that the
training template asks for the date when it is rendered instead of repeating that of its creation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .end_of_turn import find_end_of_turn
from .template import ChatTemplate, TemplateRefused

SYSTEM, USER_1, ANSWER_1, USER_2, ANSWER_2 = (
    "Qsystemq",
    "Quseroneq",
    "Qansweroneq",
    "Qusertwoq",
    "Qanswertwoq",
)

# Private-use characters around the pattern that the template gave to `strftime_now`.
_DATE_START, _DATE_END = "\ue0f2", "\ue0f3"
_DATE = re.compile(f"{_DATE_START}([^{_DATE_END}]*){_DATE_END}")


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _between(text: str, probes: Sequence[str]) -> list[str]:
    """The literal text before, between and after the probes, in order."""
    literals: list[str] = []
    rest = text
    for probe in probes:
        before, found, rest = rest.partition(probe)
        if not found:
            raise TemplateRefused(f"The chat template leaves out a message (probe {probe!r})")
        literals.append(before)
    literals.append(rest)
    return literals


@dataclass(frozen=True)
class Literals:
    """The fixed text around messages. `system` and `user`: before and after the content;
    `answer_rest`: what follows the end-of-turn token; `trims`: the template strips content."""

    head: str
    system: tuple[str, str] | None
    user: tuple[str, str]
    answer_start: str
    answer_end: str
    answer_rest: str
    trims: bool


def _split_after_end_of_turn(suffix: str, special_tokens: Sequence[str]) -> tuple[str, str]:
    """Splits the text that follows an answer after its end-of-turn token."""
    ends = [
        (suffix.index(token) + len(token)) for token in special_tokens if token and token in suffix
    ]
    if not ends:
        raise TemplateRefused("The chat template does not end an answer with a special token")
    cut = min(ends)
    return suffix[:cut], suffix[cut:]


def read_literals(template: ChatTemplate, special_tokens: Sequence[str]) -> Literals:
    user, answer = _message("user", USER_1), _message("assistant", ANSWER_1)
    two_turns = [user, answer, _message("user", USER_2), _message("assistant", ANSWER_2)]
    head, middle, turn, _last, _tail = _between(
        template.text(two_turns), [USER_1, ANSWER_1, USER_2, ANSWER_2]
    )
    user_end = _between(template.text([user]), [USER_1])[1]
    answer_suffix = _between(template.text([user, answer]), [USER_1, ANSWER_1])[2]
    if not middle.startswith(user_end) or not turn.startswith(answer_suffix):
        raise TemplateRefused(
            "The chat template renders a message differently depending on what follows it"
        )
    user_start = turn[len(answer_suffix) :]
    if not head.endswith(user_start):
        raise TemplateRefused("The chat template renders the first user message differently")
    answer_end, answer_rest = _split_after_end_of_turn(answer_suffix, special_tokens)
    padded = template.text([_message("user", f" {USER_1} "), answer])
    return Literals(
        head=head[: len(head) - len(user_start)],
        system=_system_literals(template, user, user_start),
        user=(user_start, user_end),
        answer_start=middle[len(user_end) :],
        answer_end=answer_end,
        answer_rest=answer_rest,
        trims=f" {USER_1} " not in padded,
    )


def _system_literals(
    template: ChatTemplate, user: dict[str, str], user_start: str
) -> tuple[str, str] | None:
    """None where the template does not render a system message."""
    try:
        before, after, _ = _between(
            template.text([_message("system", SYSTEM), user]), [SYSTEM, USER_1]
        )
    except TemplateRefused:
        return None
    if not after.endswith(user_start):
        return None
    return before, after[: len(after) - len(user_start)]


def _literal(text: str) -> str:
    """A Jinja expression for fixed text, and for the dates in it."""
    parts = [
        f"strftime_now({_quoted(part)})" if index % 2 else _quoted(part)
        for index, part in enumerate(_DATE.split(text))
        if part or index == 0
    ]
    expression = " ~ ".join(parts)
    if _DATE_START in expression or _DATE_END in expression:
        raise TemplateRefused("The chat template changes the text of the current date")
    return expression


def _quoted(text: str) -> str:
    escaped = "".join(
        character
        if character in (_DATE_START, _DATE_END)
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    ).replace("'", "\\'")
    return f"'{escaped}'"


def training_source(literals: Literals) -> str:
    """The Jinja source. Nothing in it depends on what follows a message.

    Its bytes are the `template_hash` of every token cache: a change of any text below, the message
    of `raise_exception` included, invalidates the caches and checkpoints of existing workspaces."""
    content = "message['content']" + (" | trim" if literals.trims else "")
    lines = [
        "{%- for message in messages -%}",
        "{%- if loop.first and message['role'] != 'system' -%}",
        f"{{{{- {_literal(literals.head)} -}}}}",
        "{%- endif -%}",
        "{%- if message['role'] == 'user' -%}",
        f"{{{{- {_literal(literals.user[0])} ~ ({content}) ~ {_literal(literals.user[1])} -}}}}",
        "{%- elif message['role'] == 'assistant' -%}",
        f"{{{{- {_literal(literals.answer_start)} -}}}}",
        "{%- generation -%}",
        f"{{{{- ({content}) ~ {_literal(literals.answer_end)} -}}}}",
        "{%- endgeneration -%}",
        f"{{{{- {_literal(literals.answer_rest)} -}}}}",
    ]
    if literals.system is not None:
        start, end = literals.system
        lines += [
            "{%- elif message['role'] == 'system' and loop.first -%}",
            f"{{{{- {_literal(start)} ~ ({content}) ~ {_literal(end)} -}}}}",
        ]
    lines += [
        "{%- else -%}",
        "{{- raise_exception('The template cannot render the role ' ~ message['role']) -}}",
        "{%- endif -%}",
        "{%- endfor -%}",
        "{%- if add_generation_prompt -%}",
        f"{{{{- {_literal(literals.answer_start)} -}}}}",
        "{%- endif -%}",
    ]
    return "\n".join(lines) + "\n"


def derive_training_template(chat_template: ChatTemplate, special_tokens: Sequence[str]) -> str:
    """The source of the training template. Raises `TemplateRefused` where it can't be derived.

    A template that already marks generation is used unchanged, if its markers enclose the answers
    and an end-of-turn token is in them or follows them.
    """
    if chat_template.has_markers:
        find_end_of_turn(chat_template, special_tokens)
        return chat_template.source
    dated = chat_template.on(lambda pattern: f"{_DATE_START}{pattern}{_DATE_END}")
    return training_source(read_literals(dated, special_tokens))
