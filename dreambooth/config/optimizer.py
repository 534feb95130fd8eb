"""What moves the weights, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.optimizer_kinds import KINDS, OptimizerName
from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """What moves the weights."""

    title: ClassVar[str] = "Optimizer and learning rates"

    name: OptimizerName = option(
        "adamw",
        "Optimizer",
        "How gradients become changes of the weights. Rates that suit one of them can destroy a model under "
        "another: change the learning rates with it.",
        choices_help={name: kind.told for name, kind in KINDS.items()},
    )
    class_name: str = since(
        "0.2",
        option(
            "",
            "Class of the optimizer",
            "With custom: the dotted name of a class of an installed package, e.g. torch.optim.NAdam or "
            "pytorch_optimizer.Tiger. It is tried on one small weight before a model is loaded.",
            advanced=True,
        ),
    )
    arguments: str = since(
        "0.2",
        option(
            "",
            "More arguments",
            "What else the optimizer is told, by its own names, e.g. d_coef=0.8, betas=(0.9, 0.99). They "
            "count before the fields here; what it does not know is refused.",
            advanced=True,
        ),
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
        0.01,
        "Weight decay",
        "Pulls weights towards zero, by this share of the learning rate at every step: 0.01 is usual, Lion "
        "takes 0.02 … 0.1.",
        low=0,
        high=1,
        advanced=True,
    )
    text_encoder_weight_decay: float = since(
        "0.2",
        option(
            -1,
            "Text encoder weight decay",
            "Of the text encoders alone: more of it keeps words closer to what they meant. -1: as above.",
            low=-1,
            high=1,
            advanced=True,
        ),
    )
    beta1: float = option(
        -1,
        "Beta 1",
        "Memory of the gradient, or momentum; -1: as the optimizer's authors advise, mostly 0.9.",
        low=-1,
        high=0.9999,
        advanced=True,
    )
    beta2: float = option(
        -1,
        "Beta 2",
        "Memory of its square, where it has one; -1: as its authors advise: AdamW 0.999, Lion 0.99.",
        low=-1,
        high=0.99999,
        advanced=True,
    )
    epsilon: float = option(
        1e-8,
        "Epsilon",
        "Keeps the division finite, where there is one: AdamW, Prodigy, D-Adaptation's Adam, schedule-free.",
        low=1e-12,
        high=1,
        advanced=True,
    )
    max_grad_norm: float = option(
        1.0, "Gradient clipping", "Longest gradient; 0: not clipped.", low=0, high=1000, advanced=True
    )
    text_encoder_max_grad_norm: float = since(
        "0.2",
        option(
            -1,
            "Text encoder gradient clipping",
            "Longest gradient of the text encoders, so that a long one of the U-Net does not shrink theirs; "
            "-1: clipped together with the U-Net's, 0: not clipped.",
            low=-1,
            high=1000,
            advanced=True,
        ),
    )
