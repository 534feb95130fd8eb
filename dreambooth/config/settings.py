"""Every setting of a training run, put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.duration import DurationConfig
from dreambooth.config.ema import EmaConfig
from dreambooth.config.lora import LoraConfig
from dreambooth.config.loss import LossConfig
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.noise import NoiseConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.option import option
from dreambooth.config.parts import PartsConfig
from dreambooth.config.precision import PrecisionConfig
from dreambooth.config.preservation import PreservationConfig
from dreambooth.config.samples import SampleConfig
from dreambooth.config.saving import SavingConfig
from dreambooth.config.schedule import ScheduleConfig
from dreambooth.config.validation import ValidationConfig

Method = Literal["dreambooth", "finetune", "hybrid"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that a training run is asked to do, in the order of a form."""

    method: Method = option(
        "dreambooth",
        "Method",
        "How pictures and words are brought together.",
        choices_help={
            "dreambooth": "One subject from a few pictures, under one prompt, beside class images. "
            "Choosing it makes that prompt of the tokens where there were captions.",
            "finetune": "Pictures with their captions alone, for a style or a large set. Choosing it "
            "makes every instance prompt [filewords], and takes away tokens and class images.",
            "hybrid": "Captions linked to the instance token: a subject in many described scenes. "
            "Choosing it makes the prompts [filewords]; name a token.",
        },
    )
    adapter: Literal["none", "lora", "loha", "lokr"] = option(
        "none",
        "Adapter",
        "What learns: the model itself, or a small file that is used on top of it.",
        choices_help={
            "none": "The full model: the closest likeness, the most memory, a checkpoint as a result.",
            "lora": "Two thin matrices beside each layer: little memory, a small file.",
            "loha": "The product, number by number, of two such pairs: learns more for its size, slower.",
            "lokr": "A Kronecker product: the smallest files, slower.",
        },
    )
    seed: int = option(0, "Seed", "Every random number of the run comes from it.", low=0, high=2**32)
    concepts: tuple[Concept, ...] = ()
    duration: DurationConfig = field(default_factory=DurationConfig)
    data: DataConfig = field(default_factory=DataConfig)
    captions: CaptionsConfig = field(default_factory=CaptionsConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    parts: PartsConfig = field(default_factory=PartsConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    preservation: PreservationConfig = field(default_factory=PreservationConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    ema: EmaConfig = field(default_factory=EmaConfig)
    precision: PrecisionConfig = field(default_factory=PrecisionConfig)
    machines: MachinesConfig = field(default_factory=MachinesConfig)
    saving: SavingConfig = field(default_factory=SavingConfig)
    samples: SampleConfig = field(default_factory=SampleConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
