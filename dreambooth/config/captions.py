"""How captions are varied and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class CaptionsConfig:
    """How captions are varied from one showing to the next, and how they are read."""

    title: ClassVar[str] = "Captions"

    shuffle_tags: bool = option(
        False, "Shuffle tags", "Reorder the caption's comma-separated parts after the first, anew each time."
    )
    dropout_probability: float = option(
        0.0, "Caption dropout", "Share of pictures shown with an empty caption.", low=0, high=1, advanced=True
    )
