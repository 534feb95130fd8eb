"""What all forms have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a job is asked; every field is described by ``option``."""

    def problems(self) -> Iterator[Problem]:
        """Fields that contradict each other."""
        yield from ()
