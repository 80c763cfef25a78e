"""How values of a column read in a template: choices with letters, lists by line, the rest as
text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .json_values import is_missing
from .records import Invalid

CHOICE_NAMES = frozenset(("choices", "options", "candidates", "endings", "alternatives"))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def shown_value(value: Any, name: str) -> str:  # noqa: ANN401 - parsed JSON
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    choices = choices_of(value) if name.lower() in CHOICE_NAMES else None
    if choices is not None:
        return "\n".join(f"{label}. {text}" for label, text in choices)
    if isinstance(value, list):
        return "\n".join(shown_value(item, "") for item in value if not is_missing(item))
    if isinstance(value, Mapping):
        texts = [value[key] for key in ("title", "text", "content") if key in value]
        if texts and all(isinstance(text, str) for text in texts):
            return "\n".join(text for text in texts if text)
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def choices_of(value: Any) -> list[tuple[str, str]] | None:  # noqa: ANN401 - parsed JSON
    """Label and text of each choice: of a list, of `{"label": […], "text": […]}`, of
    `[{"label": …, "text": …}]`, or of `{"A": …}`."""
    if isinstance(value, Mapping):
        labels, texts = value.get("label"), value.get("text")
        if isinstance(labels, list) and isinstance(texts, list):
            return [(str(label), str(text)) for label, text in zip(labels, texts, strict=False)]
        items = [(str(key), text) for key, text in value.items() if not is_missing(text)]
        return [(key, str(text)) for key, text in items] if items else None
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, Mapping) and "text" in item for item in value):
        return [
            (str(item.get("label", item.get("key", letter))), str(item["text"]))
            for letter, item in zip(_letters(value), value, strict=True)
        ]
    return [(letter, str(item)) for letter, item in zip(_letters(value), value, strict=True)]


def _letters(items: Sequence[Any]) -> list[str]:
    return [
        LETTERS[index] if index < len(LETTERS) else str(index + 1) for index in range(len(items))
    ]


def choice_at(value: Any, key: Any, name: str, key_name: str) -> str | Invalid | None:  # noqa: ANN401
    """The text of the choice that `key` names: by index from 0, by label, or by the text itself."""
    choices = choices_of(value)
    if choices is None or is_missing(key) or key == "":
        return None
    text = str(key).strip()
    if isinstance(key, int) and not isinstance(key, bool) and not choices[0][0].isdigit():
        return choices[key][1] if 0 <= key < len(choices) else _no_choice(text, name, key_name)
    for label, choice in choices:
        if text in (label, choice):
            return choice
    if text.isdigit() and int(text) < len(choices):
        return choices[int(text)][1]
    if len(text) == 1 and text.upper() in LETTERS[: len(choices)]:
        return choices[LETTERS.index(text.upper())][1]
    return _no_choice(text, name, key_name)


def _no_choice(text: str, name: str, key_name: str) -> Invalid:
    return Invalid("wrong_type", f"`{key_name}` is {text!r}, which is no element of `{name}`.")
