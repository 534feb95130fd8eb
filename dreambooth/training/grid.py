"""Many pictures as one: rows and columns with labels, in Pillow's own font."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

LEAST_CELL_PX = 224  # smaller pictures are enlarged, so that the labels can be read
MOST_SIDE_PX = 10_000  # of the whole; larger pictures are made smaller
MARGIN_PX = 12
FONT_PX = 18
LINE_PX = 24
MOST_LINES = 5
PAPER, INK = "white", "#1f2328"


@dataclass(frozen=True)
class Row:
    """Pictures beside each other, as many as there are columns, and what they have in common."""

    label: str
    pictures: Sequence[Image.Image]


def draw_grid(rows: Sequence[Row], columns: Sequence[str]) -> Image.Image:
    """All pictures on white, in cells of one size; the labels of ``columns`` stand above, in lines."""
    font = ImageFont.load_default(FONT_PX)
    cell_width, cell_height = _cell_size(rows, len(columns))
    heads = [_broken(label, font, cell_width) for label in columns]
    left = 2 * MARGIN_PX + math.ceil(max(font.getlength(row.label) for row in rows))
    top = 2 * MARGIN_PX + LINE_PX * max(map(len, heads))
    size = (
        left + len(columns) * (cell_width + MARGIN_PX),
        top + len(rows) * (cell_height + MARGIN_PX),
    )
    grid = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(grid)
    for number, lines in enumerate(heads):
        x = left + number * (cell_width + MARGIN_PX)
        for line_number, line in enumerate(reversed(lines)):  # they end just above their pictures
            y = top - MARGIN_PX // 2 - line_number * LINE_PX
            pen.text((x + cell_width // 2, y), line, INK, font, anchor="md")
    for number, row in enumerate(rows):
        y = top + number * (cell_height + MARGIN_PX)
        pen.text((left - MARGIN_PX, y + cell_height // 2), row.label, INK, font, anchor="rm")
        for column, picture in enumerate(row.pictures):
            resized = picture.resize((cell_width, cell_height), Image.Resampling.LANCZOS)
            grid.paste(resized, (left + column * (cell_width + MARGIN_PX), y))
    return grid


def _cell_size(rows: Sequence[Row], num_columns: int) -> tuple[int, int]:
    """All pictures have the size of the first one."""
    width, height = rows[0].pictures[0].size
    factor = max(1.0, math.ceil(LEAST_CELL_PX / width))
    factor = min(factor, MOST_SIDE_PX / (num_columns * width), MOST_SIDE_PX / (len(rows) * height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _broken(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width_px: int) -> list[str]:
    """The text in lines that are no wider; what is too long ends with three dots."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return [_cut(line, font, width_px) for line in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width_px: int) -> str:
    if font.getlength(line) <= width_px:
        return line
    while line and font.getlength(f"{line}…") > width_px:
        line = line[:-1]
    return f"{line}…"
