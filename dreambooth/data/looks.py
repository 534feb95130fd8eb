"""How a picture looks this once: which part of it, turned how far, in which colours."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from dreambooth.config.augment import AugmentConfig
from dreambooth.data.buckets import Size
from dreambooth.data.crops import CENTRED, Placement

MAX_TRIM = 0.02  # of the shorter side, at each edge, as EveryDream has it


@dataclass(frozen=True)
class Colours:
    """Factors of brightness, contrast and saturation, and the share of the colour circle that hues turn."""

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0


TRUE_COLOURS = Colours()


@dataclass(frozen=True)
class Look:
    """Everything that makes this showing differ from others, but for mirroring."""

    placement: Placement = CENTRED
    rotation_degrees: float = 0.0  # counterclockwise
    colours: Colours = TRUE_COLOURS
    is_normalised: bool = False  # to its own mean and standard deviation
    is_kept: bool = True  # whether its latents may be cached; otherwise it will hardly come again


PLAIN = Look()


def draw_look(
    augment: AugmentConfig, whole: Size, size: Size, *, where: str, picture: str, seed: int
) -> Look:
    """How a picture of the size ``whole`` is shown at ``size``.

    Everything follows from ``where`` (seed, step and place in it); with ``augment.variants`` that chooses one
    of so many looks, which follow from the seed and from ``picture``, the hash of its content.
    """
    if not augment.variants:
        look = _draw(augment, whole, size, where)
        return look if look == plain_look(augment) else replace(look, is_kept=False)
    number = random.Random(f"{where} variant").randrange(augment.variants)
    return _draw(augment, whole, size, f"{seed} variant {number} of {picture}")


def kept_looks(augment: AugmentConfig, whole: Size, size: Size, *, picture: str, seed: int) -> list[Look]:
    """The looks of a picture whose latents are worth keeping before the first step."""
    if augment.variants:
        names = (f"{seed} variant {number} of {picture}" for number in range(augment.variants))
        return list(dict.fromkeys(_draw(augment, whole, size, name) for name in names))
    shows_plain = augment.crop == "center" and not augment.rotation_degrees and augment.colour_probability < 1
    return [plain_look(augment)] if shows_plain else []


def plain_look(augment: AugmentConfig) -> Look:
    """A picture without chances."""
    return Look(is_normalised=augment.dynamic_normalisation)


def _draw(augment: AugmentConfig, whole: Size, size: Size, where: str) -> Look:
    """Each kind of variation has random numbers of its own: none moves what another draws."""
    turn = random.Random(f"{where} rotation").uniform(-1, 1) * augment.rotation_degrees
    return Look(
        placement=_draw_placement(augment, whole, size, random.Random(f"{where} crop")),
        rotation_degrees=turn,
        colours=_draw_colours(augment, random.Random(f"{where} colours")),
        is_normalised=augment.dynamic_normalisation,
    )


def _draw_placement(augment: AugmentConfig, whole: Size, size: Size, rng: random.Random) -> Placement:
    if augment.crop == "center":
        return CENTRED
    if augment.crop == "random":
        return Placement(rng.random(), rng.random())
    limit = _largest_trim(whole, size)
    across, down = triangular(rng.random()), triangular(rng.random())
    left, top, right, bottom = (limit * rng.random() for _ in range(4))
    return Placement(across, down, (left, top, right, bottom))


def _largest_trim(whole: Size, size: Size) -> float:
    """What each edge may lose, as a share of the shorter side, without the rest having to be enlarged."""
    spare_across = (1 - size.width_px / whole.width_px) / 2
    spare_down = (1 - size.height_px / whole.height_px) / 2
    return max(0.0, min(MAX_TRIM, spare_across, spare_down))


def triangular(uniform: float) -> float:
    """The triangular distribution over 0 … 1 with its peak at 1/2, from a uniform number (inverse CDF)."""
    if uniform < 0.5:
        return math.sqrt(uniform / 2)
    return 1 - math.sqrt((1 - uniform) / 2)


def _draw_colours(augment: AugmentConfig, rng: random.Random) -> Colours:
    chance = rng.random()
    brightness, contrast, saturation, hue = (rng.uniform(-1, 1) for _ in range(4))
    if chance >= augment.colour_probability:
        return TRUE_COLOURS
    return Colours(
        brightness=1 + augment.brightness * brightness,
        contrast=1 + augment.contrast * contrast,
        saturation=1 + augment.saturation * saturation,
        hue=augment.hue * hue,
    )
