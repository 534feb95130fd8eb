"""What a rule has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that cannot be done as asked: the setting's name, and what to do."""

    setting: str
    advice: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.advice}"
