"""Whether a picture can be used with these settings: its training size and its mask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.data import DataConfig
from dreambooth.data.buckets import Size, choose_size
from dreambooth.data.errors import PictureError
from dreambooth.data.images import ImageInfo
from dreambooth.data.loss_masks import LossMask, find_mask, look_at_mask


def fitting_size(image: ImageInfo, sizes: Sequence[Size], data: DataConfig) -> Size:
    """The size at which a picture is trained; raises PictureError where it is too small for any."""
    size = choose_size(image.width_px, image.height_px, sizes, data)
    if size is None:
        told = f"{image.width_px}×{image.height_px} px is less than a bucket step of {data.bucket_step_px} px"
        raise PictureError(image.path, f"{told}, and data.bucket_no_upscale lets nothing be enlarged")
    return size


def fitting_mask(image: ImageInfo, augment: AugmentConfig) -> LossMask | None:
    """The mask of a picture; raises PictureError when it cannot be used, or lets nothing be learnt."""
    mask = find_mask(image.path, augment.masks, augment.unmasked_weight)
    if mask is None:
        return None
    facts = look_at_mask(mask)
    if not facts.has_shape_of(image.width_px, image.height_px):
        told = f"its mask {mask.file.name} is {facts.width_px}×{facts.height_px} px, of another shape"
        raise PictureError(image.path, told)
    if facts.learnt_share == 0 and not augment.unmasked_weight:
        where = "it is transparent" if mask.channel == "alpha" else f"its mask {mask.file.name} is black"
        raise PictureError(image.path, f"{where} everywhere: nothing would be learnt from it")
    return mask


def mask_warnings(masks: Sequence[LossMask | None], augment: AugmentConfig) -> Iterator[str]:
    """What is to be told of masks that do nothing, and of pictures without one."""
    used = [mask for mask in masks if mask is not None]
    if augment.masks == "off":
        return
    if not used:
        yield f"augment.masks is {augment.masks}, and no picture has such a mask: everything is learnt"
    elif len(used) < len(masks):
        yield f"{len(masks) - len(used)} of {len(masks)} pictures have no mask and are learnt whole"
    if whole := sum(look_at_mask(mask).learnt_share == 1 for mask in used):
        yield f"{whole} of {len(used)} masks are white everywhere, which changes nothing"
