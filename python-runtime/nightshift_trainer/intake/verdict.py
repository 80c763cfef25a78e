"""From counts to a verdict: ready, decide or refused, with one plain sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OVER_LENGTH_SHARE = 0.05
# Outside this range the share of trained tokens is pointed out; 0 and 1 refuse the file.
PLAUSIBLE_SHARE = (0.01, 0.95)


@dataclass(frozen=True)
class Counts:
    """`formats`: records by recognised format, `unknown` for flat records that are not mapped."""

    rows: int
    accepted: int
    by_reason: Mapping[str, int]
    formats: Mapping[str, int]
    tokens: int
    trained_tokens: int


@dataclass(frozen=True)
class Verdict:
    verdict: str
    decision: str | None
    message: str | None


def record_format(formats: Mapping[str, int]) -> str | None:
    """The most frequent format; `columns` where most records are flat and unmapped."""
    if not formats:
        return None
    top = max(formats, key=lambda name: formats[name])
    return "columns" if top == "unknown" else top


def is_mixed(formats: Mapping[str, int]) -> bool:
    return sum(1 for name in formats if name != "unknown") > 1


def _reasons(by_reason: Mapping[str, int]) -> str:
    ordered = sorted(by_reason.items(), key=lambda item: -item[1])
    return ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in ordered)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def judge_counts(
    counts: Counts, *, policy: str, max_length: int, mapped: bool, accept_good_rows: bool
) -> Verdict:
    """The order matters: what makes the file unusable first, then what the user has to decide."""
    unknown = counts.formats.get("unknown", 0)
    known = sum(counts.formats.values()) - unknown
    if is_mixed(counts.formats):
        parts = ", ".join(f"{name.replace('_', '/')} {n:,}" for name, n in counts.formats.items())
        return Verdict(
            "refused",
            None,
            f"The file mixes record formats ({parts}); the rows of the rarer ones are listed. "
            f"Split it into one file a format.",
        )
    if unknown > known and not mapped:
        return Verdict(
            "decide",
            "map_columns",
            f"{_rows(unknown)} with columns that are not a known format. "
            f"Choose which column is the question and which the answer.",
        )
    over = counts.by_reason.get("over_length", 0)
    if policy == "refuse" and over > OVER_LENGTH_SHARE * counts.rows:
        return Verdict(
            "refused",
            None,
            f"{over:,} of {_rows(counts.rows)} are longer than max_length {max_length:,} "
            f"(more than 5 %). Raise max_length, or set over_length to drop or truncate.",
        )
    if counts.accepted == 0:
        if counts.rows == 0:
            return Verdict("refused", None, "The file holds no records.")
        return Verdict("refused", None, f"No row can be used: {_reasons(counts.by_reason)}.")
    is_chat = "text" not in counts.formats
    if is_chat and counts.trained_tokens in (0, counts.tokens):
        share = 0 if counts.trained_tokens == 0 else 100
        return Verdict(
            "refused",
            None,
            f"{share} % of the tokens would be trained; the chat template does not mark answers.",
        )
    decided = sum(n for reason, n in counts.by_reason.items() if reason not in _by_policy(policy))
    if decided and not accept_good_rows:
        return Verdict(
            "decide",
            "accept_good_rows",
            f"{_rows(decided)} cannot be used ({_reasons(counts.by_reason)}). "
            f"{_rows(counts.accepted)} can: accept the good rows, or correct the file.",
        )
    return Verdict("ready", None, None)


def _by_policy(policy: str) -> tuple[str, ...]:
    """Rejections that the chosen length policy has decided already."""
    return ("over_length", "answer_lost") if policy == "truncate" else ("over_length",)
