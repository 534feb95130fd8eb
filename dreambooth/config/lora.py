"""The adapter that learns beside the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Adapters: what is learnt beside the layers instead of in them."""

    title: ClassVar[str] = "Adapter"

    rank: int = option(16, "Rank", "Higher learns more and makes a larger file.", low=1, high=512)
    alpha: float = option(
        16.0,
        "Alpha",
        "The adapter is scaled by alpha / rank; equal to the rank: not scaled.",
        low=0.01,
        high=4096,
    )
    conv_rank: int = option(
        0,
        "Convolution rank",
        "Of the 3x3 convolutions, which then learn too, with all of their blocks (LoCon); 0: none learns.",
        low=0,
        high=512,
    )
    conv_alpha: float = option(
        0.0, "Convolution alpha", "0: scaled as the other layers.", low=0, high=4096, advanced=True
    )
    text_encoder_rank: int = option(
        0, "Text encoder rank", "0: as of the U-Net.", low=0, high=512, advanced=True
    )
    text_encoder_alpha: float = option(
        0.0, "Text encoder alpha", "0: scaled as the U-Net.", low=0, high=4096, advanced=True
    )
    dora: bool = option(
        False,
        "DoRA",
        "Learn the length of what each input adds apart from its direction; slower, often closer to a full "
        "training.",
    )
    lokr_factor: int = option(
        -1,
        "LoKr factor",
        "About how large the first of the two factors of a LoKr is; -1: as large as the second.",
        low=-1,
        high=512,
        advanced=True,
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Share of the adapter's inputs left out; only of a LoRA.",
        low=0,
        high=0.9,
        advanced=True,
    )
    rank_dropout: float = option(
        0.0,
        "Rank dropout",
        "Share of a LoRA's ranks, or of the outputs of a LoHa or LoKr, left out of a step.",
        low=0,
        high=0.9,
        advanced=True,
    )
    module_dropout: float = option(
        0.0,
        "Layer dropout",
        "Share of the adapted layers left out of a step.",
        low=0,
        high=0.9,
        advanced=True,
    )
    max_norm: float = option(
        0.0,
        "Largest norm",
        "What a layer's adapter adds is shrunk to this length after every step (about 1); 0: not limited.",
        low=0,
        high=1000,
        advanced=True,
    )
    loraplus_ratio: float = option(
        1.0,
        "LoRA+ ratio",
        "How much faster the second matrix of a LoRA learns than the first (about 16); 1: equally fast.",
        low=1,
        high=1000,
        advanced=True,
    )
    block_ranks: str = option(
        "",
        "Ranks of blocks",
        "Of the U-Net where they differ, e.g. in=4, mid=8, out3-5=32; alpha follows; 0: no adapter there.",
        advanced=True,
    )
    block_lr_factors: str = option(
        "",
        "Learning rates of blocks",
        "Factors of the learning rate of U-Net blocks, e.g. in=0.5, out9-11=2; 0: no adapter there.",
        advanced=True,
    )
    unet_lr: float = option(
        1e-4, "U-Net learning rate", "Of the adapter; the full model's is optimizer.unet_lr.", low=0, high=10
    )
    text_encoder_lr: float = option(
        5e-5, "Text encoder learning rate", "Of the adapter on the text encoder.", low=0, high=10
    )
    text_encoder_2_lr: float = option(
        -1,
        "Second text encoder learning rate",
        "Of a model with two; -1: as of the first.",
        low=-1,
        high=10,
        advanced=True,
    )
    start: Literal["continue", "fresh"] = option(
        "continue",
        "Start",
        "What the adapter begins with.",
        choices_help={
            "continue": "Goes on with the model's adapter when it has one.",
            "fresh": "Begins a new one; the model's goes to the backups.",
        },
    )
    start_file: str = option(
        "",
        "Begin with",
        "An adapter file whose weights a fresh adapter begins with; of the same kind and ranks.",
        advanced=True,
    )
