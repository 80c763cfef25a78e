"""Which class a model folder is loaded with. The name in config.json only selects from the list of
transformers; it never decides what is imported, and code in the folder never runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class UnsupportedModel(Exception):
    """The folder names no model class of transformers; the message says which, without a period."""

    category = "model_not_found"


def class_name(folder: Path) -> str:
    """The name of a causal language model of transformers. Raises `UnsupportedModel`."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    known: Any = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        kind, name = config["model_type"], config["architectures"][0]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UnsupportedModel(
            f"config.json has no usable model_type and architectures ({error})"
        ) from error
    names = known.get(kind) if isinstance(kind, str) else None
    supported = (names,) if isinstance(names, str) else tuple(names or ())
    if name not in supported:
        own = " The code in auto_map is never run" if config.get("auto_map") else ""
        expected = f"; its model class is {supported[0]}" if supported else ""
        raise UnsupportedModel(
            f"{str(name)[:80]!r} ({str(kind)[:80]!r}) is not a language model of transformers"
            f"{expected}.{own}".rstrip(".")
        )
    return str(name)


def model_class(folder: Path) -> Any:  # noqa: ANN401 - one of many classes
    """Imported directly, because the auto classes import half of transformers."""
    import transformers

    name = class_name(folder)
    try:
        return getattr(transformers, name)
    except (ImportError, AttributeError) as error:
        raise UnsupportedModel(f"{name} can't be imported: {error}") from error
