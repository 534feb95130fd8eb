"""What tools for finished files share: what they write, and LoRA files with strengths and ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreambooth.config.entry import entry
from dreambooth.config.forms.form import Form
from dreambooth.config.option import option
from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class OutputForm(Form):
    """What is written."""

    to: str = entry(option("", "Write to", "The file to write."), "output", required=True)
    dtype: Literal["keep", "fp32", "fp16", "bf16"] = option("keep", "Precision", "Precision of the weights.")
    overwrite: bool = option(False, "Overwrite", "The file may be there already.")


@dataclass(frozen=True, kw_only=True)
class LoraFile:
    """A LoRA file, and how much of it."""

    path: str = entry(option("", "LoRA", "A LoRA file."), "file", required=True)
    strength: float = option(1.0, "Strength", "How much of it is added; of the U-Net.", low=-10, high=10)
    text_strength: float | None = option(
        None, "Text strength", "Of the text encoders; as of the U-Net otherwise.", low=-10, high=10
    )


@dataclass(frozen=True, kw_only=True)
class LorasForm(Form):
    """Several LoRA files."""

    loras: tuple[LoraFile, ...] = entry(
        option(
            (),
            "LoRA files",
            "A LoRA file, and how much of it: of the U-Net, of text encoders; 1 when nothing is said.",
        ),
        required=True,
    )


@dataclass(frozen=True, kw_only=True)
class RanksForm(Form):
    """How many ranks are kept."""

    rank: int = option(0, "Rank", "Cut to this rank; 0: none is lost, and ranks add up.", low=0, high=4096)
    conv_rank: int = option(
        0,
        "Convolution rank",
        "Rank of convolutions; 0: as the others, not extracted at all.",
        low=0,
        high=4096,
    )
    rank_method: Literal["fixed", "sv_ratio", "sv_fro", "sv_cumulative"] = option(
        "fixed",
        "Rank method",
        "Keep fewer ranks where they say little: those of 1 / share of the largest singular value at least "
        "(sv_ratio), or as many as make up share of the norm (sv_fro) or of the sum (sv_cumulative).",
    )
    share: float = option(
        1.0, "Share", "What the rank method goes by; 1 with fixed, which needs none.", low=0, high=1e6
    )

    def problems(self) -> Iterator[Problem]:
        """A share that the method cannot use."""
        yield from super().problems()
        if self.rank_method == "fixed" and self.share != 1:
            yield Problem("share", "has a meaning with sv_ratio, sv_fro and sv_cumulative only: set 1")
        if self.rank_method == "sv_ratio" and self.share < 1:
            yield Problem("share", "is 1 at least with sv_ratio")
        if self.rank_method in ("sv_fro", "sv_cumulative") and not 0 < self.share <= 1:
            yield Problem("share", f"is more than 0 and at most 1 with {self.rank_method}")
