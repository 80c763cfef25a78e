"""The notes of a report: what is unusual about a dataset without making it unusable. Pure."""

from __future__ import annotations

from ..wording import count_of
from .csv_missing import CsvMissing
from .options import IntakeOptions
from .validation import Validator
from .verdict import PLAUSIBLE_TRAINED_SHARE

# With fewer validation rows, the engine reports no gap between training and validation loss.
MIN_GAP_ROWS = 20
# A file with fewer rows, or with more duplicates, is pointed out.
MIN_ROWS = 20
MAX_DUPLICATE_FRACTION = 0.2


def notes(
    validator: Validator, options: IntakeOptions, steps: int, validation_rows: int
) -> list[str]:
    """`steps`: planned optimizer steps; `validation_rows`: held out of this dataset (`slice`)."""
    found = [
        _template_note(validator),
        _control_token_note(validator),
        _system_note(validator),
        _thinking_note(validator, options),
        _mark_note(validator),
        _unused_note(validator),
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


def _thinking_note(validator: Validator, options: IntakeOptions) -> str | None:
    rows = validator.accepted.thinking_rows
    if not rows:
        return None
    verb = "contains" if rows == 1 else "contain"
    what = {
        "off": "they will be stripped (thinking: off)",
        "keep": "they are part of the answer (thinking: keep)",
        "model": "the chat template decides (thinking: model)",
    }[options.thinking]
    return f"{count_of(rows, 'row')} {verb} <think> blocks; {what}."


def _mark_note(validator: Validator) -> str | None:
    accepted = validator.accepted
    if not accepted.untrained_messages:
        return None
    messages, rows = accepted.untrained_messages, accepted.untrained_rows
    return (
        f"{count_of(messages, 'assistant message')} in {count_of(rows, 'row')} "
        f"{'is' if messages == 1 else 'are'} marked as not for training: context without loss."
    )


def _unused_note(validator: Validator) -> str | None:
    unused = validator.field_use.unused()
    if not unused:
        return None
    shown = ", ".join(f"{field['name']} ({count_of(field['rows'], 'row')})" for field in unused)
    return f"Fields that aren't used: {shown}."


def csv_notes(found: CsvMissing) -> list[str]:
    notes = [
        f"Column {name}: {count_of(cells, 'cell')} without a number (NaN) "
        f"{'is' if cells == 1 else 'are'} missing values."
        for name, cells in found.missing.items()
    ]
    return notes + [
        f"Column {name}: the word NaN in {count_of(cells, 'cell')} is kept as text."
        for name, cells in found.words.items()
    ]


def warnings(accepted: int, duplicates: int) -> list[str]:
    """What a list of files says of this one. Short, without a period."""
    found: list[str] = []
    if 0 < accepted < MIN_ROWS:
        found.append(f"only {count_of(accepted, 'row')}")
    if accepted and duplicates > MAX_DUPLICATE_FRACTION * accepted:
        found.append(f"{duplicates / accepted * 100:.0f} % duplicates")
    return found


def warning_notes(accepted: int, duplicates: int) -> list[str]:
    found: list[str] = []
    if 0 < accepted < MIN_ROWS:
        found.append(
            f"Only {count_of(accepted, 'valid row')}, fewer than {MIN_ROWS}: the model may only "
            f"memorize them."
        )
    if accepted and duplicates > MAX_DUPLICATE_FRACTION * accepted:
        found.append(
            f"{duplicates:,} of {count_of(accepted, 'valid row')} "
            f"({duplicates / accepted * 100:.0f} %) {'is' if duplicates == 1 else 'are'} exact "
            f"duplicates of an earlier row; they are trained more often than the others."
        )
    return found


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
