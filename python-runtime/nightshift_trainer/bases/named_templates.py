"""The chat template of a model folder, chosen as transformers chooses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from ..rendering.base import BaseRefused

TEMPLATE_FOLDER = "additional_chat_templates"


def _named(value: Any) -> dict[str, str]:  # noqa: ANN401 - parsed JSON
    """`chat_template` of tokenizer_config.json: a text, a list of {name, template}, or an object by
    name."""
    if isinstance(value, str):
        return {"default": value} if value else {}
    templates: dict[str, str] = {}
    if isinstance(value, dict):
        pairs = list(cast("dict[str, Any]", value).items())
    elif isinstance(value, list):
        items = [item for item in cast("list[Any]", value) if isinstance(item, dict)]
        named = [cast("dict[str, Any]", item) for item in items]
        pairs = [(str(item.get("name")), item.get("template")) for item in named]
    else:
        pairs = []
    for name, template in pairs:
        if isinstance(template, str) and template:
            templates[name] = template
    return templates


def _settings_template(path: Path) -> Any:  # noqa: ANN401 - parsed JSON
    if not path.is_file():
        return None
    try:
        document: Any = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BaseRefused(f"{path} is not valid JSON: {error}.") from error
    return cast("dict[str, Any]", document).get("chat_template") if document else None


def read_chat_template(source: Path) -> str:
    """chat_template.jinja and the files in additional_chat_templates/ replace those of
    tokenizer_config.json; chat_template.json is the form that processors were saved in. Of several
    the one named `default` is taken. Raises `BaseRefused`."""
    from_settings = _settings_template(source / "tokenizer_config.json")
    templates = {
        path.stem: path.read_text("utf-8")
        for path in sorted((source / TEMPLATE_FOLDER).glob("*.jinja"))
    }
    if (source / "chat_template.jinja").is_file():
        templates["default"] = (source / "chat_template.jinja").read_text("utf-8")
    if not templates:
        templates = _named(from_settings)
    if not templates:
        templates = _named(_settings_template(source / "chat_template.json"))
    if "default" in templates:
        return templates["default"]
    if templates:
        names = ", ".join(sorted(templates))
        raise BaseRefused(
            f"{source} has the chat templates {names}, but none is named default. Save the one to "
            f"train with as chat_template.jinja in that folder."
        )
    raise BaseRefused(
        f"{source} has no chat template (chat_template.jinja, or chat_template in "
        f"tokenizer_config.json), so it can't be trained on chats."
    )
