"""The latents of pictures: from the cache, or encoded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from dreambooth.data.batches import Batch, Item
from dreambooth.data.buckets import SIDE_MULTIPLE_PX
from dreambooth.data.cache import TensorCache, latent_key
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.images import hash_file
from dreambooth.data.looks import PLAIN, Look
from dreambooth.data.loss_masks import render_mask
from dreambooth.data.pictures import load_picture
from dreambooth.data.pixels import picture_to_tensor

Encode = Callable[[Tensor], tuple[Tensor, Tensor]]  # (1, 3, H, W) in -1 … 1 → mean and std, both (1, c, h, w)
Looks = Callable[[Example], Iterable[Look]]  # those that are shown again and again
Flips = Callable[[Example], Iterable[bool]]  # whether it is shown mirrored, as it is, or both
Progress = Callable[[int, int], None]  # pictures done, pictures in all


class LatentSource:
    """Latent distributions of pictures, made by ``encode``, which ``vae_hash`` identifies.

    Pictures are encoded one by one: the last bits of a result depend on how many are encoded together, and so
    would differ between a run that was killed while filling the cache and one that was not.
    """

    def __init__(self, encode: Encode, vae_hash: str, cache: TensorCache | None) -> None:
        self.encode = encode
        self.vae_hash = vae_hash
        self.cache = cache

    def fill(
        self,
        dataset: Dataset,
        *,
        flips: Flips,
        progress: Progress,
        looks: Looks = lambda _: (PLAIN,),
        share: slice = slice(None),
    ) -> None:
        """Encodes what the cache lacks, size by size; may be killed and started again at any time.

        ``share`` is what of it one of several processes does.
        """
        if self.cache is None:
            return
        wanted = {
            (example.content_hash, example.size, flipped, look): example
            for example in chain(dataset.instances, dataset.classes)
            for flipped in flips(example)
            for look in looks(example)
        }
        in_order = sorted(wanted.items(), key=lambda pair: pair[0][1])[share]  # one size after another
        for done, ((_, _, flipped, look), example) in enumerate(in_order):
            progress(done, len(in_order))
            self._distribution(example, look, flipped=flipped)
        progress(len(in_order), len(in_order))

    def fetch(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the latents of a batch, both (B, c, h, w) on the CPU."""
        pairs = [self._distribution(item.example, item.look, flipped=item.flipped) for item in batch.items]
        means, stds = zip(*pairs, strict=True)
        return torch.stack(means), torch.stack(stds)

    def fetch_without_hole(self, batch: Batch, masks: Tensor) -> tuple[Tensor, Tensor]:
        """The same of pictures that are grey where ``masks`` (B, 1, H, W) are 1; never kept."""
        pairs = [
            self._encode_picture(item.example, item.look, flipped=item.flipped, mask=mask)
            for item, mask in zip(batch.items, masks, strict=True)
        ]
        means, stds = zip(*pairs, strict=True)
        return torch.stack(means), torch.stack(stds)

    def fetch_masks(self, batch: Batch) -> Tensor | None:
        """How much each latent pixel of a batch counts, (B, 1, h, w) in 0 … 1; None where all count alike."""
        if not any(_is_masked(item) for item in batch.items):
            return None
        return torch.stack([_weights(item) for item in batch.items])

    def _distribution(self, example: Example, look: Look, *, flipped: bool) -> tuple[Tensor, Tensor]:
        """Mean and std (c, h, w) of one picture."""
        if self.cache is None or not look.is_kept:
            return self._encode_picture(example, look, flipped=flipped)
        size, content, vae = example.size, example.content_hash, self.vae_hash
        key = latent_key(content, size, flipped=flipped, look=look, vae_hash=vae)
        if (kept := self.cache.get(key)) is not None:
            return kept["mean"], kept["std"]
        mean, std = self._encode_picture(example, look, flipped=flipped)
        self.cache.put(key, {"mean": mean, "std": std})
        return mean, std

    def _encode_picture(
        self, example: Example, look: Look, *, flipped: bool, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        pixels = picture_to_tensor(load_picture(example.image), example.size, look)  # (3, H, W)
        if hash_file(example.image) != example.content_hash:
            raise DataError(f"{example.image} has changed since the run began: start the run again")
        pixels = pixels.flip(-1) if flipped else pixels
        if mask is not None:
            pixels = pixels * (1 - mask)
        with torch.no_grad():
            mean, std = self.encode(pixels[None])
        return mean[0].cpu(), std[0].cpu()


def _is_masked(item: Item) -> bool:
    return item.is_masked and item.example.mask is not None


def _weights(item: Item) -> Tensor:
    """How much each latent pixel of an item counts: (1, h, w) in 0 … 1."""
    example = item.example
    if not item.is_masked or example.mask is None:
        height, width = example.size.height_px, example.size.width_px
        return torch.ones(1, height // SIDE_MULTIPLE_PX, width // SIDE_MULTIPLE_PX)
    whole, size = example.original_size, example.size
    mask = render_mask(example.mask, whole, size, item.look, flipped=item.flipped)
    inside = torch.from_numpy(np.array(mask)).float()[None] / 255
    return inside + (1 - inside) * example.mask.unmasked_weight
