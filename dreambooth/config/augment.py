"""How pictures are varied from one showing to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

Masks = Literal["off", "alpha", "file", "both"]


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How pictures are varied from one showing to the next, and which parts of them are learnt."""

    title: ClassVar[str] = "Variation of pictures"

    crop: Literal["center", "random", "jitter"] = since(
        "0.2",
        option(
            "center",
            "Crop",
            "Which part is shown of a picture that has not the shape of its training size.",
            choices_help={
                "center": "The middle, always the same, and cached once: where subjects stand in the middle.",
                "random": "Any part, anew each time: everything is seen some time, and subjects at the edge "
                "are cut as often as not. For styles and large sets.",
                "jitter": "About the middle: each edge loses up to 2 % where the picture is large enough, "
                "and the part moves a little. Good for a few pictures that are shown often.",
            },
        ),
    )
    flip_probability: float = option(
        0.0,
        "Horizontal flip",
        "Share of showings in which a picture is mirrored, e.g. 0.5; not for text or asymmetric faces.",
        low=0,
        high=1,
    )
    rotation_degrees: float = since(
        "0.2",
        option(
            0.0,
            "Rotation",
            "Pictures are turned by up to so many degrees either way; corners stay filled, so a little less "
            "is seen. Try 2 to 5; 0: never.",
            low=0,
            high=45,
            advanced=True,
        ),
    )
    colour_probability: float = since(
        "0.2",
        option(
            0.0,
            "Colour variation",
            "Share of showings in other colours, as far as the strengths below allow. Try 0.3 for an object "
            "seen in one light only; leave it at 0 for styles and for anything known by its colours.",
            low=0,
            high=1,
        ),
    )
    brightness: float = since(
        "0.2",
        option(
            0.1,
            "Brightness strength",
            "0.1: between 0.9 and 1.1 times as bright.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    contrast: float = since(
        "0.2",
        option(0.1, "Contrast strength", "0.1: between 0.9 and 1.1 times.", low=0, high=1, advanced=True),
    )
    saturation: float = since(
        "0.2",
        option(
            0.1,
            "Saturation strength",
            "0.1: between 0.9 and 1.1 times as colourful; 1: down to grey.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    hue: float = since(
        "0.2",
        option(
            0.02,
            "Hue strength",
            "Share of the colour circle that hues may turn either way; from 0.05 on skin looks ill.",
            low=0,
            high=0.5,
            advanced=True,
        ),
    )
    variants: int = since(
        "0.2",
        option(
            0,
            "Cached variants",
            "0: crops, rotations and colours are drawn anew each time, and such pictures are decoded and "
            "encoded anew, which takes time. A number, e.g. 8: each picture has so many fixed variants, "
            "which are cached and chosen from.",
            low=0,
            high=1000,
            advanced=True,
        ),
    )
    dynamic_normalisation: bool = since(
        "0.2",
        option(
            False,
            "Dynamic normalisation",
            "Every channel of a picture is scaled to its own mean and spread, not to a range common to all. "
            "It takes away exposure and colour casts of a mixed set. The cost: brightness and mood are not "
            "learnt, results have even contrast, and pixels lie beyond what the VAE knows. Usually off.",
            advanced=True,
        ),
    )
    masks: Masks = since(
        "0.2",
        option(
            "off",
            "Masks",
            "Learn from parts of pictures only, e.g. from a face and not from the room behind it.",
            choices_help={
                "off": "Everything is learnt; masks beside pictures wait.",
                "alpha": "The picture's own transparency: what is opaque is learnt.",
                "file": "A picture beside it, NAME-masklabel.png or NAME.mask.png: what is white is learnt.",
                "both": "The file where there is one, else the transparency.",
            },
        ),
    )
    unmasked_weight: float = since(
        "0.2",
        option(
            0.0,
            "Unmasked weight",
            "How much what lies outside a mask counts. 0.1 keeps the surroundings sensible; at 0 they may "
            "become anything.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
    unmasked_probability: float = since(
        "0.2",
        option(
            0.0,
            "Unmasked showings",
            "Share of showings in which the whole picture is learnt, so that the subject stays in its place; "
            "try 0.1.",
            low=0,
            high=1,
            advanced=True,
        ),
    )
