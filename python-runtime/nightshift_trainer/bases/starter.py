"""The starter: a Qwen3-shaped model of under two million parameters with random weights.

Everything is derived from the code and the seed: a byte-level BPE tokenizer trained on generated
text, and weights from NumPy's PCG64 (the same on every machine and torch version). It is for trying
the workflow: it trains on any machine in a minute.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from ..sample.generator import draw_rows
from .starter_text import starter_sentences

END, IM_START, IM_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
VOCABULARY = 2048
HIDDEN, LAYERS, HEADS, KEY_HEADS, HEAD_SIZE, INNER = 192, 4, 6, 2, 32, 512

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEY_HEADS,
    "head_dim": HEAD_SIZE,
    "intermediate_size": INNER,
    "hidden_act": "silu",
    "max_position_embeddings": 4096,
    "initializer_range": 0.02,
    "rms_norm_eps": 1e-6,
    "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
    "attention_bias": False,
    "attention_dropout": 0.0,
    "tie_word_embeddings": True,
    "use_cache": True,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "dtype": "float32",
}


def starter_tokenizer(seed: int) -> Tokenizer:
    """Byte-level BPE: it encodes any text, with one token per digit."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[AddedToken(text, special=True) for text in (END, IM_START, IM_END)],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    rows = draw_rows(random.Random(f"{seed}-starter"), 1500, set())
    texts = [f"{row.question}\n{row.answer}" for row in rows] + list(starter_sentences(seed))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def starter_weights(seed: int, vocabulary: int) -> dict[str, np.ndarray]:
    """Normal(0, 0.02) matrices and unit norms; residual outputs are scaled down with depth."""
    generator = np.random.Generator(np.random.PCG64(seed))
    scale = 0.02

    def matrix(rows: int, columns: int, deviation: float = scale) -> np.ndarray:
        return (generator.standard_normal((rows, columns)) * deviation).astype(np.float32)

    def ones(size: int) -> np.ndarray:
        return np.ones(size, dtype=np.float32)

    residual = scale / (2 * LAYERS) ** 0.5
    weights = {"model.embed_tokens.weight": matrix(vocabulary, HIDDEN)}
    for index in range(LAYERS):
        name = f"model.layers.{index}."
        weights[name + "input_layernorm.weight"] = ones(HIDDEN)
        weights[name + "self_attn.q_proj.weight"] = matrix(HEADS * HEAD_SIZE, HIDDEN)
        weights[name + "self_attn.k_proj.weight"] = matrix(KEY_HEADS * HEAD_SIZE, HIDDEN)
        weights[name + "self_attn.v_proj.weight"] = matrix(KEY_HEADS * HEAD_SIZE, HIDDEN)
        weights[name + "self_attn.o_proj.weight"] = matrix(HIDDEN, HEADS * HEAD_SIZE, residual)
        weights[name + "self_attn.q_norm.weight"] = ones(HEAD_SIZE)
        weights[name + "self_attn.k_norm.weight"] = ones(HEAD_SIZE)
        weights[name + "post_attention_layernorm.weight"] = ones(HIDDEN)
        weights[name + "mlp.gate_proj.weight"] = matrix(INNER, HIDDEN)
        weights[name + "mlp.up_proj.weight"] = matrix(INNER, HIDDEN)
        weights[name + "mlp.down_proj.weight"] = matrix(HIDDEN, INNER, residual)
    weights["model.norm.weight"] = ones(HIDDEN)
    return weights


def write_starter(folder: Path, seed: int) -> int:
    """Writes the starter into `folder` and returns its number of parameters."""
    tokenizer = starter_tokenizer(seed)
    # A short text may give fewer merges than requested, so the size comes from the tokenizer.
    vocabulary = tokenizer.get_vocab_size(with_added_tokens=True)
    weights = starter_weights(seed, vocabulary)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": IM_END,
        "pad_token": END,
        "model_max_length": 4096,
        "clean_up_tokenization_spaces": False,
    }
    config = {**CONFIG, "vocab_size": vocabulary}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, "utf-8")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return sum(int(weight.size) for weight in weights.values())
