"""The pixels of a picture as a tensor."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dreambooth.data.buckets import Size, cover_and_crop


def picture_to_tensor(image: Image.Image, size: Size) -> Tensor:
    """An RGB picture cropped and resampled to ``size``: float (3, H, W) in -1 … 1."""
    crop = cover_and_crop(image.width, image.height, size)
    box = (crop.left, crop.top, crop.right, crop.bottom)
    # Cutting while resampling, at fractional edges, leaves no side to round: none can be a pixel short.
    small = image.resize((size.width_px, size.height_px), Image.Resampling.LANCZOS, box)
    pixels = torch.from_numpy(np.array(small))  # (H, W, 3) in 0 … 255
    return pixels.permute(2, 0, 1).float() / 127.5 - 1
