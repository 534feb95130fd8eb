"""One picture from disk: upright, RGB, transparency on white."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from dreambooth.data.errors import PictureError

MAX_PIXELS = 178_000_000  # just below where Pillow itself refuses; half a gigabyte as RGB
UPRIGHT = {  # EXIF orientation → what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Convert = Callable[[Image.Image], Image.Image]

DECODER_ERRORS = (  # what Pillow's decoders raise on damaged files
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    MemoryError,
    struct.error,
    zlib.error,
)


def load_picture(path: Path) -> Image.Image:
    """The first frame as 8-bit RGB, turned as its EXIF orientation asks, transparent parts on white.

    Raises PictureError when the file is missing, damaged, too large to decode or not a picture.
    """
    return _load(path, _to_rgb)


def _load(path: Path, convert: Convert) -> Image.Image:
    try:
        if not path.is_file():
            raise PictureError(path, "not a regular file")
        if path.stat().st_size == 0:
            raise PictureError(path, "the file is empty")
        return _decode(path, convert)
    except Image.DecompressionBombError:
        raise PictureError(path, _too_large()) from None
    except UnidentifiedImageError:
        raise PictureError(path, "not a picture that Pillow can read, or damaged") from None
    except DECODER_ERRORS as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PictureError(path, f"cannot be decoded: {told}") from error


def load_alpha(path: Path) -> Image.Image:
    """How opaque the picture is: grey, upright, 255 where it is wholly so; as ``load_picture`` otherwise."""
    return _load(path, _to_alpha)


def may_be_transparent(path: Path) -> bool:
    """Whether a picture's header speaks of transparency; False for what is no picture. Nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return _has_transparency(image)
    except (Image.DecompressionBombError, *DECODER_ERRORS):
        return False


def is_picture(path: Path) -> bool:
    """Whether a file begins as a picture does; what follows may be damaged all the same."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(path).close()
    except (Image.DecompressionBombError, *DECODER_ERRORS):
        return False
    return True


def _decode(path: Path, convert: Convert) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata, and about sizes that our own limit allows
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(path, _too_large())
            upright = _find_turn(image)
            image.load()
            picture = convert(image)
    return picture if upright is None else picture.transpose(upright)


def _find_turn(image: Image.Image) -> Image.Transpose | None:
    """What undoes the orientation of an opened picture; Pillow does it for TIFF by itself."""
    if image.format == "TIFF":
        return None
    return UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))


def _too_large() -> str:
    return f"more than {MAX_PIXELS // 1_000_000} million pixels; make a smaller copy of it"


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB of any mode whose range is known; raises ValueError for others."""
    if image.mode == "F":
        raise ValueError("floating-point pixels have no agreed range; save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        return _gray16_to_rgb(image)
    if _has_transparency(image):
        colours = image.convert("RGBA")
        white = Image.new("RGBA", colours.size, "white")
        return Image.alpha_composite(white, colours).convert("RGB")
    return image.convert("RGB")


def _to_alpha(image: Image.Image) -> Image.Image:
    if _has_transparency(image):
        return image.convert("RGBA").getchannel("A")
    return Image.new("L", image.size, 255)


def _has_transparency(image: Image.Image) -> bool:
    """Whether some part may be transparent; Pillow has a property for it only since 10.1."""
    has_alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    return has_alpha or (image.palette is not None and image.palette.mode.endswith("A"))


def _gray16_to_rgb(image: Image.Image) -> Image.Image:
    """16 bits mapped onto 8; Pillow's own conversion would clip everything above 255 to white."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65_535:
        raise ValueError("32-bit pixels have no agreed range; save it with 8 or 16 bits")
    return Image.fromarray(np.round(values / 257).astype(np.uint8)).convert("RGB")
