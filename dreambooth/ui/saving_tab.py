"""Saving: when, what, how many, how exactly; and the previews on the way."""

from __future__ import annotations

from dreambooth.config.settings import TrainConfig
from dreambooth.ui.markup import Markup, join
from dreambooth.ui.parts import place
from dreambooth.ui.settings_tab import SAVING, draw_section, sections_of


def draw_saving_tab() -> Markup:
    """What will be written, where, and how much disk it takes; then the settings of it."""
    sections = sections_of(TrainConfig)
    return join(place("db-disk", live=True), *(draw_section(name, sections[name]) for name in SAVING))
