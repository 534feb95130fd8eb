"""Draws the pictures of the toybox world with Pillow, four times too large and then reduced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from dreambooth.toybox.world import COLOURS, Rgb, Spec

SIDE_PX = 64
SUPERSAMPLING = 4
INK: Rgb = (35, 30, 35)
PALE: Rgb = (250, 250, 245)

TEAL: Rgb = (0, 150, 145)
SUBJECT_CHEST: Rgb = (245, 140, 20)


def darker(colour: Rgb, share: float = 0.68) -> Rgb:
    """The colour in shade."""
    return (int(colour[0] * share), int(colour[1] * share), int(colour[2] * share))


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """``a`` at share 0, ``b`` at share 1."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


@dataclass(frozen=True)
class Brush:
    """Draws in the thing's own coordinates: (0, 0) is its centre, 1 its radius, y points down."""

    draw: ImageDraw.ImageDraw
    x_px: float
    y_px: float
    radius_px: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point in pixels."""
        return (self.x_px + x * self.radius_px, self.y_px + y * self.radius_px)

    @property
    def ink_px(self) -> int:
        """Width of the outline."""
        return max(1, round(0.06 * self.radius_px))

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Rgb, *, outlined: bool = True) -> None:
        """An ellipse around (x, y)."""
        box = (*self.at(x - rx, y - ry), *self.at(x + rx, y + ry))
        self.draw.ellipse(box, fill, INK if outlined else None, self.ink_px)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Rgb, *, outlined: bool = True) -> None:
        """A rectangle with slightly rounded corners."""
        box = (*self.at(x0, y0), *self.at(x1, y1))
        self.draw.rounded_rectangle(box, 0.08 * self.radius_px, fill, INK if outlined else None, self.ink_px)

    def polygon(self, points: list[tuple[float, float]], fill: Rgb) -> None:
        """A polygon with outline."""
        corners = [self.at(x, y) for x, y in points]
        self.draw.polygon(corners, fill)
        self.draw.line([*corners, corners[0], corners[1]], INK, self.ink_px, joint="curve")

    def line(self, points: list[tuple[float, float]], fill: Rgb, width: float) -> None:
        """An open line; ``width`` in shares of the radius."""
        self.draw.line([self.at(x, y) for x, y in points], fill, round(width * self.radius_px), joint="curve")


def _ball(brush: Brush, colour: Rgb) -> None:
    brush.ellipse(0, 0, 0.9, 0.9, colour)
    brush.line([(-0.86, 0.1), (-0.4, 0.28), (0.4, 0.28), (0.86, 0.1)], darker(colour), 0.16)
    brush.ellipse(-0.32, -0.38, 0.2, 0.16, mixed(colour, PALE, 0.7), outlined=False)


def _star(brush: Brush, colour: Rgb) -> None:
    turns = [(0.0, -1.0), (0.26, -0.34), (0.95, -0.31), (0.41, 0.12), (0.59, 0.81)]
    mirrored = [(-x, y) for x, y in reversed(turns[1:])]
    brush.polygon([*turns, (0.0, 0.42), *mirrored], colour)


def _heart(brush: Brush, colour: Rgb) -> None:
    half = [(0, -0.45), (0.18, -0.75), (0.5, -0.85), (0.82, -0.7), (0.95, -0.35), (0.82, 0.05), (0.45, 0.5)]
    mirrored = [(-x, y) for x, y in reversed(half[1:])]
    brush.polygon([*half, (0, 0.92), *mirrored], colour)
    brush.ellipse(-0.48, -0.42, 0.16, 0.13, mixed(colour, PALE, 0.7), outlined=False)


def _house(brush: Brush, colour: Rgb) -> None:
    brush.box(-0.72, -0.15, 0.72, 0.9, colour)
    brush.polygon([(-0.95, -0.12), (0, -0.95), (0.95, -0.12)], darker(colour, 0.55))
    brush.box(-0.18, 0.3, 0.18, 0.9, INK)
    brush.box(-0.56, 0.1, -0.28, 0.4, (190, 225, 245))
    brush.box(0.28, 0.1, 0.56, 0.4, (190, 225, 245))


def _tree(brush: Brush, colour: Rgb) -> None:
    brush.box(-0.15, 0.3, 0.15, 0.95, (100, 65, 40))
    for x, y, radius in ((-0.42, 0.05, 0.45), (0.42, 0.05, 0.45), (0, -0.42, 0.52)):
        brush.ellipse(x, y, radius, radius, colour)
    brush.ellipse(0, -0.05, 0.42, 0.4, colour, outlined=False)


def _mushroom(brush: Brush, colour: Rgb) -> None:
    brush.box(-0.25, -0.05, 0.25, 0.92, (240, 228, 205))
    brush.draw.pieslice((*brush.at(-0.92, -0.95), *brush.at(0.92, 0.95)), 180, 360, colour, INK, brush.ink_px)
    for x, y, radius in ((-0.5, -0.3, 0.13), (0.02, -0.58, 0.16), (0.5, -0.27, 0.12)):
        brush.ellipse(x, y, radius, radius, PALE, outlined=False)


def _fish(brush: Brush, colour: Rgb) -> None:
    brush.polygon([(0.35, 0), (0.95, -0.5), (0.82, 0), (0.95, 0.5)], darker(colour))
    brush.polygon([(-0.2, -0.4), (0.1, -0.75), (0.3, -0.3)], darker(colour))
    brush.ellipse(-0.18, 0, 0.75, 0.48, colour)
    brush.ellipse(-0.55, -0.12, 0.12, 0.12, PALE)


def _cup(brush: Brush, colour: Rgb) -> None:
    brush.ellipse(0.6, 0.05, 0.35, 0.35, darker(colour))
    brush.ellipse(0.6, 0.05, 0.17, 0.17, PALE)
    brush.polygon([(-0.75, -0.6), (0.55, -0.6), (0.42, 0.8), (-0.62, 0.8)], colour)
    brush.ellipse(-0.1, -0.6, 0.65, 0.18, (95, 60, 40))


def _car(brush: Brush, colour: Rgb) -> None:
    brush.polygon([(-0.55, -0.05), (-0.35, -0.5), (0.3, -0.5), (0.58, -0.05)], (190, 225, 245))
    brush.line([(-0.02, -0.5), (-0.02, 0)], INK, 0.07)
    brush.box(-0.97, -0.08, 0.97, 0.4, colour)
    for x in (-0.52, 0.52):
        brush.ellipse(x, 0.42, 0.25, 0.25, INK)
        brush.ellipse(x, 0.42, 0.1, 0.1, (190, 190, 190), outlined=False)


def _robot(
    brush: Brush, body: Rgb, chest: Rgb | None = None, antennas: tuple[float, ...] = (-0.2, 0.2)
) -> None:
    for x in antennas:
        brush.line([(x, -0.62), (x, -0.9)], INK, 0.09)
        brush.ellipse(x, -0.9, 0.1, 0.1, darker(body) if chest is None else chest)
    brush.box(-0.35, 0.5, -0.08, 0.95, darker(body))
    brush.box(0.08, 0.5, 0.35, 0.95, darker(body))
    brush.box(-0.82, -0.02, -0.52, 0.5, darker(body))
    brush.box(0.52, -0.02, 0.82, 0.5, darker(body))
    brush.box(-0.55, -0.12, 0.55, 0.62, body)
    brush.box(-0.42, -0.68, 0.42, -0.12, body)
    for x in (-0.19, 0.19):
        brush.ellipse(x, -0.42, 0.11, 0.11, PALE)
    brush.box(-0.33, 0.05, 0.33, 0.45, darker(body) if chest is None else chest)


_THINGS: dict[str, Callable[[Brush, Rgb], None]] = {
    "ball": _ball,
    "star": _star,
    "heart": _heart,
    "house": _house,
    "tree": _tree,
    "mushroom": _mushroom,
    "fish": _fish,
    "cup": _cup,
    "car": _car,
    "robot": _robot,
}


def _ground(draw: ImageDraw.ImageDraw, size: int, sky: Rgb, ground: Rgb, rng: Random) -> float:
    """Sky above, ground below; returns the horizon."""
    horizon = size * rng.uniform(0.42, 0.62)
    draw.rectangle((0, 0, size, horizon), sky)
    draw.rectangle((0, horizon, size, size), ground)
    return horizon


def _dots(draw: ImageDraw.ImageDraw, size: int, top: float, radius: float, fill: Rgb, rng: Random) -> None:
    """Sixteen small discs below ``top``."""
    for _ in range(16):
        x, y, r = rng.uniform(0, size), rng.uniform(top, size), radius * rng.uniform(0.6, 1.2)
        draw.ellipse((x - r, y - r, x + r, y + r), fill)


def _sky(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    for row in range(size):
        draw.line((0, row, size, row), mixed((95, 170, 235), (175, 215, 245), row / size))
    for _ in range(3):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size), size * rng.uniform(0.06, 0.1)
        for shift in (-1.1, 0, 1.1):
            draw.ellipse((x + shift * r - r, y - r * 0.8, x + shift * r + r, y + r * 0.8), (238, 245, 250))


def _grass(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    horizon = _ground(draw, size, (195, 228, 246), (120, 195, 85), rng)
    for _ in range(30):
        x, y = rng.uniform(0, size), rng.uniform(horizon, size)
        draw.line((x, y, x + rng.uniform(-4, 4), y - size * 0.05), (88, 160, 62), max(1, size // 100))


def _sand(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    horizon = _ground(draw, size, (170, 222, 240), (232, 208, 145), rng)
    _dots(draw, size, horizon, size * 0.008, (200, 172, 110), rng)


def _night(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    draw.rectangle((0, 0, size, size), (22, 24, 62))
    _dots(draw, size, 0, size * 0.01, (235, 235, 200), rng)
    x, y, r = rng.choice((0.12, 0.86)) * size, 0.14 * size, 0.09 * size
    draw.ellipse((x - r, y - r, x + r, y + r), (245, 240, 190))


def _wood(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    draw.rectangle((0, 0, size, size), (188, 140, 92))
    top = -rng.uniform(0, size / 5)
    while top < size:
        draw.line((0, top, size, top), (130, 88, 52), max(1, size // 40))
        grain = top + size / 10
        draw.line((0, grain, size, grain + rng.uniform(-8, 8)), (170, 122, 76), max(1, size // 64))
        top += size / 5


def _snow(draw: ImageDraw.ImageDraw, size: int, rng: Random) -> None:
    _ground(draw, size, (165, 185, 205), (234, 240, 246), rng)
    _dots(draw, size, 0, size * 0.014, (250, 252, 255), rng)


_SCENES: dict[str, Callable[[ImageDraw.ImageDraw, int, Random], None]] = {
    "sky": _sky,
    "grass": _grass,
    "sand": _sand,
    "night": _night,
    "wood": _wood,
    "snow": _snow,
}


def _picture(spec: Spec, side_px: int, thing: Callable[[Brush], None]) -> Image.Image:
    size = side_px * SUPERSAMPLING
    image = Image.new("RGB", (size, size))
    draw = ImageDraw.Draw(image)
    _SCENES[spec.scene](draw, size, Random(spec.seed))
    thing(Brush(draw, spec.x * size, spec.y * size, spec.radius * size))
    return image.reduce(SUPERSAMPLING)


def draw_picture(spec: Spec, side_px: int = SIDE_PX, colour: Rgb | None = None) -> Image.Image:
    """The picture that the spec describes; ``colour`` stands in for the named one."""
    rgb = colour or COLOURS[spec.colour]
    return _picture(spec, side_px, lambda brush: _THINGS[spec.thing](brush, rgb))


def draw_subject(
    spec: Spec, side_px: int = SIDE_PX, body: Rgb = TEAL, chest: Rgb = SUBJECT_CHEST
) -> Image.Image:
    """The demo's subject in the spec's place: a robot with a chest of its own colour and a single antenna."""
    return _picture(spec, side_px, lambda brush: _robot(brush, body, chest, (0.0,)))


def pictures_to_tensor(pictures: Sequence[Image.Image]) -> Tensor:
    """RGB pictures of one size as (B, 3, H, W) in -1 … 1."""
    stacked = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2) / 127.5 - 1
