"""How pictures become batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """How pictures become batches."""

    title: ClassVar[str] = "Pictures and batches"

    resolution: int = option(
        512,
        "Resolution",
        "Side of a square training picture in pixels; others keep its area. A concept may have its own.",
        low=32,
        high=4096,
    )
    use_buckets: bool = option(
        True, "Aspect buckets", "Train pictures in about their own shape; off: everything is cropped square."
    )
    bucket_step_px: int = option(
        64,
        "Bucket step",
        "Sides are multiples of this many pixels, itself a multiple of 8. 64 suits every model; 32 cuts "
        "less off and makes more sizes, so more batches that are not full.",
        low=8,
        high=512,
        advanced=True,
    )
    bucket_min_px: int = since(
        "0.2",
        option(
            0,
            "Shortest side",
            "No side of a bucket is shorter; 0: half the resolution. Less lets panoramas keep their ends.",
            low=0,
            high=4096,
            advanced=True,
        ),
    )
    bucket_max_px: int = since(
        "0.2",
        option(
            0,
            "Longest side",
            "No side of a bucket is longer; 0: twice the resolution. As much as the resolution makes long "
            "pictures small rather than cut.",
            low=0,
            high=8192,
            advanced=True,
        ),
    )
    bucket_no_upscale: bool = since(
        "0.2",
        option(
            False,
            "Never enlarge",
            "A picture smaller than its bucket is trained at its own size, rounded down to the step: nothing "
            "blurred is learnt, and there are more sizes. Off: it is enlarged.",
        ),
    )
    batch_size: int = option(
        1, "Batch size", "Instance images per pass; class images come on top.", low=1, high=512
    )
    gradient_accumulation_steps: int = option(
        1, "Gradient accumulation", "Passes per optimizer step.", low=1, high=1024, advanced=True
    )
    mix_concepts: bool = since(
        "0.2",
        option(
            True,
            "Mix concepts in a batch",
            "Pictures of different concepts may share a batch. Off: each batch has one concept, which leaves "
            "more batches that are not full; try it where one concept drowns another.",
            advanced=True,
        ),
    )
    cache_latents: bool = option(
        True, "Cache latents", "Encode every picture once and keep the result on disk, keyed by its content."
    )
    class_images_by: Literal["trainer", "webui"] = option(
        "trainer",
        "Class images by",
        "Who draws the class images that are missing.",
        choices_help={
            "trainer": "The trainer, with the model as it is, without a LoRA; it weights words, too.",
            "webui": "The running webui's txt2img, with the checkpoint that the model was made from; it "
            "weights words as (word:1.2), and its VAE, clip skip and embeddings count.",
        },
    )
