"""What is known of each optimizer before one is built: its class, its memory, how its rate is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OptimizerName = Literal[
    "adamw",
    "adamw_8bit",
    "paged_adamw_8bit",
    "lion",
    "lion_8bit",
    "paged_lion_8bit",
    "adafactor",
    "came",
    "prodigy",
    "dadapt_adam",
    "dadapt_sgd",
    "sophia",
    "schedule_free_adamw",
    "schedule_free_radam",
    "schedule_free_sgd",
    "custom",
]


@dataclass(frozen=True, kw_only=True)
class OptimizerKind:
    """One of the optimizers; ``class_name`` is a dotted path, empty for what the user names."""

    told: str  # for whoever chooses: what it does, its memory for each weight that learns, which rate
    class_name: str
    bytes_per_weight: int
    betas: tuple[float | None, ...] = ()  # as its authors advise; () takes none
    momentum: float | None = None  # in place of beta 1, where that is what it has
    has_epsilon: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)  # what makes it the one that is described
    estimates_rate: bool = False  # finds the rate by itself; what is set multiplies it
    averages: bool = False  # the weights to show are an average of those that learn
    is_paged: bool = False


_ADAM = (0.9, 0.999)
_LION = (0.9, 0.99)
_ABOUT_ONE = "set every learning rate to 1"

KINDS: Mapping[OptimizerName, OptimizerKind] = {
    "adamw": OptimizerKind(
        told="The usual one, exact: 8 bytes of memory for each weight that learns.",
        class_name="torch.optim.AdamW",
        bytes_per_weight=8,
        betas=_ADAM,
        arguments={"fused": True},
    ),
    "adamw_8bit": OptimizerKind(
        told="The same with rounded memory, a quarter of it: 2 bytes, the same rates; needs bitsandbytes.",
        class_name="bitsandbytes.optim.AdamW8bit",
        bytes_per_weight=2,
        betas=_ADAM,
    ),
    "paged_adamw_8bit": OptimizerKind(
        told="As adamw_8bit; what does not fit on the GPU waits in main memory. Slower then; needs CUDA.",
        class_name="bitsandbytes.optim.PagedAdamW8bit",
        bytes_per_weight=2,
        betas=_ADAM,
        is_paged=True,
    ),
    "lion": OptimizerKind(
        told="Every weight moves by the whole rate, up or down: 4 bytes. Rate: a third to a tenth of "
        "AdamW's, weight decay three to ten times as much.",
        class_name="pytorch_optimizer.Lion",
        bytes_per_weight=4,
        betas=_LION,
        has_epsilon=False,
    ),
    "lion_8bit": OptimizerKind(
        told="Lion with rounded memory: 1 byte, the least of all that know every weight; needs bitsandbytes.",
        class_name="bitsandbytes.optim.Lion8bit",
        bytes_per_weight=1,
        betas=_LION,
        has_epsilon=False,
    ),
    "paged_lion_8bit": OptimizerKind(
        told="As lion_8bit; what does not fit on the GPU waits in main memory. Slower then; needs CUDA.",
        class_name="bitsandbytes.optim.PagedLion8bit",
        bytes_per_weight=1,
        betas=_LION,
        has_epsilon=False,
        is_paged=True,
    ),
    "adafactor": OptimizerKind(
        told="Keeps sums over rows and columns in place of every weight: at most 3 bytes. At the fixed "
        "rate that is set, as of AdamW or up to ten times it; beta 1 adds a momentum.",
        class_name="pytorch_optimizer.AdaFactor",
        bytes_per_weight=2,
        betas=(None, 0.999),
        has_epsilon=False,
        arguments={"relative_step": False, "scale_parameter": False},
    ),
    "came": OptimizerKind(
        told="Adafactor with momentum, which trusts steady directions more: 8 bytes, in an adapter 4. Rate: "
        "a fifth to a half of AdamW's, with a warm-up: its first steps are long.",
        class_name="pytorch_optimizer.CAME",
        bytes_per_weight=8,
        betas=(0.9, 0.999, 0.9999),
        has_epsilon=False,
    ),
    "prodigy": OptimizerKind(
        told=f"Finds the rate by itself, above all for adapters: 16 bytes; {_ABOUT_ONE}. For few steps: "
        "d_coef=2 in the arguments learns harder, 0.5 softer.",
        class_name="pytorch_optimizer.Prodigy",
        bytes_per_weight=16,
        betas=_ADAM,
        arguments={"bias_correction": True, "safeguard_warmup": True},
        estimates_rate=True,
    ),
    "dadapt_adam": OptimizerKind(
        told=f"Finds the rate by itself, more carefully than Prodigy: 12 bytes; {_ABOUT_ONE}.",
        class_name="pytorch_optimizer.DAdaptAdam",
        bytes_per_weight=12,
        betas=_ADAM,
        arguments={"weight_decouple": True},
        estimates_rate=True,
    ),
    "dadapt_sgd": OptimizerKind(
        told=f"Plain descent that finds the rate by itself: 12 bytes; {_ABOUT_ONE}. Beta 1 is its momentum.",
        class_name="pytorch_optimizer.DAdaptSGD",
        bytes_per_weight=12,
        momentum=0.9,
        has_epsilon=False,
        arguments={"weight_decouple": True},
        estimates_rate=True,
    ),
    "sophia": OptimizerKind(
        told="Momentum divided by the curvature, which squared gradients stand for, and cut off at the rate: "
        "8 bytes. Rate: a fifth of AdamW's; a higher gamma in the arguments cuts off fewer.",
        class_name="dreambooth.training.sophia.Sophia",
        bytes_per_weight=8,
        betas=(0.965, 0.99),
        has_epsilon=False,
    ),
    "schedule_free_adamw": OptimizerKind(
        told="AdamW that averages instead of slowing down, so that it may be stopped at any step: 8 bytes. "
        "Rate: two to five times AdamW's; schedule constant, warm-up allowed.",
        class_name="pytorch_optimizer.ScheduleFreeAdamW",
        bytes_per_weight=8,
        betas=_ADAM,
        averages=True,
    ),
    "schedule_free_radam": OptimizerKind(
        told="The same on RAdam, which begins carefully by itself and needs no warm-up: 8 bytes.",
        class_name="pytorch_optimizer.ScheduleFreeRAdam",
        bytes_per_weight=8,
        betas=_ADAM,
        averages=True,
    ),
    "schedule_free_sgd": OptimizerKind(
        told="The same on plain descent: 4 bytes. Rates are far above AdamW's. Beta 1 is its momentum.",
        class_name="pytorch_optimizer.ScheduleFreeSGD",
        bytes_per_weight=4,
        momentum=0.9,
        has_epsilon=False,
        averages=True,
    ),
    "custom": OptimizerKind(
        told="A class of an installed package: name it in optimizer.class_name.",
        class_name="",
        bytes_per_weight=8,
    ),
}
