"""What is said of single pictures beside their captions: by files of a folder, a manifest, their own yaml."""

from __future__ import annotations

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


PLAIN = PictureOptions()
