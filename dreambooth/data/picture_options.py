"""What is said of single pictures beside their captions: by files of a folder, a manifest, their own yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """How one picture is shown; None: nothing is said, and the settings hold."""

    quota: str = ""  # pictures with the same one share a fractional multiplier, e.g. their folder
    multiply: Fraction | None = None  # how often an epoch shows it; of a quota's pictures exactly that share
    cond_dropout: float | None = None  # share of showings with an empty caption
    flip_p: float | None = None  # share of showings that are mirrored
    loss_scale: float | None = None  # weight of its error; below 0 pushes away from it
    batch_id: str = ""  # pictures with the same one come together in a batch
    shuffle_tags: bool = False  # also where the settings do not shuffle
    keep_tags: int | None = None  # how many tags stay in front when they are shuffled or dropped
    tag_dropout: float | None = None  # share of showings in which a tag is left out
    wildcards: bool = False  # one of the lines, and {a|b}, are drawn also where the settings do not
    caption_lines: tuple[str, ...] = ()  # of a caption that has several; the caption is all of them as one
    tag_weights: tuple[tuple[str, float], ...] = ()  # tag, and how soon it is drawn; others: 1
    max_caption_length: int | None = None  # characters that shuffled tags may fill
    alpha_mask: bool = False  # what is transparent counts less, also where the settings do not ask for it
    is_preservation: bool = False  # shown to keep what the model knows, not to teach it


def tell_options(options: PictureOptions) -> list[str]:
    """Each option that is said, in a word or two.

    >>> tell_options(PictureOptions(multiply=Fraction(5, 2), cond_dropout=0.1))
    ['×2.5', 'no caption 10 %']
    """
    return [*_tell_numbers(options), *_tell_words(options)]


def _tell_numbers(options: PictureOptions) -> Iterator[str]:
    if options.multiply is not None:
        yield f"×{float(options.multiply):g}"
    if options.cond_dropout is not None:
        yield f"no caption {options.cond_dropout * 100:g} %"
    if options.flip_p is not None:
        yield f"mirrored {options.flip_p * 100:g} %"
    if options.loss_scale is not None:
        yield f"weight {options.loss_scale:g}"
    if options.keep_tags is not None:
        yield f"first {options.keep_tags} tags stay"
    if options.tag_dropout is not None:
        yield f"tags dropped {options.tag_dropout * 100:g} %"
    if options.max_caption_length is not None:
        yield f"up to {options.max_caption_length} characters"


def _tell_words(options: PictureOptions) -> Iterator[str]:
    if options.is_preservation:
        yield "preservation"
    if options.shuffle_tags:
        yield "tags shuffled"
    if options.wildcards:
        yield "wildcards"
    if options.alpha_mask:
        yield "masked by transparency"
    if options.batch_id:
        yield f"batch {options.batch_id}"


PLAIN = PictureOptions()
