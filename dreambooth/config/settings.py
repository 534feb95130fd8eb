"""Every setting of a training run, put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.duration import DurationConfig
from dreambooth.config.ema import EmaConfig
from dreambooth.config.lora import LoraConfig
from dreambooth.config.loss import LossConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.option import option
from dreambooth.config.parts import PartsConfig
from dreambooth.config.precision import PrecisionConfig
from dreambooth.config.samples import SampleConfig
from dreambooth.config.saving import SavingConfig
from dreambooth.config.schedule import ScheduleConfig

Method = Literal["dreambooth", "finetune", "hybrid"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that a training run is asked to do."""

    method: Method = option(
        "dreambooth",
        "Method",
        "dreambooth: your pictures under one prompt, beside class images. finetune: captions only. "
        "hybrid: captions linked to the instance token.",
    )
    adapter: Literal["none", "lora", "loha", "lokr"] = option(
        "none",
        "Adapter",
        "none: the full model learns. lora: a small file beside the model learns. loha, lokr: files of other "
        "products, which learn more for their size and are slower.",
    )
    seed: int = option(0, "Seed", "Every random number of the run comes from it.", low=0, high=2**32)
    concepts: tuple[Concept, ...] = ()
    duration: DurationConfig = field(default_factory=DurationConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    parts: PartsConfig = field(default_factory=PartsConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    ema: EmaConfig = field(default_factory=EmaConfig)
    precision: PrecisionConfig = field(default_factory=PrecisionConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    saving: SavingConfig = field(default_factory=SavingConfig)
    samples: SampleConfig = field(default_factory=SampleConfig)
