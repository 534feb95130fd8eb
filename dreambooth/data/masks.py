"""Random holes for pictures, to train a model that fills them."""

from __future__ import annotations

import random

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from dreambooth.data.buckets import Size

WHOLE_PROBABILITY = 0.25  # as Stable Diffusion's own inpainting model was trained
MAX_SHAPES = 4
SMALLEST_SHARE, LARGEST_SHARE = 0.2, 0.6  # of a side, for each shape
STROKE_SHARE = 0.15  # of the shorter side


def random_mask(size: Size, rng: random.Random) -> Tensor:
    """A mask (1, H, W) that is 1 in the hole and 0 elsewhere: everything, or boxes, ellipses and strokes."""
    if rng.random() < WHOLE_PROBABILITY:
        return torch.ones(1, size.height_px, size.width_px)
    mask = Image.new("L", (size.width_px, size.height_px))
    pen = ImageDraw.Draw(mask)
    for _ in range(rng.randint(1, MAX_SHAPES)):
        draw = rng.choice((pen.rectangle, pen.ellipse, None))
        if draw is None:
            _draw_stroke(pen, size, rng)
        else:
            draw(_random_box(size, rng), fill=1)
    return torch.from_numpy(np.array(mask, dtype=np.float32))[None]


def _random_box(size: Size, rng: random.Random) -> tuple[int, int, int, int]:
    width = round(size.width_px * rng.uniform(SMALLEST_SHARE, LARGEST_SHARE))
    height = round(size.height_px * rng.uniform(SMALLEST_SHARE, LARGEST_SHARE))
    left, top = rng.randint(0, size.width_px - width), rng.randint(0, size.height_px - height)
    return left, top, left + width, top + height


def _draw_stroke(pen: ImageDraw.ImageDraw, size: Size, rng: random.Random) -> None:
    points = [(rng.randint(0, size.width_px), rng.randint(0, size.height_px)) for _ in range(4)]
    thickness = max(1, round(STROKE_SHARE * min(size.width_px, size.height_px)))
    pen.line(points, fill=1, width=thickness, joint="curve")
