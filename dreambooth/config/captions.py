"""How captions are varied and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class CaptionsConfig:
    """How captions are varied from one showing to the next, and how they are read."""

    title: ClassVar[str] = "Captions"

    prefix: str = since(
        "0.2",
        option(
            "",
            "Prefix",
            "Words in front of every caption, where [filewords] stands, e.g. a trigger word for a style. "
            "They stay when tags move or go. Class and preservation pictures do not have them.",
        ),
    )
    suffix: str = since(
        "0.2",
        option("", "Suffix", "Words behind every caption, as those of the prefix, e.g. the medium."),
    )
    shuffle_tags: bool = option(
        False,
        "Shuffle tags",
        "Reorder the caption's comma-separated parts after the first, anew each time. For captions that are "
        "lists of tags, so that none is learnt by its place; not for sentences.",
    )
    keep_tags: int = since(
        "0.2",
        option(
            1,
            "Tags kept in front",
            "So many tags from the first are neither moved nor dropped: keep those that name the subject.",
            low=0,
            high=100,
        ),
    )
    keep_tags_separator: str = since(
        "0.2",
        option(
            "",
            "Separator of kept tags",
            "A sign in a caption, e.g. |||: what stands before it is kept, whatever the number above; what "
            "stands behind a second one is kept as the end. It is no part of the words.",
            advanced=True,
        ),
    )
    tag_separator: str = since(
        "0.2", option(",", "Tag separator", "What stands between two tags of a caption.", advanced=True)
    )
    secondary_separator: str = since(
        "0.2",
        option(
            "",
            "Separator within a tag",
            "A sign, e.g. ;;;, between tags that stay together while the others move; it becomes a tag "
            "separator in the end. Write weighted groups with it: (red;;;blue:1.2).",
            advanced=True,
        ),
    )
    tag_dropout_probability: float = since(
        "0.2",
        option(
            0.0,
            "Tag dropout",
            "Share of showings in which a tag is left out, for each tag by itself, kept ones never. 0.05 to "
            "0.2 keeps the model from needing every tag.",
            low=0,
            high=1,
        ),
    )
    wildcards: bool = since(
        "0.2",
        option(
            False,
            "Wildcards",
            "Of {a|b|c} one is drawn anew each time, and of a caption with several lines one line; {{ and }} "
            "are braces. Off: captions are taken as they are, their lines joined.",
        ),
    )
    dropout_probability: float = option(
        0.0,
        "Caption dropout",
        "Share of pictures shown with an empty caption. 0.05 to 0.1 keeps guidance strong in long trainings; "
        "more weakens the words.",
        low=0,
        high=1,
        advanced=True,
    )
    dropout_every_epochs: int = since(
        "0.2",
        option(
            0,
            "Epochs without captions",
            "Every so many epochs, all pictures are shown with an empty caption; 0: none. Pictures with a "
            "dropout of their own keep to that.",
            low=0,
            high=10_000,
            advanced=True,
        ),
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
