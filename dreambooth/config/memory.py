"""How much memory a training takes: weights counted, the rest by a rule of thumb."""

from __future__ import annotations

from dreambooth.config.optimizer_kinds import KINDS
from dreambooth.config.resolution import largest_resolution
from dreambooth.config.settings import TrainConfig
from dreambooth.config.weights import WeightCounts


def estimate_bytes(
    config: TrainConfig, counts: WeightCounts, *, in_half_precision: bool, on_gpu: bool
) -> int:
    """Bytes for weights, gradients, optimizer and activations of a step; the latter by a rule of thumb.

    Activations are taken as 2.4 GB in half precision for one 512 x 512 picture on the U-Net of SD 1.5 (860 M
    weights), in proportion to area, batch and the root of the U-Net's size; checkpointing keeps a third.
    """
    frozen = counts.everything - counts.learning if config.adapter == "none" else counts.everything
    weights = 4 * counts.learning + (2 if in_half_precision and on_gpu else 4) * frozen
    area = (largest_resolution(config) / 512) ** 2
    width = (counts.unet / 860e6) ** 0.5
    activations = 2.4e9 * num_pictures(config) * area * width * (1 if in_half_precision else 2)
    if config.precision.gradient_checkpointing:
        activations /= 3
    if config.preservation.kind != "class_images" and config.adapter == "none":
        weights += (2 if in_half_precision and on_gpu else 4) * counts.learning  # as they were before
    ema = 4 * counts.learning if config.ema.enabled else 0
    moved = counts.learning * (4 + KINDS[config.optimizer.name].bytes_per_weight)
    return int(weights + moved + ema + activations)


def num_pictures(config: TrainConfig) -> int:
    """Pictures that pass through the model together; some are shown twice, under two prompts."""
    has_others = any(concept.num_class_images_per for concept in config.concepts)
    return config.data.batch_size * (1 + (has_others or config.preservation.kind != "class_images"))
