"""How captions are varied and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class CaptionsConfig:
    """How captions are varied from one showing to the next, and how they are read."""

    title: ClassVar[str] = "Captions"

    shuffle_tags: bool = option(
        False, "Shuffle tags", "Reorder the caption's comma-separated parts after the first, anew each time."
    )
    dropout_probability: float = option(
        0.0, "Caption dropout", "Share of pictures shown with an empty caption.", low=0, high=1, advanced=True
    )
    max_tokens: Literal["75", "150", "225", "300"] = since(
        "0.2",
        option(
            "75",
            "Longest caption (tokens)",
            "What exceeds it is cut off; a common word is one token, a rare one several. Choose 150 or 225 "
            "when the prompts preview tells that captions are cut; steps take a little longer then. They are "
            "read in chunks of 75, as the webuis read long prompts.",
            advanced=True,
            choices_help={
                "75": "One chunk: what the text encoder reads at once.",
                "150": "Two chunks, for captions of about 100 words.",
                "225": "Three chunks, for long descriptions.",
                "300": "Four chunks.",
            },
        ),
    )
    prompt_weights: bool = since(
        "0.2",
        option(
            False,
            "Read weights in captions",
            "Brackets weight words as in the webui, (word:1.3) ((word)) [word], and BREAK begins a new chunk "
            "of 75 tokens. Off: captions are taken literally, which tags such as saber_(fate) need; with it "
            r"on, write those as saber_\(fate\). Prompts that pictures are drawn from always have weights.",
            advanced=True,
        ),
    )
    clip_skip: int = since(
        "0.2",
        option(
            1,
            "Clip skip",
            "Which layer of the text encoder is read, counted from the last: 1 for most models, 2 for anime "
            "models that descend from NovelAI's. Draw with the same Clip skip in the webui. With SD 2.x it "
            "counts from the layer that those models end with, as in Forge; AUTOMATIC1111 leaves it out for "
            "them. SDXL always reads the layer before the last, and wants 1 here.",
            low=1,
            high=12,
            advanced=True,
        ),
    )
    strict_tokens: bool = since(
        "0.2",
        option(
            False,
            "Strict tokens",
            "Gives every part of a caption, between , ; . ! and ?, a start and an end token of its own, so "
            "that tags influence each other less. The webuis do not draw so: only for going on with what the "
            "old extension trained like this.",
            advanced=True,
        ),
    )
