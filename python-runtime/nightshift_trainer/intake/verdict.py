"""From counts to a verdict (`ready`, `needs_decision` or `refused`) with its message. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..wording import count_of
from .decision_messages import needed_message, think_message, unknown_message

MAX_OVER_LENGTH_FRACTION = 0.05
# Outside this range, the report points out the share of trained tokens; 0 and 1 refuse the file.
PLAUSIBLE_TRAINED_SHARE = (0.01, 0.95)

# What follows the count of rows rejected for a reason: singular, plural.
REASON_PHRASES: Mapping[str, tuple[str, str]] = {
    "not_json": ("isn't valid JSON", "aren't valid JSON"),
    "not_an_object": ("isn't a valid record", "aren't valid records"),
    "not_utf8": ("isn't valid UTF-8", "aren't valid UTF-8"),
    "line_too_long": ("is longer than 16 MiB", "are longer than 16 MiB"),
    "no_answer": ("has no answer", "have no answer"),
    "empty_answer": ("has an empty answer", "have an empty answer"),
    "empty_text": ("has an empty prompt or text", "have an empty prompt or text"),
    "wrong_type": ("has a value of the wrong type", "have a value of the wrong type"),
    "unknown_columns": ("isn't in a known format", "aren't in a known format"),
    "mixed_format": ("is in another format", "are in another format"),
    "role_not_rendered": (
        "has a role or tools that the chat template can't render",
        "have a role or tools that the chat template can't render",
    ),
    "template_error": (
        "can't be rendered by the chat template",
        "can't be rendered by the chat template",
    ),
    "over_length": ("is longer than max_length", "are longer than max_length"),
    "not_for_training": ("is marked as not for training", "are marked as not for training"),
    "unsupported_weight": (
        "has a weight that can't be used",
        "have weights that can't be used",
    ),
    "not_text": (
        "has images, audio or other content that isn't text",
        "have images, audio or other content that isn't text",
    ),
    "field_twice": ("names a field twice", "name a field twice"),
    "unreadable": ("couldn't be read", "couldn't be read"),
    "answer_lost": ("has no answer within max_length", "have no answer within max_length"),
}


@dataclass(frozen=True)
class Counts:
    """`formats`: records by recognized format; `unknown` for flat records without a mapping.
    `needed`: rows by unused field that the answer may depend on; `only_thinking`: rejected rows
    whose answer is only a think block; `preference_rows`: those of `unknown` with a chosen and a
    rejected answer."""

    rows: int
    accepted: int
    by_reason: Mapping[str, int]
    formats: Mapping[str, int]
    tokens: int
    trained_tokens: int
    needed: Mapping[str, int] = field(default_factory=dict)
    thinking_rows: int = 0
    only_thinking: int = 0
    preference_rows: int = 0


@dataclass(frozen=True)
class Verdict:
    verdict: str
    decision: str | None
    message: str | None


def record_format(formats: Mapping[str, int]) -> str | None:
    """The most frequent format; `columns` where most records are flat and not mapped."""
    if not formats:
        return None
    top = max(formats, key=lambda name: formats[name])
    return "columns" if top == "unknown" else top


def is_mixed(formats: Mapping[str, int]) -> bool:
    return sum(1 for name in formats if name != "unknown") > 1


def decide_verdict(
    counts: Counts,
    *,
    policy: str,
    max_length: int,
    mapped: bool,
    accept_valid_rows: bool,
    ask_thinking: bool = False,
    accept_unused_fields: bool = False,
    incomplete: str | None = None,
    encoding: str | None = None,
) -> Verdict:
    """What makes the file unusable comes first, then what the user has to decide. `incomplete`:
    where the file was cut off; `encoding`: the label of the one it seems to have."""
    if encoding is not None and not accept_valid_rows:
        return Verdict("needs_decision", "choose_encoding", _encoding_message(counts, encoding))
    if is_mixed(counts.formats):
        return _refused(_mixed_message(counts.formats))
    unknown = counts.formats.get("unknown", 0)
    if unknown > sum(counts.formats.values()) - unknown and not mapped:
        return Verdict("needs_decision", "map_columns", unknown_message(counts, unknown))
    over = counts.by_reason.get("over_length", 0)
    if policy == "refuse" and over > MAX_OVER_LENGTH_FRACTION * counts.rows:
        return _refused(
            f"{over:,} of {count_of(counts.rows, 'row')} {'is' if over == 1 else 'are'} longer "
            f"than max_length ({max_length:,} tokens); the limit is 5 % of the rows. "
            f"Raise max_length, or set over_length to drop or truncate."
        )
    if counts.accepted == 0 and not (ask_thinking and counts.only_thinking):
        before = "" if incomplete is None else f"{incomplete} "
        return _refused(before + _no_valid_row_message(counts))
    is_chat = "text" not in counts.formats
    if counts.accepted and is_chat and counts.trained_tokens in (0, counts.tokens):
        percent = 0 if counts.trained_tokens == 0 else 100
        return _refused(
            f"{percent} % of the tokens would count toward the loss, because the chat template "
            f"doesn't mark the answers."
        )
    if counts.needed and not accept_unused_fields:
        is_flat = not any(name in counts.formats for name in ("messages", "conversations"))
        decision = "map_columns" if is_flat else "unused_fields"
        return Verdict("needs_decision", decision, needed_message(counts, is_flat=is_flat))
    if ask_thinking and counts.thinking_rows + counts.only_thinking:
        return Verdict("needs_decision", "think_blocks", think_message(counts))
    undecided = _undecided(counts.by_reason, policy)
    if (undecided or incomplete is not None) and not accept_valid_rows:
        message = _undecided_message(counts, undecided, incomplete)
        return Verdict("needs_decision", "accept_valid_rows", message)
    return Verdict("ready", None, None)


def _refused(message: str) -> Verdict:
    return Verdict("refused", None, message)


def _undecided(by_reason: Mapping[str, int], policy: str) -> dict[str, int]:
    """The rejections without those that the length policy has already decided."""
    decided = ("over_length", "answer_lost") if policy == "truncate" else ("over_length",)
    return {reason: count for reason, count in by_reason.items() if reason not in decided}


def _reasons(by_reason: Mapping[str, int]) -> str:
    """`3 have no answer, 1 isn't valid JSON`, the most frequent first."""
    ordered = sorted(by_reason.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {_phrase(reason, count)}" for reason, count in ordered)


def _phrase(reason: str, count: int) -> str:
    singular, plural = REASON_PHRASES[reason]
    return singular if count == 1 else plural


def _undecided_message(counts: Counts, undecided: Mapping[str, int], incomplete: str | None) -> str:
    """All rejected rows are in it, so that they and the valid rows add up."""
    rejected = counts.by_reason if undecided else {}
    parts = [] if incomplete is None else [incomplete]
    if rejected:
        parts.append(
            f"{sum(rejected.values()):,} of {count_of(counts.rows, 'row')} can't be used: "
            f"{_reasons(rejected)}."
        )
    what = "download it again" if incomplete is not None else "fix the file and re-upload"
    parts.append(f"Train on the {count_of(counts.accepted, 'valid row')}, or {what}.")
    return " ".join(parts)


def _encoding_message(counts: Counts, encoding: str) -> str:
    bad = counts.by_reason.get("not_utf8", 0)
    verb = "is" if bad == 1 else "are"
    return (
        f"{bad:,} of {count_of(counts.rows, 'row')} {verb} not UTF-8; the file looks like "
        f"{encoding}. Check the preview and choose the encoding, or save the file as UTF-8."
    )


def _no_valid_row_message(counts: Counts) -> str:
    if counts.rows == 0:
        return "The file contains no records."
    if set(counts.by_reason) == {"not_utf8"}:
        rows = f"all {counts.rows:,} rows contain" if counts.rows > 1 else "the only row contains"
        return f"Not UTF-8: {rows} bytes from another encoding. Save the file as UTF-8."
    if counts.rows == 1:
        (reason,) = counts.by_reason
        return f"The only row {_phrase(reason, 1)}."
    if len(counts.by_reason) == 1:
        (reason,) = counts.by_reason
        return f"None of the {counts.rows:,} rows can be used: all {_phrase(reason, 2)}."
    return f"None of the {counts.rows:,} rows can be used: {_reasons(counts.by_reason)}."


def _mixed_message(formats: Mapping[str, int]) -> str:
    parts = ", ".join(
        f"{name.replace('_', '/')} {count_of(count, 'row')}" for name, count in formats.items()
    )
    return (
        f"The file mixes record formats ({parts}). Split it into one file per format; the rows of "
        f"the less frequent formats are listed."
    )
