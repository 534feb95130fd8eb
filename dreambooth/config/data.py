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
        "Side of a square training picture in pixels; others keep its area.",
        low=32,
        high=4096,
    )
    use_buckets: bool = option(
        True, "Aspect buckets", "Train pictures in about their own shape; off: everything is cropped square."
    )
    bucket_step_px: int = option(
        64, "Bucket step", "Sides are multiples of this many pixels.", low=8, high=512, advanced=True
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
            "trainer": "The trainer, with the model as it is, without a LoRA; prompts are taken literally.",
            "webui": "The running webui's txt2img, with the checkpoint that the model was made from; it "
            "weights words as (word:1.2), and its VAE, clip skip and embeddings count.",
        },
    )
