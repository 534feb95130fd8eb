"""What the U-Net is told beside the noisy latents: captions, how a picture was cut, and the hole in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

import torch
from torch import Tensor

from dreambooth.data.batches import Batch, Item
from dreambooth.data.latents import LatentSource
from dreambooth.data.masks import random_mask
from dreambooth.data.rendering import seen_part
from dreambooth.models.family import Conditions, Frame, Model, TextStates
from dreambooth.training.device import evaluating
from dreambooth.training.learner import Learner
from dreambooth.training.randomness import normal, own_rows
from dreambooth.training.rows import Row

T = TypeVar("T")
MOST_KEPT = 512  # text states on the device: a third of a gigabyte of SDXL's


def frame_of(item: Item) -> Frame:
    """Which part of its picture an item shows, after scaling to the size at which it is trained."""
    whole, size = item.example.original_size, item.example.size
    crop = seen_part(whole, size, item.look)
    scale = size.width_px / crop.width
    left = whole.width_px - crop.right if item.flipped else crop.left
    return Frame(
        original_height=whole.height_px,
        original_width=whole.width_px,
        top=round(crop.top * scale),
        left=round(left * scale),
        height=size.height_px,
        width=size.width_px,
    )


def training_hole(model: Model, latents: LatentSource, batch: Batch, where: tuple[object, ...]) -> Tensor:
    """Random holes in the pictures of a batch, as ``Model.hole`` has them; on the CPU.

    ``where`` = (seed, step, number of the batch).
    """
    rng = random.Random(f"{where} mask")
    masks = own_rows(batch, torch.stack([random_mask(batch.size, rng) for _ in range(batch.num_whole)]))
    mean, std = latents.fetch_without_hole(batch, masks)
    left_over = normal((batch.num_whole, *mean.shape[1:]), *where, "left over")
    return model.hole(masks, mean + std * own_rows(batch, left_over))


def encode_now(learner: Learner, captions: Sequence[str]) -> TextStates:
    """Text states by the weights as they are; nothing is kept."""
    return learner.model.encode_captions(captions, learner.reading)


def _encode_captions(learner: Learner, captions: Sequence[str], step: int) -> TextStates:
    """Text states; the last used ones are kept once the text encoder no longer learns.

    Kept captions are encoded one by one: the last bits depend on the batch, and a resumed run meets the
    captions in other batches than the run it continues.
    """
    if step < learner.num_text_steps:
        return encode_now(learner, captions)
    kept = learner.frozen_states
    with evaluating(*(learner.model.parts[part] for part in learner.model.text_parts)):  # dropout would stay
        for caption in captions:
            known = kept.pop(caption, None)
            kept[caption] = encode_now(learner, [caption]) if known is None else known
    states = learner.model.join_states([kept[caption] for caption in captions])
    keep_last(kept, MOST_KEPT)
    return states


def keep_last(kept: dict[str, T], limit: int) -> None:
    """Forget what was put in first, until so many are left."""
    for key in list(islice(kept, max(0, len(kept) - limit))):
        del kept[key]


def batch_conditions(
    learner: Learner, batch: Batch, rows: Sequence[Row], step: int, number: int
) -> Conditions:
    """What the U-Net is told of the rows of a batch."""
    model, where = learner.model, (learner.config.seed, step, number)
    hole = training_hole(model, learner.latents, batch, where) if model.inpaints else None
    return Conditions(
        text=_encode_captions(learner, [row.prompt for row in rows], step),
        frames=[frame_of(batch.items[row.source]) for row in rows],
        hole=None if hole is None else hole[[row.source for row in rows]].to(learner.device.device),
    )


def whole_picture(
    model: Model, text: TextStates, device: torch.device, *, height: int, width: int
) -> Conditions:
    """Conditions for a picture (pixels) that is drawn out of nothing, one for each row of ``text``."""
    frames = [Frame.whole(height=height, width=width)] * len(text)
    if not model.inpaints:
        return Conditions(text=text, frames=frames)
    grey = model.encode_pictures(torch.zeros(1, 3, height, width, device=device)).mean
    hole = model.hole(torch.ones(1, 1, height, width, device=device), grey)
    return Conditions(text=text, frames=frames, hole=hole.expand(len(text), -1, -1, -1))
