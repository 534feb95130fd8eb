"""A picture cut, turned, coloured and resampled to the size at which it is trained."""

from __future__ import annotations

import math

from PIL import Image, ImageEnhance

from dreambooth.data.buckets import Size
from dreambooth.data.crops import Crop, cover_and_crop
from dreambooth.data.looks import PLAIN, TRUE_COLOURS, Colours, Look


def render(picture: Image.Image, size: Size, look: Look = PLAIN) -> Image.Image:
    """An RGB picture as ``look`` has it, at ``size``."""
    shown = render_part(picture, size, look, Image.Resampling.LANCZOS)
    return shown if look.colours == TRUE_COLOURS else recolour(shown, look.colours)


def render_part(picture: Image.Image, size: Size, look: Look, resampling: Image.Resampling) -> Image.Image:
    """The part that is shown, turned, in the colours that it has; for masks as well."""
    crop = cover_and_crop(picture.width, picture.height, size, look.placement)
    box = (crop.left, crop.top, crop.right, crop.bottom)
    if not look.rotation_degrees:
        # Cutting while resampling, at fractional edges, leaves no side to round: none can be a pixel short.
        return picture.resize((size.width_px, size.height_px), resampling, box)
    shrink = seen_share(size, look.rotation_degrees)
    larger = Size(math.ceil(size.width_px / shrink), math.ceil(size.height_px / shrink))
    upright = picture.resize((larger.width_px, larger.height_px), resampling, box)
    return _turn(upright, size, look.rotation_degrees, shrink)


def seen_share(size: Size, degrees: float) -> float:
    """Of each side of a part, what can be seen of it turned, with no corner reaching beyond the part."""
    across, down = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width, height = size.width_px, size.height_px
    return min(width / (width * across + height * down), height / (width * down + height * across))


def seen_part(whole: Size, size: Size, look: Look) -> Crop:
    """The part that is shown, in the picture's own pixels; of one that is turned, its size and its centre."""
    crop = cover_and_crop(whole.width_px, whole.height_px, size, look.placement)
    share = seen_share(size, look.rotation_degrees) if look.rotation_degrees else 1.0
    if share == 1:
        return crop
    across, down = crop.width * (1 - share) / 2, crop.height * (1 - share) / 2
    return Crop(crop.left + across, crop.top + down, crop.right - across, crop.bottom - down)


def _turn(upright: Image.Image, size: Size, degrees: float, shrink: float) -> Image.Image:
    """The middle of a picture, turned counterclockwise; every pixel of the result lies inside the picture."""
    width, height = size.width_px, size.height_px
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across, down = upright.width * shrink / width, upright.height * shrink / height
    matrix = (
        across * cos,
        -across * sin,
        upright.width / 2 - across * (cos * width - sin * height) / 2,
        down * sin,
        down * cos,
        upright.height / 2 - down * (sin * width + cos * height) / 2,
    )
    return upright.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def recolour(picture: Image.Image, colours: Colours) -> Image.Image:
    """An RGB picture in other colours; factors of 1 and a turn of 0 change nothing."""
    changes = (
        (ImageEnhance.Brightness, colours.brightness),
        (ImageEnhance.Contrast, colours.contrast),
        (ImageEnhance.Color, colours.saturation),
    )
    for enhancer, factor in changes:
        picture = enhancer(picture).enhance(factor) if factor != 1 else picture
    return _turn_hues(picture, colours.hue) if colours.hue else picture


def _turn_hues(picture: Image.Image, share: float) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point([round(level + share * 256) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")
