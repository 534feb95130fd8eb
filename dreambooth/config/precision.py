"""Where and how exactly to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class PrecisionConfig:
    """Where and how exactly to compute."""

    device: Literal["auto", "cuda", "mps", "cpu"] = option(
        "auto", "Device", "auto: the GPU when there is one."
    )
    mixed_precision: Literal["auto", "no", "bf16", "fp16"] = option(
        "auto",
        "Mixed precision",
        "auto: bf16 on a GPU that has it, else fp16; no on a CPU. Weights stay fp32.",
    )
    gradient_checkpointing: bool = option(
        False, "Gradient checkpointing", "Less memory, a third slower.", advanced=True
    )
    attention: Literal["sdpa", "xformers"] = option(
        "sdpa", "Attention", "sdpa: torch's own. xformers: when it is installed, on CUDA.", advanced=True
    )
