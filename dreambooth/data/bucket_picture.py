"""A picture of the sizes of an epoch: each drawn to scale, and how pictures are cut to it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from dreambooth.data.batches import Batch, Item
from dreambooth.data.buckets import Size
from dreambooth.data.crops import Crop
from dreambooth.data.errors import PictureError
from dreambooth.data.loss_masks import load_mask
from dreambooth.data.pictures import load_picture
from dreambooth.data.rendering import seen_part

MOST_THUMBNAILS = 5  # of each size
THUMB_PX, SCALED_PX = 112, 112  # the longest side of a thumbnail, and of the largest size drawn to scale
MARGIN_PX, HEAD_PX, WORDS_PX = 14, 60, 150
FONT_PX, LINE_PX = 16, 22
PAPER, INK, SOFT = "#ffffff", "#1f2328", "#59636e"
BOX, BOX_EDGE, FRAME = "#dbe9f9", "#3b73af", "#e8590c"
CUT_OFF = (255, 255, 255, 165)  # laid over what is not seen
NOT_LEARNT = (59, 115, 175, 130)  # laid over what a mask leaves out
LEGEND = "Frames: what is seen of a picture the first time. Blue: what a mask leaves out."

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Bucket:
    """One size and what an epoch has of it."""

    size: Size
    num_pictures: int  # different ones, of the user's own
    num_shown: int  # with repeats
    num_batches: int
    num_smaller: int
    items: Sequence[Item]  # to show how they are cut


def gather_buckets(batches: Sequence[Batch], batch_size: int) -> list[Bucket]:
    """The sizes of an epoch, ascending, with the first showing of some pictures."""
    return [_gather(size, batches, batch_size) for size in sorted({batch.size for batch in batches})]


def is_smaller(batch: Batch, batch_size: int) -> bool:
    """Whether it has some pictures of yours and could have more; class images stand beside them."""
    return 0 < sum(not item.example.is_class for item in batch.items) < batch_size


def draw_buckets(buckets: Sequence[Bucket]) -> Image.Image:
    """A row for each size: to scale, in words, and some of its pictures with the part that is seen."""
    font = _font()
    row_height = max(THUMB_PX, SCALED_PX) + 2 * MARGIN_PX
    width = SCALED_PX + WORDS_PX + MOST_THUMBNAILS * (THUMB_PX + MARGIN_PX) + 4 * MARGIN_PX
    sheet = Image.new("RGB", (width, HEAD_PX + row_height * len(buckets)), PAPER)
    pen = ImageDraw.Draw(sheet)
    for line_number, line in enumerate((_headline(buckets), LEGEND)):
        pen.text((MARGIN_PX, MARGIN_PX // 2 + line_number * LINE_PX), line, (INK, SOFT)[line_number], font)
    longest = max(max(bucket.size.width_px, bucket.size.height_px) for bucket in buckets)
    for number, bucket in enumerate(buckets):
        top = HEAD_PX + number * row_height
        pen.line((0, top, width, top), "#d1d9e0")
        _draw_to_scale(pen, bucket.size, (MARGIN_PX, top + MARGIN_PX), SCALED_PX / longest)
        words_left = 2 * MARGIN_PX + SCALED_PX
        for line_number, (line, colour) in enumerate(_words(bucket)):
            pen.text((words_left, top + MARGIN_PX + line_number * LINE_PX), line, colour, font)
        left = words_left + WORDS_PX
        for item in bucket.items:
            _paste_thumbnail(sheet, item, (left, top + MARGIN_PX))
            left += THUMB_PX + MARGIN_PX
    return sheet


def _gather(size: Size, batches: Sequence[Batch], batch_size: int) -> Bucket:
    held = [batch for batch in batches if batch.size == size]
    own = [item for batch in held for item in batch.items if not item.example.is_class]
    first_showings = {item.example.image: item for item in reversed(own)}
    in_order = sorted(first_showings.values(), key=lambda item: str(item.example.image))
    return Bucket(
        size=size,
        num_pictures=len(first_showings),
        num_shown=len(own),
        num_batches=len(held),
        num_smaller=sum(is_smaller(batch, batch_size) for batch in held),
        items=in_order[:MOST_THUMBNAILS],
    )


def _headline(buckets: Sequence[Bucket]) -> str:
    pictures, shown = sum(b.num_pictures for b in buckets), sum(b.num_shown for b in buckets)
    batches, smaller = sum(b.num_batches for b in buckets), sum(b.num_smaller for b in buckets)
    return (
        f"An epoch: {_counted(pictures, 'picture', 'pictures')}, shown {_counted(shown, 'time', 'times')} in "
        f"{_counted(len(buckets), 'size', 'sizes')} and {_counted(batches, 'batch', 'batches')}, "
        f"{smaller} of them smaller than the others."
    )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _words(bucket: Bucket) -> Iterator[tuple[str, str]]:
    yield f"{bucket.size.width_px} x {bucket.size.height_px}", INK  # Pillow's font has no ×
    yield _counted(bucket.num_pictures, "picture", "pictures"), INK
    yield f"shown {_counted(bucket.num_shown, 'time', 'times')}", SOFT
    yield _counted(bucket.num_batches, "batch", "batches"), SOFT
    if bucket.num_smaller:
        yield f"{bucket.num_smaller} smaller", FRAME


def _draw_to_scale(pen: ImageDraw.ImageDraw, size: Size, corner: tuple[int, int], scale: float) -> None:
    left, top = corner
    width, height = max(2, round(size.width_px * scale)), max(2, round(size.height_px * scale))
    left, top = left + (SCALED_PX - width) // 2, top + (SCALED_PX - height) // 2
    pen.rectangle((left, top, left + width - 1, top + height - 1), BOX, BOX_EDGE)


def _paste_thumbnail(sheet: Image.Image, item: Item, corner: tuple[int, int]) -> None:
    try:
        thumbnail = draw_cut(item, THUMB_PX)
    except PictureError:
        return  # it went away after it was listed; whoever trains is told so
    left, top = corner
    place = (left + (THUMB_PX - thumbnail.width) // 2, top + (THUMB_PX - thumbnail.height) // 2)
    sheet.paste(thumbnail, place)


def draw_cut(item: Item, side_px: int) -> Image.Image:
    """The whole picture, small, with a frame around what is seen of it; what a mask leaves out is tinted."""
    example = item.example
    whole = load_picture(example.image)
    scale = side_px / max(whole.size)
    small = whole.resize([max(1, round(side * scale)) for side in whole.size], Image.Resampling.LANCZOS)
    if example.mask is not None and item.is_masked:
        learnt = load_mask(example.mask).resize(small.size, Image.Resampling.BOX)
        tinted = _laid_over(small, NOT_LEARNT, Image.new("L", small.size, 255))
        small = Image.composite(small, tinted, learnt)
    seen = seen_part(Size(*whole.size), example.size, item.look)
    corners = [(x * scale, y * scale) for x, y in turned_corners(seen, item.look.rotation_degrees)]
    outside = Image.new("L", small.size, 255)
    ImageDraw.Draw(outside).polygon(corners, fill=0)
    framed = _laid_over(small, CUT_OFF, outside)
    _draw_frame(ImageDraw.Draw(framed), corners, framed.size)
    return framed


def turned_corners(seen: Crop, degrees: float) -> list[tuple[float, float]]:
    """The corners of a part that is turned, around its centre, so that it is shown upright."""
    x, y = (seen.left + seen.right) / 2, (seen.top + seen.bottom) / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    halves = [(-seen.width / 2, -seen.height / 2), (seen.width / 2, -seen.height / 2)]
    halves += [(-across, -down) for across, down in halves]
    return [(x + cos * across - sin * down, y + sin * across + cos * down) for across, down in halves]


def _draw_frame(
    pen: ImageDraw.ImageDraw, corners: Sequence[tuple[float, float]], size: tuple[int, int]
) -> None:
    inside = [(min(max(x, 1), size[0] - 2), min(max(y, 1), size[1] - 2)) for x, y in corners]
    pen.line([*inside, inside[0]], FRAME, 2)


def _laid_over(picture: Image.Image, colour: tuple[int, int, int, int], where: Image.Image) -> Image.Image:
    """A translucent colour on the part of a picture that ``where`` is white in."""
    *opaque, alpha = colour
    covered = Image.blend(picture, Image.new("RGB", picture.size, tuple(opaque)), alpha / 255)
    return Image.composite(covered, picture, where)


def _font() -> Font:
    """Pillow's own font; before 10.1 it has one size."""
    if "size" in inspect.signature(ImageFont.load_default).parameters:
        return ImageFont.load_default(FONT_PX)
    return ImageFont.load_default()
