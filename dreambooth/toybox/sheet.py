"""A contact sheet: the demo's pictures side by side, for eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

CELL_PX = 96
COLUMNS = 12
LABEL_PX = 22
PAPER, INK = (252, 252, 250), (30, 30, 30)

Rows = tuple[Sequence[Image.Image], Sequence[Image.Image]]


def _spread(pictures: Sequence[Image.Image], count: int) -> list[Image.Image]:
    """So many of the pictures, evenly from beginning to end."""
    return [pictures[number * len(pictures) // count] for number in range(min(count, len(pictures)))]


def contact_sheet(trained_on: Sequence[Image.Image], models: Mapping[str, Rows]) -> Image.Image:
    """The training pictures, then for each model a row of the subject and a row of ordinary robots."""
    rows: list[tuple[str, list[Image.Image]]] = [("the five pictures", list(trained_on))]
    for label, (subjects, ordinary) in models.items():
        rows.append((f'{label}: "a photo of a sks robot …" in six scenes', _spread(subjects, COLUMNS)))
        rows.append((f'{label}: ordinary robots, "a photo of a red robot …"', _spread(ordinary, COLUMNS)))
    height = len(rows) * (CELL_PX + LABEL_PX)
    sheet = Image.new("RGB", (COLUMNS * CELL_PX, height), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, (label, pictures) in enumerate(rows):
        top = number * (CELL_PX + LABEL_PX)
        draw.text((4, top + 3), label, INK, font)
        for column, picture in enumerate(pictures):
            enlarged = picture.convert("RGB").resize((CELL_PX, CELL_PX), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (column * CELL_PX, top + LABEL_PX))
    return sheet
