"""Writing a model for use elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreambooth.config.entry import entry
from dreambooth.config.forms.form import Form
from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class ExportForm(Form):
    """The model as a file or folder."""

    weights: str = entry(
        option("", "Saved step", "One of the model's checkpoints to write; empty: the model as it is."),
        "save",
    )
    format: Literal["checkpoint", "lora", "lora_diffusers", "diffusers"] = option(
        "checkpoint",
        "Format",
        "A whole checkpoint, the model's LoRA alone (in kohya's layout or that of diffusers), or a folder in "
        "diffusers layout.",
    )
    use_ema: bool = since(
        "0.2",
        option(
            False,
            "Averaged weights",
            "Write the average that the model keeps beside its trained weights in their place; there is one "
            "after a training with ema.placement=beside.",
        ),
    )
    dtype: Literal["fp32", "fp16", "bf16"] = option("fp16", "Precision", "Of the weights.")
    to: str = entry(
        option(
            "",
            "Write to",
            "A file, or a new folder for diffusers; empty: where the webui looks for such files.",
        ),
        "output",
    )
    overwrite: bool = option(False, "Overwrite", "The file may be there already.")
