"""Makes a *training template* from a model's own chat template.

Most chat templates do not mark what the model is to produce, some add or drop text depending on
where a turn stands. The training template has literal pieces around each message and
`{% generation %}` around each answer with its end-of-turn token. The pieces are read off
renderings of probe messages, so this works for every template that wraps messages in fixed text
(ChatML, Llama 3, Zephyr, Gemma, Phi ...). What it cannot read it refuses; it never guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .template import ChatTemplate, TemplateRefused

SYSTEM, USER_ONE, ANSWER_ONE, USER_TWO, ANSWER_TWO = (
    "Qsystemq",
    "Quseroneq",
    "Qansweroneq",
    "Qusertwoq",
    "Qanswertwoq",
)


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _between(text: str, marks: Sequence[str]) -> list[str]:
    """The literal pieces before, between and after the marks, in order."""
    pieces: list[str] = []
    rest = text
    for mark in marks:
        before, found, rest = rest.partition(mark)
        if not found:
            raise TemplateRefused(f"The chat template drops the message {mark!r}")
        pieces.append(before)
    pieces.append(rest)
    return pieces


@dataclass(frozen=True)
class Pieces:
    head: str
    system: tuple[str, str] | None
    user: tuple[str, str]
    answer_start: str
    answer_end: str
    answer_rest: str
    trims: bool


def _end_of_turn(suffix: str, special_tokens: Sequence[str]) -> tuple[str, str]:
    """Splits the text after an answer behind its end-of-turn token."""
    found = [
        (suffix.index(token) + len(token)) for token in special_tokens if token and token in suffix
    ]
    if not found:
        raise TemplateRefused("The chat template ends an answer without a special token")
    cut = min(found)
    return suffix[:cut], suffix[cut:]


def read_pieces(template: ChatTemplate, special_tokens: Sequence[str]) -> Pieces:
    user, answer = _message("user", USER_ONE), _message("assistant", ANSWER_ONE)
    both = [user, answer, _message("user", USER_TWO), _message("assistant", ANSWER_TWO)]
    head, middle, turn, _last, _tail = _between(
        template.text(both), [USER_ONE, ANSWER_ONE, USER_TWO, ANSWER_TWO]
    )
    user_end = _between(template.text([user]), [USER_ONE])[1]
    answer_suffix = _between(template.text([user, answer]), [USER_ONE, ANSWER_ONE])[2]
    if not middle.startswith(user_end) or not turn.startswith(answer_suffix):
        raise TemplateRefused("The chat template wraps a message differently by what follows it")
    user_start = turn[len(answer_suffix) :]
    if not head.endswith(user_start):
        raise TemplateRefused("The chat template wraps the first question differently")
    answer_end, answer_rest = _end_of_turn(answer_suffix, special_tokens)
    system: tuple[str, str] | None = None
    try:
        before, after, _ = _between(
            template.text([_message("system", SYSTEM), user]), [SYSTEM, USER_ONE]
        )
        if after.endswith(user_start):
            system = (before, after[: len(after) - len(user_start)])
    except TemplateRefused:
        system = None
    padded = template.text([_message("user", f" {USER_ONE} "), answer])
    return Pieces(
        head=head[: len(head) - len(user_start)],
        system=system,
        user=(user_start, user_end),
        answer_start=middle[len(user_end) :],
        answer_end=answer_end,
        answer_rest=answer_rest,
        trims=f" {USER_ONE} " not in padded,
    )


def _literal(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii").replace("'", "\\'")
    return f"'{escaped}'"


def training_source(pieces: Pieces) -> str:
    """The Jinja source: every piece is a literal, nothing depends on what follows."""
    content = "message['content']" + (" | trim" if pieces.trims else "")
    lines = [
        "{%- for message in messages -%}",
        "{%- if loop.first and message['role'] != 'system' -%}",
        f"{{{{- {_literal(pieces.head)} -}}}}",
        "{%- endif -%}",
        "{%- if message['role'] == 'user' -%}",
        f"{{{{- {_literal(pieces.user[0])} ~ ({content}) ~ {_literal(pieces.user[1])} -}}}}",
        "{%- elif message['role'] == 'assistant' -%}",
        f"{{{{- {_literal(pieces.answer_start)} -}}}}",
        "{%- generation -%}",
        f"{{{{- ({content}) ~ {_literal(pieces.answer_end)} -}}}}",
        "{%- endgeneration -%}",
        f"{{{{- {_literal(pieces.answer_rest)} -}}}}",
    ]
    if pieces.system is not None:
        start, end = pieces.system
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
        f"{{{{- {_literal(pieces.answer_start)} -}}}}",
        "{%- endif -%}",
    ]
    return "\n".join(lines) + "\n"


def derive_training_template(own: ChatTemplate, special_tokens: Sequence[str]) -> str:
    """The source of the training template; `TemplateRefused` where it cannot be derived.

    A template that has markers already is taken as it is.
    """
    if own.has_markers:
        return own.source
    return training_source(read_pieces(own, special_tokens))
