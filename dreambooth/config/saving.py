"""What is written during a training, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option


@dataclass(frozen=True, kw_only=True)
class SavingConfig:
    """What is written, and when."""

    title: ClassVar[str] = "Saving"

    save_every_epochs: int = option(
        0, "Save every (epochs)", "Checkpoint and state; 0: off.", low=0, high=10**6
    )
    save_every_steps: int = option(
        0, "Save every (steps)", "Checkpoint and state; 0: off.", low=0, high=10**9
    )
    state_every_steps: int = option(
        500,
        "Keep state every (steps)",
        "What a crash can cost you at most; 0: only at saves.",
        low=0,
        high=10**9,
        advanced=True,
    )
    keep_last: int = option(
        3, "Checkpoints kept", "Older ones of this run are removed; 0: keep all.", low=0, high=10**4
    )
    dtype: Literal["fp16", "bf16", "fp32"] = option(
        "fp16",
        "Precision",
        "Of saved checkpoints and LoRA files.",
        choices_help={
            "fp16": "Half the size, what webuis compute in.",
            "bf16": "Half the size, coarser, never too large or too small.",
            "fp32": "As trained, twice the size.",
        },
    )
    name: str = option(
        "", "File name", "Of what is saved, before the step; empty: the model's name.", advanced=True
    )
    to_webui: bool = option(
        True,
        "Into the webui's folders",
        "What is saved appears in the webui's own list of checkpoints or LoRAs at once, and goes from there "
        "when it is not kept; it takes no second room where both folders are on one disk.",
    )
    copy_to: str = option(
        "",
        "Copy to",
        "A folder that gets a copy of every saved file, with card and preview, as of another program. "
        "Copies stay. Empty: none.",
    )
    save_at_end: bool = option(True, "Checkpoint at the end", "Write the finished checkpoint or LoRA.")
    metadata: bool = option(
        True,
        "Describe the training",
        "A LoRA file tells settings, folder names and every caption's words; off: only what programs need "
        "to read it.",
    )
