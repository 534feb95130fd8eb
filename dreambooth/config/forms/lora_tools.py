"""The tools for finished LoRA files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreambooth.config.entry import entry
from dreambooth.config.forms.files import LorasForm, OutputForm, RanksForm
from dreambooth.config.forms.form import Form
from dreambooth.config.option import option
from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class LoraMergeForm(OutputForm, RanksForm, LorasForm):
    """One LoRA of several."""

    def problems(self) -> Iterator[Problem]:
        """Too few files, and ranks that are asked for where none is cut."""
        yield from super().problems()
        if len(self.loras) < 2:
            yield Problem("loras", "merging takes two LoRA files at least")
        if not self.rank and (self.conv_rank or self.rank_method != "fixed"):
            yield Problem("rank", "without it nothing is cut; give the largest rank, too")


@dataclass(frozen=True, kw_only=True)
class CheckpointForm(Form):
    """What LoRA files become part of."""

    checkpoint: str = entry(
        option("", "Checkpoint", "A checkpoint, or a folder in diffusers layout."),
        "file or folder",
        required=True,
    )


@dataclass(frozen=True, kw_only=True)
class LoraBakeForm(OutputForm, LorasForm, CheckpointForm):
    """LoRA files made part of a checkpoint."""


@dataclass(frozen=True, kw_only=True)
class TwoModels(Form):
    """Whose difference becomes a LoRA."""

    base: str = entry(
        option("", "Base", "What the other checkpoint was made from."), "file or folder", required=True
    )
    tuned: str = entry(
        option("", "Tuned model", "What the LoRA is to make of it."), "file or folder", required=True
    )


@dataclass(frozen=True, kw_only=True)
class ExtractedForm(RanksForm, TwoModels):
    """How much of the difference is kept."""

    rank: int = option(32, "Rank", "Of the LoRA.", low=1, high=4096)
    min_difference: float = option(
        1e-3,
        "Least difference",
        "Leave out a text encoder whose weights differ by no more than this.",
        low=0,
        high=1,
    )


@dataclass(frozen=True, kw_only=True)
class LoraExtractForm(OutputForm, ExtractedForm):
    """The difference of two checkpoints as a LoRA."""


@dataclass(frozen=True, kw_only=True)
class OneLoraForm(Form):
    """A LoRA file."""

    lora: str = entry(option("", "LoRA", "A LoRA file."), "file", required=True)


@dataclass(frozen=True, kw_only=True)
class LoraResizeForm(OutputForm, RanksForm, OneLoraForm):
    """A LoRA of lower rank."""

    rank: int = entry(
        option(16, "Rank", "The new rank; with a rank method the largest one.", low=1, high=4096),
        required=True,
    )


@dataclass(frozen=True, kw_only=True)
class RenamedForm(OneLoraForm):
    """Whose names a LoRA is given."""

    layout: Literal["kohya", "diffusers"] = option(
        "kohya",
        "Layout",
        "Whose names: kohya's, which webuis read, or those of diffusers and PEFT.",
    )
    base: str = entry(
        option("", "Base", "A checkpoint of the kind that it is for; needed for unusual models only."),
        "file or folder",
    )


@dataclass(frozen=True, kw_only=True)
class LoraConvertForm(OutputForm, RenamedForm):
    """A LoRA in the names of another program."""
