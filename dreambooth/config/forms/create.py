"""Making a model: from a checkpoint, or from a folder of the old extension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dreambooth.config.entry import entry
from dreambooth.config.folders import find_name_fault
from dreambooth.config.forms.form import Form
from dreambooth.config.forms.source import LocalSource, SourceForm, SourceWishes
from dreambooth.config.option import option
from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class NewModel(Form):
    """A name that a model can have."""

    name: str = entry(option("", "Name", "Of the new model, and of its folder."), required=True)

    def problems(self) -> Iterator[Problem]:
        """A name that cannot be a folder's on every system."""
        yield from super().problems()
        if fault := find_name_fault(self.name):
            yield Problem("name", fault)


@dataclass(frozen=True, kw_only=True)
class InspectForm(SourceWishes, LocalSource):
    """What a source is, before a model is made of it."""


@dataclass(frozen=True, kw_only=True)
class CreateForm(SourceWishes, SourceForm, NewModel):
    """A new model."""


@dataclass(frozen=True, kw_only=True)
class ImportForm(Form):
    """A new model from one of the old extension."""

    source: str = entry(
        option("", "Old model folder", "A model folder of sd_dreambooth_extension; it stays as it is."),
        "folder",
        required=True,
    )
    name: str = option("", "Name", "Of the new model; that of the folder otherwise.")

    def problems(self) -> Iterator[Problem]:
        """A name that cannot be a folder's on every system."""
        yield from super().problems()
        if self.name and (fault := find_name_fault(self.name)):
            yield Problem("name", fault)
