"""The notes of a report: what is unusual about a dataset without making it unusable. Pure."""

from __future__ import annotations

from ..wording import count_of
from .options import IntakeOptions
from .validation import Validator
from .verdict import PLAUSIBLE_TRAINED_SHARE

# With fewer validation rows, the engine reports no gap between training and validation loss.
MIN_GAP_ROWS = 20


def notes(
    validator: Validator, options: IntakeOptions, steps: int, validation_rows: int
) -> list[str]:
    """`steps`: planned optimizer steps; `validation_rows`: held out of this dataset (`slice`)."""
    found = [
        _template_note(validator),
        _thinking_note(validator),
        _control_token_note(validator),
        _system_note(validator),
    ]
    if len(validator.accepted):
        found += [*_step_notes(steps, options), _validation_note(validation_rows)]
    found.append(_loss_note(validator))
    return [note for note in found if note is not None]


def validation_set_note(rows: int) -> str:
    return f"{count_of(rows, 'row')} {'goes' if rows == 1 else 'go'} to the fixed validation set."


def _template_note(validator: Validator) -> str | None:
    count = sum(validator.template_differences.values())
    if not count:
        return None
    first = next(iter(validator.template_differences))
    return (
        f"Up to the first answer, the training template differs from the model's own template in "
        f"{count:,} of the {count_of(validator.template_checks, 'row')} compared: {first}."
    )


def _thinking_note(validator: Validator) -> str | None:
    rows = validator.accepted.thinking_removed
    if not rows:
        return None
    verb = "contains" if rows == 1 else "contain"
    return f"{count_of(rows, 'row')} {verb} <think> blocks; they will be stripped (thinking: off)."


def _control_token_note(validator: Validator) -> str | None:
    controls = validator.text_controls
    if not controls.rows:
        return None
    verb = "contains" if controls.rows == 1 else "contain"
    rows = count_of(controls.rows, "row")
    if validator.encodes_controls_as_text:
        return (
            f"{rows} {verb} control tokens such as {controls.example} in their text; they are "
            f"encoded as plain text (control_tokens: text)."
        )
    return (
        f"{rows} {verb} control tokens such as {controls.example} in their text (first in row "
        f"{controls.first_rows[0]:,}). The model reads them as the chat template's own, which can "
        f"end a message or begin another. Set control_tokens to text to encode them as plain text."
    )


def _system_note(validator: Validator) -> str | None:
    system = validator.system_messages
    if system.merged:
        return (
            f"The chat template has no system role: in {count_of(system.merged, 'row')}, the "
            f"system message was put before the first user message (system_messages: merge)."
        )
    if system.rejected:
        return (
            f"The chat template has no system role, so {count_of(system.rejected, 'row')} with a "
            f"system message can't be used. Set system_messages to merge to put the system message "
            f"before the first user message."
        )
    return None


def date_note(date: str) -> str:
    """`date`: as an ISO date."""
    return (
        f"The chat template contains the current date. Every row of this dataset was rendered with "
        f"{date}, the day of its first validation."
    )


def _step_notes(steps: int, options: IntakeOptions) -> list[str]:
    found: list[str] = []
    if steps < options.warmup_steps:
        found.append(
            f"Only {count_of(steps, 'step')}: shorter than the {options.warmup_steps:,}-step "
            f"warmup, so the learning rate won't reach its peak."
        )
    if steps < options.save_steps:
        found.append(
            f"Only {count_of(steps, 'step')}: fewer than save_steps ({options.save_steps:,}), so "
            f"the only checkpoint is the one at the end."
        )
    return found


def _validation_note(rows: int) -> str | None:
    if rows >= MIN_GAP_ROWS:
        return None
    return (
        f"{count_of(rows, 'validation row')}: too few (min. {MIN_GAP_ROWS}) to report a "
        f"train/validation gap."
    )


def _loss_note(validator: Validator) -> str | None:
    accepted = validator.accepted
    if not accepted.tokens or "text" in validator.formats:
        return None
    share = accepted.trained_tokens / accepted.tokens
    lowest, highest = PLAUSIBLE_TRAINED_SHARE
    if lowest <= share <= highest:
        return None
    percent = f"{share * 100:.1f} %"
    return f"{percent} of the tokens count toward the loss, which is unusual for chat data."
