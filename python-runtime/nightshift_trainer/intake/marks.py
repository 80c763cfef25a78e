"""Marks in a record that say what must not be trained: of one message, or of the whole row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .json_values import is_empty, is_missing
from .records import Invalid

NO_TEXTS = frozenset(("false", "no", "0", "0.0", "f", "n"))
YES_TEXTS = frozenset(("true", "yes", "1", "1.0", "t", "y"))

# Of a message. A fraction between 0 and 1 is a weight that a loss mask can't express.
MESSAGE_WEIGHTS = ("weight", "loss_weight", "loss_scale")
MESSAGE_SWITCHES = ("train", "training", "trainable", "train_on", "loss", "is_training")
MESSAGE_MASKS = ("mask", "masked", "mask_out", "ignore", "exclude")
# axolotl's offsets of the trained characters within a message.
MESSAGE_DETAILS = ("train_detail", "training_detail")

# Of a row: when the value is false, or when it is true.
ROW_NOT_IF_FALSE = frozenset((
    "label", "kto_tag", "use_for_training", "used_for_training", "for_training", "use_in_training",
    "is_training", "train", "training", "trainable", "train_on", "loss", "weight", "loss_weight",
    "sample_weight", "training_weight", "is_valid", "valid", "is_good", "good", "chosen",
    "is_chosen", "accepted", "is_accepted", "approved", "is_approved", "correct", "is_correct",
    "include", "included", "keep", "desirable", "is_desirable",
))  # fmt: skip
ROW_NOT_IF_TRUE = frozenset((
    "rejected", "is_rejected", "exclude", "excluded", "skip", "ignore", "ignored", "deleted",
    "is_deleted", "bad", "is_bad", "invalid", "is_invalid", "do_not_train", "no_train",
    "not_for_training", "incorrect", "is_incorrect", "undesirable",
))  # fmt: skip
# Also class numbers: 0 means bad only next to a conversation or a pair, not in a mapped column.
CLASS_NAMES = frozenset(("label",))


def switch(value: Any) -> bool | None:  # noqa: ANN401 - parsed JSON
    """A yes or no as files write it; None for any other value."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        text = value.strip().lower()
        return False if text in NO_TEXTS else True if text in YES_TEXTS else None
    return None


def message_is_trained(message: Mapping[str, Any], number: int) -> bool | Invalid:
    """Whether the loss counts an assistant message; `Invalid` for a mark that a loss mask can't
    express."""
    trained = True
    for name in MESSAGE_WEIGHTS:
        value = message.get(name)
        if is_missing(value) or value == "":
            continue
        weight = _number(value)
        if weight is None or weight not in (0, 1):
            return Invalid(
                "unsupported_weight",
                f"Message {number} has the {name.replace('_', ' ')} {value!r}; only 0 (no loss) "
                f"and 1 can be used.",
            )
        trained = trained and weight == 1
    for name in MESSAGE_SWITCHES:
        if switch(message.get(name)) is False:
            trained = False
    for name in MESSAGE_MASKS:
        if switch(message.get(name)) is True:
            trained = False
    if any(not is_empty(message.get(name)) for name in MESSAGE_DETAILS):
        return Invalid(
            "unsupported_weight",
            f"Message {number} marks parts of its text; only whole messages can be left out.",
        )
    return trained


def _number(value: Any) -> float | None:  # noqa: ANN401 - parsed JSON
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        decided = switch(value)
        return None if decided is None else float(decided)


def row_mark(fields: Mapping[str, Any], mapped: Collection[str] = ()) -> Invalid | None:
    """Why a row says that it must not be trained. `mapped`: columns that the user gave a role."""
    for name, value in fields.items():
        lower = name.lower()
        if name in mapped or (mapped and lower in CLASS_NAMES and not isinstance(value, bool)):
            continue
        wanted = False if lower in ROW_NOT_IF_FALSE else True if lower in ROW_NOT_IF_TRUE else None
        if wanted is not None and switch(value) is wanted:
            return Invalid(
                "not_for_training",
                f"The field `{name}` is {_shown(value)}, which marks the row as not for training.",
            )
    return None


def is_row_mark(name: str, value: Any) -> bool:  # noqa: ANN401 - parsed JSON
    """Whether a field was read as a mark of its row."""
    lower = name.lower()
    return (lower in ROW_NOT_IF_FALSE or lower in ROW_NOT_IF_TRUE) and switch(value) is not None


def _shown(value: Any) -> str:  # noqa: ANN401 - parsed JSON
    return str(value).lower() if isinstance(value, bool) else repr(value)
