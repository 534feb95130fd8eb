"""What is written during a training, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

What = Literal["nothing", "result", "snapshot", "both"]
WHAT_HELP = {
    "nothing": "No file; the state, from which the training can go on, is kept all the same.",
    "result": "The checkpoint, or with an adapter its file.",
    "snapshot": "A whole model in diffusers layout, an adapter merged into it: a source for others.",
    "both": "The result and the snapshot.",
}


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
    save_every_minutes: float = since(
        "0.2",
        option(
            0.0,
            "Save every (minutes)",
            "The same by the clock, for a machine that may be taken away; 0: off. Steps or epochs give saves "
            "that can be compared between trainings.",
            low=0,
            high=10**5,
        ),
    )
    save_from_epoch: int = since(
        "0.2",
        option(
            0,
            "First save after (epochs)",
            "No save by interval before so many epochs: the first ones are rarely worth their room.",
            low=0,
            high=10**6,
            advanced=True,
        ),
    )
    count_lifetime: bool = since(
        "0.2",
        option(
            False,
            "Intervals over the model's life",
            "Steps and epochs of earlier trainings count for the intervals of saves and previews: every 100 "
            "epochs of the model, not of each training. Names of files always count over its life.",
            advanced=True,
        ),
    )
    during: What = since(
        "0.2",
        option(
            "result", "Saved on the way", "What every save writes.", advanced=True, choices_help=WHAT_HELP
        ),
    )
    at_end: What = since(
        "0.2",
        option(
            "result",
            "Saved at the end",
            "What a finished training writes. The model itself always keeps what it has learnt.",
            choices_help=WHAT_HELP,
        ),
    )
    on_stop: Literal["as_at_end", "nothing", "result", "snapshot", "both"] = since(
        "0.2",
        option(
            "as_at_end",
            "Saved when stopped",
            "What a training writes that is stopped and saved; it can go on either way.",
            advanced=True,
            choices_help={"as_at_end": "What it would write at its end.", **WHAT_HELP},
        ),
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
    keep_best: int = since(
        "0.2",
        option(
            0,
            "Best steps kept",
            "Besides the last ones, so many saves with the least validation loss stay; it needs pictures "
            "that are held back for validation. Try 1: the best step is rarely the last.",
            low=0,
            high=10**4,
        ),
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
    metadata: bool = option(
        True,
        "Describe the training",
        "A LoRA file tells settings, folder names and every caption's words; off: only what programs need "
        "to read it.",
    )
