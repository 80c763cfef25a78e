"""`spec.json` of a training run as the trainer uses it. The only place that reads its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from .. import protocol
from .sampler import RowOrder


@dataclass(frozen=True)
class TrainConfig:
    """The frozen configuration of the pass, as far as the trainer uses it. No defaults: the engine
    writes every key."""

    precision: str
    deterministic: bool
    batch_size: int
    gradient_accumulation: int
    # Rows per micro-batch; None (`auto`): limited by tokens alone.
    micro_batch: int | None
    packing: bool
    learning_rate: float
    schedule: str
    weight_decay: float
    max_grad_norm: float
    epochs: int
    seed: int
    eval_steps: int
    eval_samples: int
    generate_samples: int
    eval_max_new_tokens: int
    eval_timeout_seconds: float
    scorer: str
    save_steps: int
    keep_checkpoints: int
    pause_keep_seconds: float
    monitoring_percent: float

    @property
    def rows_per_step(self) -> int:
        return self.batch_size * self.gradient_accumulation

    def changed(self, live: Mapping[str, Any]) -> TrainConfig:
        """With the settings of the command `configure`. KeyError or TypeError when it lacks one or
        has a wrong type."""
        settings = cast("protocol.LiveSettings", live)
        micro_batch = settings["micro_batch"]
        return replace(
            self,
            micro_batch=None if micro_batch == "auto" else int(micro_batch),
            generate_samples=int(settings["generate_samples"]),
            eval_max_new_tokens=int(settings["eval_max_new_tokens"]),
            eval_timeout_seconds=float(settings["eval_timeout_seconds"]),
            keep_checkpoints=int(settings["keep_checkpoints"]),
            pause_keep_seconds=float(settings["pause_keep_seconds"]),
            monitoring_percent=float(settings["monitoring_percent"]),
        )

    @classmethod
    def read(cls, config: protocol.Config) -> TrainConfig:
        micro_batch = config["micro_batch"]
        return cls(
            precision=config["precision"],
            deterministic=config["deterministic"] == "on",
            batch_size=config["batch_size"],
            gradient_accumulation=config["gradient_accumulation"],
            micro_batch=None if micro_batch == "auto" else micro_batch,
            packing=config["packing"],
            learning_rate=float(config["learning_rate"]),
            schedule=config["schedule"],
            weight_decay=float(config["weight_decay"]),
            max_grad_norm=float(config["max_grad_norm"]),
            epochs=config["epochs"],
            seed=config["seed"],
            eval_steps=config["eval_steps"],
            eval_samples=config["eval_samples"],
            generate_samples=config["generate_samples"],
            eval_max_new_tokens=config["eval_max_new_tokens"],
            eval_timeout_seconds=float(config["eval_timeout_seconds"]),
            scorer=config["scorer"],
            save_steps=config["save_steps"],
            keep_checkpoints=config["keep_checkpoints"],
            pause_keep_seconds=float(config["pause_keep_seconds"]),
            monitoring_percent=float(config["budget"]["monitoring_percent"]),
        )


@dataclass(frozen=True)
class Cadence:
    """What the engine scales with the number of planned steps. Without it the configured values
    hold."""

    warmup_steps: int
    eval_steps: int
    preview_steps: int

    @classmethod
    def read(cls, spec: protocol.TrainSpec) -> Cadence:
        source = spec.get("cadence") or spec["config"]
        return cls(
            warmup_steps=source["warmup_steps"],
            eval_steps=source["eval_steps"],
            preview_steps=source["preview_steps"],
        )


@dataclass(frozen=True)
class BaseSpec:
    id: str
    folder: Path
    hash: str


@dataclass(frozen=True)
class DatasetSpec:
    id: str
    name: str
    folder: Path
    # The token cache of the dataset.
    cache: Path
    # Quarantined rows, ascending; positions and steps of the pass count the others alone.
    excluded_rows: list[int]
    # `all`: the row order is drawn from all rows, and excluded ones are left out of it.
    row_order: RowOrder
    content_hash: str


@dataclass(frozen=True)
class TrainSpec:
    run: str
    workspace: Path
    device: str
    # Processes that train each step together; 1: started without a launcher.
    processes: int
    is_distributed: bool
    threads: int
    # Whether a checkpoint may be written while the next steps run.
    saves_async: bool
    config: TrainConfig
    cadence: Cadence
    base: BaseSpec
    dataset: DatasetSpec
    pass_id: str
    planned_steps: int
    branch: str
    # The folder with the checkpoints of the branch.
    checkpoints: Path
    # The folder with the fixed validation set.
    core: Path
    # Saves at the latest after this time; None: only every save_steps.
    save_seconds: float | None
    # Tokens per micro-batch at most, after memory ran out; None: as many as usual.
    micro_batch_tokens: int | None
    # Used only when the newest checkpoint is not of this pass.
    start_position: int
    # Set by tests, never by the product: seconds to sleep after each step, attention dropout.
    step_sleep: float
    attention_dropout: float | None

    @classmethod
    def read(cls, spec: protocol.TrainSpec) -> TrainSpec:
        base, dataset, test = spec["base"], spec["dataset"], spec["test"]
        dropout = test.get("attention_dropout")
        save_seconds = spec.get("save_seconds")
        return cls(
            run=spec["run"],
            workspace=Path(spec["workspace"]),
            device=spec["device"],
            processes=spec["launcher"]["processes"],
            is_distributed=spec["launcher"]["kind"] != "single",
            threads=spec["threads"],
            saves_async=spec["saving"] == "async",
            config=TrainConfig.read(spec["config"]),
            cadence=Cadence.read(spec),
            base=BaseSpec(base["id"], Path(base["folder"]), base["hash"]),
            dataset=DatasetSpec(
                id=dataset["id"],
                name=dataset["name"],
                folder=Path(dataset["folder"]),
                cache=Path(dataset["cache"]),
                excluded_rows=dataset["excluded_rows"],
                row_order=dataset.get("row_order", "kept"),
                content_hash=dataset["content_hash"],
            ),
            pass_id=spec["pass"]["id"],
            planned_steps=spec["pass"]["planned_steps"],
            branch=spec["lineage"]["branch"],
            checkpoints=Path(spec["lineage"]["checkpoints"]),
            core=Path(spec["validation"]["core"]),
            save_seconds=None if save_seconds is None else float(save_seconds),
            micro_batch_tokens=spec.get("micro_batch_tokens"),
            start_position=spec["start"]["position"],
            step_sleep=float(test.get("step_sleep", 0.0)),
            attention_dropout=None if dropout is None else float(dropout),
        )
