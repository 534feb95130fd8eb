"""What moves the weights, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """What moves the weights."""

    title: ClassVar[str] = "Optimizer and learning rates"

    name: Literal["adamw", "adamw_8bit"] = option(
        "adamw",
        "Optimizer",
        "How gradients become changes of the weights.",
        choices_help={
            "adamw": "The usual one, exact: 8 bytes of memory for each weight that learns.",
            "adamw_8bit": "The same with rounded memory, a quarter of it; needs bitsandbytes.",
        },
    )
    unet_lr: float = option(
        2e-6,
        "U-Net learning rate",
        "Of the full model, usually 1e-6 … 5e-6; a LoRA has its own.",
        low=0,
        high=10,
    )
    text_encoder_lr: float = option(
        1e-6, "Text encoder learning rate", "Usually half of the U-Net's.", low=0, high=10
    )
    text_encoder_2_lr: float = option(
        -1,
        "Second text encoder learning rate",
        "Of a model with two; -1: as of the first.",
        low=-1,
        high=10,
        advanced=True,
    )
    weight_decay: float = option(
        0.01, "Weight decay", "Pulls weights towards zero.", low=0, high=1, advanced=True
    )
    beta1: float = option(0.9, "Beta 1", "Memory of the gradient.", low=0, high=0.9999, advanced=True)
    beta2: float = option(0.999, "Beta 2", "Memory of its square.", low=0, high=0.99999, advanced=True)
    epsilon: float = option(1e-8, "Epsilon", "Keeps the division finite.", low=1e-12, high=1, advanced=True)
    max_grad_norm: float = option(
        1.0, "Gradient clipping", "Longest gradient; 0: not clipped.", low=0, high=1000, advanced=True
    )
