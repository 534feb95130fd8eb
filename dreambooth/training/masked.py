"""The error of an example where its mask lets the model learn."""

from __future__ import annotations

from torch import Tensor

LEAST_AREA = (
    1.0  # latent pixels: a mask that this showing cuts away adds nothing, rather than dividing by nothing
)


def masked_mean(errors: Tensor, masks: Tensor | None) -> Tensor:
    """The mean error of each example, (B,), of ``errors`` (B, c, h, w) under ``masks`` (B, 1, h, w) in 0 … 1.

    It is divided by the mask's area, so that an example with a small mask weighs as much as any other.
    """
    if masks is None:
        return errors.flatten(1).mean(1)
    areas = masks.flatten(1).sum(1).clamp(min=LEAST_AREA)
    return (errors.mean(1, keepdim=True) * masks).flatten(1).sum(1) / areas
