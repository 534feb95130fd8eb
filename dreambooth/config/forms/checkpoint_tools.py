"""The tools for finished checkpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreambooth.config.entry import entry
from dreambooth.config.forms.files import OutputForm
from dreambooth.config.forms.form import Form
from dreambooth.config.forms.source import LocalSource, SourceWishes
from dreambooth.config.option import option
from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class MergedForm(Form):
    """Which checkpoints are merged, and how."""

    primary: str = entry(
        option("", "First model (A)", "A checkpoint; the result is one of its kind."), "file", required=True
    )
    secondary: str = entry(option("", "Second model (B)", "A checkpoint to mix in."), "file", required=True)
    tertiary: str = entry(option("", "Third model (C)", "What B was made from."), "file")
    method: Literal["weighted_sum", "add_difference"] = option(
        "weighted_sum",
        "Method",
        "weighted_sum: (1 - M) x A + M x B. add_difference: A + M x (B - C), C being what B was made from.",
    )
    multiplier: float = option(0.3, "Multiplier (M)", "How much of the others.", low=-10, high=10)
    vae: str = entry(option("", "VAE", "A VAE file to use in place of A's."), "file")
    discard: str = option("", "Leave out", "Leave out tensors whose name this pattern finds.")

    def problems(self) -> Iterator[Problem]:
        """A third model too few or too many, and a pattern that is none."""
        yield from super().problems()
        try:
            re.compile(self.discard)
        except re.error as error:
            yield Problem("discard", f"{self.discard!r} is no regular expression: {error}")
        if self.method == "add_difference" and not self.tertiary:
            yield Problem("tertiary", "add_difference takes the model that B was made from")
        if self.method == "weighted_sum" and self.tertiary:
            yield Problem("tertiary", "weighted_sum takes two models: clear it, or choose add_difference")


@dataclass(frozen=True, kw_only=True)
class MergeForm(OutputForm, MergedForm):
    """One checkpoint of two or three."""


@dataclass(frozen=True, kw_only=True)
class ConvertedForm(SourceWishes, LocalSource):
    """What of the model is written."""

    prune: bool = option(False, "Prune", "Leave out EMA weights and all but weights.")


@dataclass(frozen=True, kw_only=True)
class ConvertForm(OutputForm, ConvertedForm):
    """A model in another form."""

    to: str = entry(
        option("", "Write to", "A .safetensors or .ckpt file, or a new folder for diffusers layout."),
        "output",
        required=True,
    )
