"""One picture of a whole training: its last samples, its losses and its memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, GridSpecBase
from matplotlib.ticker import MaxNLocator
from PIL import Image

INK, FAINT, LINES = "#1f2328", "#59636e", "#d1d9e0"
INSTANCE, PRIOR, DEVICE, PROCESS = "#0969da", "#bc4c00", "#8250df", "#1a7f37"
PANEL_INCHES, DPI = 5.2, 120
SMOOTHED_STEPS = 40  # at least so many points are left of the smoothest curve
MOST_COLUMNS = 4
LINE_LETTERS, LINE_HEIGHT = 70, 0.035  # of the verdict: in a panel's width, and of the picture's height


@dataclass(frozen=True)
class Series:
    """Numbers by step; what was not measured is left out."""

    label: str
    colour: str
    steps: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What there is to show of a run."""

    title: str
    subtitle: str
    samples: Sequence[Image.Image]
    losses: Sequence[Series]
    memory: Sequence[Series]  # bytes
    verdict: str = ""  # which of its saves is good


def smoothed(values: Sequence[float]) -> list[float]:
    """An exponential average, freed of its start, over about a ``SMOOTHED_STEPS``-th of all values."""
    decay = 1 - 1 / max(1.0, len(values) / SMOOTHED_STEPS)
    average, made = 0.0, []
    for number, value in enumerate(values, start=1):
        average = decay * average + (1 - decay) * value
        made.append(average / (1 - decay**number) if decay else value)
    return made


def series_of(events: Sequence[Mapping[str, float | None]], name: str, label: str, colour: str) -> Series:
    """One field of the ``step`` events; a step that was told again after a resume counts as told last."""
    found = {int(event["step"] or 0): event.get(name) for event in events}
    told = {step: value for step, value in sorted(found.items()) if value is not None}
    return Series(label, colour, list(told), list(told.values()))


def draw_summary(summary: Summary) -> bytes:
    """A PNG: samples at the left when there are any, the graphs at the right."""
    num_panels = 2 if summary.samples else 1
    figure = Figure(figsize=(0.6 + num_panels * PANEL_INCHES * 1.15, PANEL_INCHES * 1.25), dpi=DPI)
    FigureCanvasAgg(figure)
    figure.text(0.03, 0.955, summary.title, fontsize=15, fontweight="bold", color=INK, parse_math=False)
    figure.text(0.03, 0.915, summary.subtitle, fontsize=9.5, color=FAINT, parse_math=False)
    lines = wrap(summary.verdict, LINE_LETTERS * num_panels)
    place: dict[str, Any] = {"verticalalignment": "top", "linespacing": 1.3}
    figure.text(0.03, 0.9, "\n".join(lines), fontsize=9.5, color=INK, parse_math=False, **place)
    spread = {"left": 0.03, "right": 0.975, "top": 0.86 - LINE_HEIGHT * len(lines), "bottom": 0.075}
    if summary.samples:
        outer = GridSpec(1, 2, figure, wspace=0.14, **spread)
        axes = figure.add_subplot(outer[0, 0], anchor="NW")
        axes.imshow(_sheet(summary.samples), interpolation="lanczos")
        axes.set_axis_off()
        graphs: GridSpecBase = outer[0, 1].subgridspec(2, 1, height_ratios=(3, 2), hspace=0.36)
    else:
        graphs = GridSpec(2, 1, figure, height_ratios=(3, 2), hspace=0.36, **{**spread, "left": 0.1})
    _draw_losses(figure.add_subplot(graphs[0]), summary.losses)
    _draw_memory(figure.add_subplot(graphs[1]), summary.memory)
    file = BytesIO()
    figure.savefig(file, format="png", facecolor="white")
    return file.getvalue()


def _sheet(samples: Sequence[Image.Image]) -> Image.Image:
    """All samples close together, in cells of the first one's size."""
    num_columns = min(MOST_COLUMNS, math.ceil(math.sqrt(len(samples))))
    width, height = samples[0].size
    gap = max(1, width // 40)
    size = (
        num_columns * (width + gap) - gap,
        math.ceil(len(samples) / num_columns) * (height + gap) - gap,
    )
    sheet = Image.new("RGB", size, "white")
    for number, picture in enumerate(samples):
        row, column = divmod(number, num_columns)
        sheet.paste(picture.resize((width, height)), (column * (width + gap), row * (height + gap)))
    return sheet


def _draw_losses(axes: Axes, losses: Sequence[Series]) -> None:
    for series in losses:
        axes.plot(series.steps, series.values, color=series.colour, alpha=0.22, linewidth=0.8)
        axes.plot(series.steps, smoothed(series.values), color=series.colour, linewidth=2, label=series.label)
    _dress(axes, "Loss")
    axes.set_ylim(bottom=0)


def _draw_memory(axes: Axes, memory: Sequence[Series]) -> None:
    for series in memory:
        gigabytes = [value / 1e9 for value in series.values]
        axes.plot(series.steps, gigabytes, color=series.colour, linewidth=2, label=series.label)
    _dress(axes, "Memory in GB")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("step", color=FAINT, fontsize=9)


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.grid(color=LINES, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=9, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.01, y=0.12)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(LINES)
    place = {"loc": "lower right", "bbox_to_anchor": (1.01, 0.98)}
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, ncols=2, **place)
