"""How pictures are varied from one showing to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How pictures are varied from one showing to the next."""

    title: ClassVar[str] = "Variation of pictures"

    flip_probability: float = option(
        0.0,
        "Horizontal flip",
        "Share of showings in which a picture is mirrored, e.g. 0.5; not for text or asymmetric faces.",
        low=0,
        high=1,
    )
