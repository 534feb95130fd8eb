"""Settings by subject, in the order in which a form or a page of documentation shows them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, get_type_hints

from dreambooth.config.concept import Concept
from dreambooth.config.option import Setting, describe_settings
from dreambooth.config.settings import TrainConfig

GENERAL = "general"  # the name of what stands in no section; those settings have no dot


@dataclass(frozen=True, kw_only=True)
class Section:
    """Settings of one subject."""

    name: str  # what stands before the dot
    title: str
    help: str  # one sentence
    settings: tuple[Setting, ...]

    def to_json(self) -> dict[str, Any]:
        """The section as plain values."""
        settings = [setting.to_json() for setting in self.settings]
        return {"name": self.name, "title": self.title, "help": self.help, "settings": settings}


def describe_sections() -> tuple[Section, ...]:
    """All settings of a training but its concepts: the general ones first."""
    hints = get_type_hints(TrainConfig)
    sections = [(field.name, hints[field.name]) for field in dataclasses.fields(TrainConfig)]
    general = Section(
        name=GENERAL,
        title="General",
        help="What learns, and by which method.",
        settings=tuple(setting for setting in describe_settings(TrainConfig) if "." not in setting.name),
    )
    return general, *(
        _describe(held, name, f"{name}.") for name, held in sections if dataclasses.is_dataclass(held)
    )


def describe_concept() -> Section:
    """What is said of each concept; the names of its settings stand alone."""
    return _describe(Concept, "concepts", "")


def _describe(held: Any, name: str, prefix: str) -> Section:  # noqa: ANN401 - a class with a title
    settings = tuple(describe_settings(held, prefix))
    return Section(name=name, title=held.title, help=held.__doc__.split("\n")[0], settings=settings)
