"""The loss of many architectures against plain transformers, and the check when a base is added."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from intake_support import starter_base
from safetensors.torch import load_file, save_file
from test_bases import facts, make

from nightshift_trainer.bases.self_check import require_same_loss
from nightshift_trainer.rendering.base import BaseRefused

TINY: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
WINDOW = {"sliding_window": 8}
SAME: dict[str, dict[str, Any]] = {
    "Llama": {},
    "Qwen2": {},
    "Qwen3": {"head_dim": 8},
    "Mistral": WINDOW,
    "Gemma2": {
        **WINDOW,
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        "attn_logit_softcapping": 2.0,
        "final_logit_softcapping": 1.0,
    },
    "Gemma3Text": {**WINDOW, "head_dim": 8, "num_hidden_layers": 6},
    "Granite": {"logits_scaling": 4.0, "attention_multiplier": 0.3, "residual_multiplier": 0.5},
    "Cohere": {"logit_scale": 0.25},
    "Phi3": WINDOW,
    "GptOss": {**WINDOW, "head_dim": 8, "num_local_experts": 4, "num_experts_per_tok": 2},
    "SmolLM3": {"no_rope_layer_interval": 2},
    "GPTNeoX": {},
}
REFUSED = {
    "Phi": ({}, "PhiForCausalLM can't be trained: its output layer has a bias"),
    "Mamba": ({}, "MambaForCausalLM can't be trained: its layers don't keep packed examples apart"),
}


def tiny_model(folder: Path, name: str, changed: dict[str, Any]) -> int:
    """Writes a model with random weights; returns its number of parameters."""
    config = getattr(transformers, f"{name}Config")(**{**TINY, **changed})
    torch.manual_seed(1)
    network = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for parameter in network.parameters():
        # As usual, but large enough that every part of the architecture shows in the loss.
        torch.nn.init.normal_(parameter, std=0.3)
    network.save_pretrained(folder)
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("name", SAME)
def test_the_loss_of_an_architecture_is_that_of_transformers(tmp_path: Path, name: str) -> None:
    """Windows, bounded scores, scaled logits and attention sinks were once ignored silently."""
    require_same_loss(tmp_path, tiny_model(tmp_path, name, SAME[name]))


@pytest.mark.parametrize("name", REFUSED)
def test_an_architecture_with_another_loss_is_refused_by_name(tmp_path: Path, name: str) -> None:
    changed, reason = REFUSED[name]
    with pytest.raises(BaseRefused, match=reason):
        require_same_loss(tmp_path, tiny_model(tmp_path, name, changed))


def test_gradients_of_bounded_and_scaled_logits_are_exact() -> None:
    from nightshift_trainer.train.loss import LogitsChange, cross_entropy_sum

    generator = torch.Generator().manual_seed(0)
    change = LogitsChange(0.5, 3.0)
    hidden, weight = (torch.randn(n, 8, generator=generator) for n in (11, 13))
    targets = torch.randint(0, 13, (11,), generator=generator)
    gradients: list[list[torch.Tensor]] = []
    for is_plain in (True, False):
        parts = [hidden.clone().requires_grad_(), weight.clone().requires_grad_()]
        if is_plain:
            logits = torch.tanh(parts[0] @ parts[1].t() * 0.5 / 3.0) * 3.0
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
        else:
            loss = cross_entropy_sum(parts[0], parts[1], targets, 4, change)
        loss.backward()
        gradients.append([part.grad for part in parts if part.grad is not None])
    for plain, own in zip(*gradients, strict=True):
        assert torch.allclose(plain, own, atol=1e-5)


def source_of(tmp_path: Path, changed: dict[str, Any]) -> Path:
    source = tmp_path / "mine"
    shutil.copytree(starter_base(), source)
    for name in ("base.json", "training_template.jinja"):
        (source / name).unlink()
    config = json.loads((source / "config.json").read_text("utf-8"))
    (source / "config.json").write_text(json.dumps({**config, **changed}), "utf-8")
    return source


def test_a_base_that_would_be_trained_with_another_loss_is_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift_trainer.train.model import Model

    real = Model.loss_sum
    monkeypatch.setattr(Model, "loss_sum", lambda *given: real(*given) * 1.001)
    target = tmp_path / "models" / "folder"
    with pytest.raises(BaseRefused, match="Qwen3ForCausalLM can't be trained: its attention or"):
        make(tmp_path, "folder", target, source_of(tmp_path, {}))
    assert not target.exists()


def test_a_tied_output_layer_in_the_file_counts_once(tmp_path: Path) -> None:
    """Some files have both: Qwen3-0.6B has 596,049,920 parameters and 751,632,384 numbers."""
    source = source_of(tmp_path, {})
    weights = load_file(source / "model.safetensors")
    embeddings = weights["model.embed_tokens.weight"]
    save_file(
        {**weights, "lm_head.weight": embeddings.clone()},
        source / "model.safetensors",
        metadata={"format": "pt"},
    )
    target = tmp_path / "models" / "folder"
    make(tmp_path, "folder", target, source)
    assert facts(target)["parameters"] == facts(starter_base())["parameters"]
