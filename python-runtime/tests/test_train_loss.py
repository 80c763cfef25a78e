"""The loss against plain transformers: one unpadded example at a time, all logits, own labels.

The reference shares only the files of the base model with the program: it renders conversations by
hand, derives labels from characters and loads the model with plain transformers.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import Workspace, starter_base
from safetensors.torch import load_file
from test_intake_golden import Segment, chatml, reference
from tokenizers import Tokenizer
from torch.nn import functional
from train_support import Training, lines_of, metrics_of
from transformers import AutoModelForCausalLM

from nightshift_trainer.cache import Example, TokenCache
from nightshift_trainer.train.collator import MicroBatch, collate, split_into_micro_batches
from nightshift_trainer.train.model import Model
from nightshift_trainer.train.optimizer import Optimizer
from nightshift_trainer.train.validation import validation_loss

WORDS = ("night shift", "lamp", "kitchen", "seven", "42", "{}", ",", "Grüße", ".", "answer")


def some_text(generator: random.Random, words: int) -> str:
    return " ".join(generator.choice(WORDS) for _ in range(words))


def conversations() -> list[list[dict[str, str]]]:
    """One to four turns, with and without a system prompt, from one word to about 600 tokens."""
    generator = random.Random(5)
    result: list[list[dict[str, str]]] = []
    for number, words in enumerate([1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 70, 89, 130, 220] * 2):
        turns = 1 + number % 4
        messages: list[dict[str, str]] = []
        if number % 3 == 0:
            messages.append({"role": "system", "content": "Answer briefly."})
        for _ in range(turns):
            count = max(1, words // (2 * turns))
            messages.append({"role": "user", "content": some_text(generator, count) + "?"})
            messages.append({"role": "assistant", "content": some_text(generator, count) + "."})
        result.append(messages)
    return result


def chat_pieces() -> list[list[Segment]]:
    return [chatml(messages) for messages in conversations()]


def texts() -> list[str]:
    """Raw texts of five tokens and more; every token but the first is trained."""
    generator = random.Random(6)
    return ["a b c", *(some_text(generator, words) for words in (1, 2, 40, 200))]


@cache
def plain_model() -> Any:
    return AutoModelForCausalLM.from_pretrained(starter_base(), dtype=torch.float32).train()


def plain_sum(ids: list[int], labels: list[int]) -> torch.Tensor:
    """The sum over trained tokens from the full logits."""
    logits = plain_model()(input_ids=torch.tensor([ids])).logits[0, :-1]
    wanted = torch.tensor([t if on else -100 for t, on in zip(ids, labels, strict=True)])[1:]
    return functional.cross_entropy(logits, wanted, ignore_index=-100, reduction="sum")


def batches_of(examples: list[Example], packing: bool, budget: int) -> list[MicroBatch]:
    members = split_into_micro_batches(
        [len(example.ids) for example in examples], packing, budget, None
    )
    assert sorted(index for group in members for index in group) == list(range(len(examples)))
    return [collate(examples, group, torch.device("cpu")) for group in members]


def validated(tmp_path: Path, records: list[dict[str, Any]]) -> list[Example]:
    workspace = Workspace(tmp_path)
    report = workspace.intake(workspace.lines("data.jsonl", records), accept_valid_rows=True)
    assert report["accepted"] == len(records), report["rejected"]
    token_cache = TokenCache(workspace.home() / "cache" / report["cache"])
    return [token_cache.example(index) for index in range(len(token_cache.table))]


def compare(examples: list[Example], wanted: list[tuple[list[int], list[int]]]) -> None:
    """Loss and gradients of all examples as one step, for every way of packing."""
    trained = sum(sum(labels) for _, labels in wanted)
    model = plain_model()
    model.zero_grad(set_to_none=True)
    expected = torch.zeros((), dtype=torch.float64)
    for ids, labels in wanted:
        part = plain_sum(ids, labels)
        expected += part.detach().double()
        (part / trained).backward()
    expected_loss = float(expected) / trained
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    largest = max(float(gradient.abs().max()) for gradient in gradients.values())

    ours = Model(starter_base(), "fp32", torch.device("cpu"))
    ours.network.train()
    for packing, budget in ((False, 1), (True, 700), (True, 4096)):
        ours.clear_gradients()
        total, targets = 0.0, 0
        for batch in batches_of(examples, packing, budget):
            loss = ours.loss_sum(batch)
            total += float(loss.detach())
            targets += len(batch.targets)
            (loss / trained).backward()
            ours.accumulate_gradients()
        assert targets == trained
        assert total / trained == pytest.approx(expected_loss, abs=1e-6, rel=0)
        assert ours.gradients.keys() == gradients.keys()
        for name, gradient in gradients.items():
            difference = float((ours.gradients[name] - gradient).abs().max())
            assert difference <= 1e-6 * largest, (name, difference, packing, budget)


def test_conversations_packed_and_not(tmp_path: Path) -> None:
    examples = validated(tmp_path, [{"messages": messages} for messages in conversations()])
    wanted = [reference(parts) for parts in chat_pieces()]
    lengths = [len(ids) for ids, _ in wanted]
    assert min(lengths) <= 24 and max(lengths) >= 600
    assert [example.ids.tolist() for example in examples] == [ids for ids, _ in wanted]
    compare(examples, wanted)


def test_raw_texts_of_five_tokens_and_more(tmp_path: Path) -> None:
    examples = validated(tmp_path, [{"text": text} for text in texts()])
    tokenizer = Tokenizer.from_file(str(starter_base() / "tokenizer.json"))
    end = tokenizer.token_to_id("<|im_end|>")
    wanted: list[tuple[list[int], list[int]]] = []
    for text in texts():
        ids = [*tokenizer.encode(text).ids, end]
        wanted.append((ids, [0, *[1] * (len(ids) - 1)]))
    assert min(len(ids) for ids, _ in wanted) <= 5
    assert [example.ids.tolist() for example in examples] == [ids for ids, _ in wanted]
    compare(examples, wanted)


def test_prompts_have_no_loss(tmp_path: Path) -> None:
    """Only tokens of the answers are targets; any other one would show in the loss."""
    examples = validated(tmp_path, [{"messages": messages} for messages in conversations()])
    model = Model(starter_base(), "fp32", torch.device("cpu"))
    for example, parts in zip(examples, chat_pieces(), strict=True):
        ids, labels = reference(parts)
        [batch] = batches_of([example], True, 4096)
        # Exactly the positions whose next token is labeled, each once, and no padding.
        assert (batch.sources + 1).tolist() == [at for at, on in enumerate(labels) if on]
        assert batch.targets.tolist() == [ids[at] for at, on in enumerate(labels) if on]
        assert batch.tokens == len(ids)
        first = labels.index(1) - 1
        wrong = replace(example, labels=example.labels.copy())
        wrong.labels[first] = 1
        [with_prompt_token] = batches_of([wrong], True, 4096)
        with model.evaluating(generates=False):
            difference = float(model.loss_sum(with_prompt_token)) - float(model.loss_sum(batch))
        # An untrained model has a loss of about log(vocabulary) on any additional token.
        assert difference > 1.0


def test_packed_examples_do_not_attend_to_each_other(tmp_path: Path) -> None:
    examples = validated(tmp_path, [{"messages": messages} for messages in conversations()])
    model = Model(starter_base(), "fp32", torch.device("cpu"))
    with model.evaluating(generates=False):
        separate = [
            float(model.loss_sum(batches_of([example], True, 4096)[0])) for example in examples
        ]
        [packed] = batches_of(examples, True, 100_000)
        together = float(model.loss_sum(packed))
    assert together == pytest.approx(sum(separate), rel=1e-6)
    positions = [at for index in packed.examples for at in range(len(examples[index].ids))]
    assert packed.position_ids[0].tolist() == positions


def test_the_validation_loss_equals_the_training_loss(tmp_path: Path) -> None:
    """Once the validation loss counted padding and was eighty times too large."""
    examples = validated(tmp_path, [{"messages": messages} for messages in conversations()])
    model = Model(starter_base(), "fp32", torch.device("cpu"))
    measured = validation_loss(model, examples, lambda _: None)
    wanted = [reference(parts) for parts in chat_pieces()]
    trained = sum(sum(labels) for _, labels in wanted)
    with torch.no_grad():
        expected = sum(float(plain_sum(ids, labels)) for ids, labels in wanted) / trained
    assert measured["tokens"] == trained and measured["rows"] == len(wanted)
    assert measured["loss"] == pytest.approx(expected, abs=1e-6, rel=0)


def test_bf16_keeps_fp32_master_weights(tmp_path: Path) -> None:
    """The master weights keep changes too small for bf16, which add up over several steps."""
    model = Model(starter_base(), "bf16", torch.device("cpu"))
    assert {tensor.dtype for tensor in model.master_weights.values()} == {torch.float32}
    assert {tensor.dtype for tensor in model.parameters.values()} == {torch.bfloat16}
    for name, tensor in load_file(starter_base() / "model.safetensors").items():
        assert torch.equal(model.master_weights[name], tensor.float()), name
    optimizer = Optimizer(model, max_grad_norm=1.0, weight_decay=0.0)
    name = next(name for name, tensor in model.master_weights.items() if tensor.ndim == 1)
    before = model.master_weights[name].clone()
    for _ in range(3):
        model.gradients = {
            key: torch.ones_like(tensor) for key, tensor in model.master_weights.items()
        }
        optimizer.step(1e-6, optimizer.grad_norm())
    moved = before - model.master_weights[name]
    assert float(moved.min()) > 2.5e-6
    assert torch.equal(model.parameters[name].data, model.master_weights[name].to(torch.bfloat16))
    assert {tensor.dtype for tensor in optimizer.optimizer_state().values()} == {torch.float32}


@pytest.mark.parametrize("packing", [True, False])
def test_a_step_reports_the_mean_over_its_trained_tokens(tmp_path: Path, packing: bool) -> None:
    """With a learning rate of 0 every step uses the base weights and can be computed again."""
    training = Training(tmp_path)
    records = [{"messages": messages} for messages in conversations()]
    training.intake(records, slice_rows=2, core_rows=2)
    folder = training.run(training.spec(learning_rate=0.0, eval_samples=0, packing=packing))
    wanted = [reference(parts) for parts in chat_pieces()]
    entries = lines_of(training.dataset / "ledger.jsonl")
    for metric, entry in zip(metrics_of(folder), entries, strict=True):
        rows = [wanted[row - 1] for row in entry["rows"]]
        trained = sum(sum(labels) for _, labels in rows)
        with torch.no_grad():
            expected = sum(float(plain_sum(ids, labels)) for ids, labels in rows) / trained
        assert metric["trained_tokens"] == entry["trained_tokens"] == trained
        assert metric["tokens"] == sum(len(ids) for ids, _ in rows)
        assert metric["loss"] == pytest.approx(expected, abs=1e-6)
