"""Nothing in a model folder is run or unpickled, whatever its files ask for."""

from __future__ import annotations

import ast
import json
import pickle
import shutil
from pathlib import Path

import pytest
from intake_support import starter_base
from test_bases import make

from nightshift_trainer.architectures import UnsupportedModel, model_class
from nightshift_trainer.evaluate.load import load_model
from nightshift_trainer.rendering import BaseRefused

PACKAGE = Path(__file__).parents[1] / "nightshift_trainer"
HOSTILE = [
    {"architectures": ["getLogger"], "model_type": "llama"},
    {"architectures": ["LlamaForCausalLM"], "model_type": "auto.tokenization_auto"},
    {"architectures": ["LlamaForCausalLM"], "model_type": "../../evil"},
    {"architectures": [["LlamaForCausalLM"]], "model_type": ["llama"]},
    {"architectures": ["EvilForCausalLM"], "model_type": "evil"},
    {"architectures": [], "model_type": "llama"},
]


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def hostile_folder(root: Path, **changes: object) -> Path:
    folder = root / "hostile"
    shutil.copytree(starter_base(), folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    code = f"from pathlib import Path\nPath({str(root / 'ran')!r}).touch()\n"
    (folder / "modeling_evil.py").write_text(code, "utf-8")
    auto_map = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "modeling_evil.Evil")
    config = {**config, "auto_map": auto_map, **changes}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.mark.parametrize("changes", HOSTILE)
def test_config_json_selects_only_from_the_classes_of_transformers(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    folder = hostile_folder(tmp_path, **changes)
    with pytest.raises(UnsupportedModel):
        model_class(folder)
    with pytest.raises(BaseRefused):
        load_model(folder, "fp32", "cpu")
    with pytest.raises(BaseRefused, match="can't be used as a base model"):
        make(tmp_path, "folder", tmp_path / "models" / "folder", folder)
    assert not (tmp_path / "ran").exists() and not (tmp_path / "models" / "folder").exists()


def test_code_beside_a_known_model_is_ignored(tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path)
    load_model(folder, "fp32", "cpu")
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_are_never_read(tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(tmp_path / "ran")))
    with pytest.raises(BaseRefused, match="safetensors"):
        load_model(folder, "fp32", "cpu")
    with pytest.raises(BaseRefused, match="can run code when loaded"):
        make(tmp_path, "folder", tmp_path / "models" / "folder", folder)
    assert not (tmp_path / "ran").exists()


def test_every_call_that_loads_a_model_refuses_its_code() -> None:
    calls = [
        (path, call)
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("from_pretrained", "from_config")
    ]
    assert len(calls) >= 4
    for path, call in calls:
        given = {word.arg: word.value for word in call.keywords}
        where = f"{path.name}:{call.lineno}"
        for name, value in (("trust_remote_code", False), ("local_files_only", True)):
            found = given.get(name)
            assert isinstance(found, ast.Constant) and found.value is value, f"{where}: {name}"
