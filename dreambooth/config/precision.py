"""Where and how exactly to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class PrecisionConfig:
    """Where and how exactly to compute."""

    title: ClassVar[str] = "Device and precision"

    device: Literal["auto", "cuda", "mps", "cpu"] = option(
        "auto",
        "Device",
        "What computes.",
        choices_help={
            "auto": "The GPU when there is one, else the processor.",
            "cuda": "A GPU of NVIDIA, or of AMD through ROCm.",
            "mps": "The GPU of an Apple computer.",
            "cpu": "The processor: works everywhere, many times slower.",
        },
    )
    mixed_precision: Literal["auto", "no", "bf16", "fp16"] = option(
        "auto",
        "Mixed precision",
        "How exactly to compute; weights that learn stay fp32.",
        choices_help={
            "auto": "On CUDA bf16 where the GPU has it, else fp16; on other devices no.",
            "no": "Everything in fp32: exact, with more memory, and slower on a GPU.",
            "bf16": "Less memory, faster, rarely any trouble; needs a GPU that has it.",
            "fp16": "Less memory, faster, on any GPU; steps that overflow are left out.",
        },
    )
    gradient_checkpointing: bool = option(
        False, "Gradient checkpointing", "Less memory, a third slower.", advanced=True
    )
    attention: Literal["sdpa", "xformers"] = option(
        "sdpa",
        "Attention",
        "Who computes the attention of the U-Net; the results agree but for rounding.",
        advanced=True,
        choices_help={
            "sdpa": "torch's own, on every device.",
            "xformers": "That of the package xformers, when it is installed, on CUDA.",
        },
    )
