"""The pixels of a picture as a tensor."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dreambooth.data.buckets import Size
from dreambooth.data.looks import PLAIN, Look
from dreambooth.data.rendering import render

LEAST_DEVIATION = 1 / 255  # one step of a channel: a picture of one colour has none


def picture_to_tensor(image: Image.Image, size: Size, look: Look = PLAIN) -> Tensor:
    """An RGB picture as ``look`` has it, at ``size``: float (3, H, W) in -1 … 1, unless it is normalised."""
    pixels = torch.from_numpy(np.array(render(image, size, look)))  # (H, W, 3) in 0 … 255
    pixels = pixels.permute(2, 0, 1).float() / 127.5 - 1
    return normalised(pixels) if look.is_normalised else pixels


def normalised(pixels: Tensor) -> Tensor:
    """Pixels (3, H, W) with mean 0 and standard deviation 1 in each channel."""
    deviation = pixels.std((1, 2), correction=0, keepdim=True).clamp(min=LEAST_DEVIATION)
    return (pixels - pixels.mean((1, 2), keepdim=True)) / deviation
