"""Texts beyond one window are tokenized exactly as transformers does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from intake_support import starter_base
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from nightshift_trainer.bases import smollm2
from nightshift_trainer.rendering.template import Rendered
from nightshift_trainer.rendering.tokens import encode_batch, load_tokenizer

LENGTH = 200_000


def _draw(seed: int, words: list[str], separators: list[str]) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(words) + draw.choice(separators) for _ in range(LENGTH))[:LENGTH]


SENTENCE = "the bench isn't oiled 12345 3.14 (a) naïve 北京 🙂 <|im_end|> <|endoftext|> don't"
WORDS: list[str] = list(SENTENCE.split())
CASES = {
    "words": _draw(1, WORDS, [" ", " ", "  ", "\n", "\n\n", "", "\t "]),
    "chinese": _draw(2, [chr(point) for point in range(0x4E00, 0x4F00)], [""]),
    "base64": _draw(3, list("ABCDEFabcdef0123456789+/"), [""]),
    "digits": _draw(4, list("0123456789"), [""]),
    "spaces": "a" + " " * (LENGTH - 2) + "b",
    "newlines": "\n" * LENGTH,
    "emoji": ("🙂👩\u200d👩\u200d👧" * LENGTH)[:LENGTH],
    "control tokens": ("<|im_end|>" * LENGTH)[:LENGTH],
}


@pytest.fixture(scope="session")
def smollm2_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Skipped only if the model is neither cached nor downloadable."""
    folder = tmp_path_factory.mktemp("smollm2")
    try:
        source = smollm2.gguf_file(lambda fraction, detail: None)
    except smollm2.BaseUnavailable as reason:
        pytest.skip(str(reason))
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(folder)
    smollm2.split_digits(folder / "tokenizer.json")
    return folder


def ours(folder: Path, text: str) -> list[int]:
    ((ids, labels),) = encode_batch(
        load_tokenizer(folder / "tokenizer.json"), [Rendered(text, ((0, len(text)),))]
    )
    assert labels.tolist() == [0, *[1] * (len(ids) - 1)]
    return ids.tolist()


@pytest.mark.parametrize("name", CASES)
def test_the_ids_of_a_long_text_are_those_of_transformers(
    name: str, smollm2_tokenizer: Path
) -> None:
    text = CASES[name]
    assert len(text) == LENGTH
    for folder in (starter_base(), smollm2_tokenizer):
        theirs = AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False).input_ids
        assert ours(folder, text) == theirs


@pytest.mark.parametrize("kind", ["prefix space", "metaspace", "sentencepiece"])
def test_other_kinds_of_tokenizers(kind: str, tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    alphabet: list[str] = []
    if kind == "prefix space":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    elif kind == "metaspace":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<unk>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([CASES["words"][:5000]], trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    text = CASES["words"]
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert ours(tmp_path, text) == theirs(text, add_special_tokens=False).input_ids


def test_labels_of_a_long_text_follow_its_spans() -> None:
    text = CASES["words"]
    spans = ((10, 70_000), (65_000 * 2, 65_600 * 2), (LENGTH - 5, LENGTH))
    tokenizer = load_tokenizer(starter_base() / "tokenizer.json")
    ((ids, labels),) = encode_batch(tokenizer, [Rendered(text, spans)])
    whole = tokenizer.encode(text, add_special_tokens=False)
    expected = [
        int(any(end > first and start < last for first, last in spans))
        for start, end in whole.offsets
    ]
    expected[0] = 0
    assert ids.tolist() == whole.ids and labels.tolist() == expected
