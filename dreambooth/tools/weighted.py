"""A LoRA file with its strengths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Weighted:
    """How much of a LoRA file to take, of its U-Net and of its text encoders."""

    path: Path
    strength: float = 1.0
    text_strength: float | None = None  # as the U-Net's when None

    def of_part(self, part: str) -> float:
        """The strength of a part of a model."""
        return self.strength if part == "unet" or self.text_strength is None else self.text_strength

    @property
    def words(self) -> str:
        """For people, e.g. 0.5 x style.safetensors."""
        text = "" if self.text_strength is None else f" (text {self.text_strength:g})"
        return f"{self.strength:g}{text} x {self.path.name}"
