"""Loads a model folder for answers: an exported version, the model of a checkpoint, or a base."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError

from ..architectures import UnsupportedModel, model_class
from ..rendering.base import BaseRefused
from .answers import Model

PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}


def load_model(folder: Path, precision: str, device: str) -> Model:
    try:
        model: Model = model_class(folder).from_pretrained(
            folder,
            dtype=PRECISIONS[precision],
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except (OSError, ValueError, SafetensorError, UnsupportedModel) as error:
        # transformers raises an OSError without errno for a folder that it can't load.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BaseRefused(f"{folder} can't be loaded as a model: {error}") from error
    model.to(device)
    model.eval()
    return model
