"""What keeps a model from forgetting what it knew while it learns something new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

PreservationKind = Literal["class_images", "prior_prediction", "output_preservation"]
UNCHANGED = -1.0  # of the final weight


@dataclass(frozen=True, kw_only=True)
class PreservationConfig:
    """What keeps the model from forgetting what it knew."""

    title: ClassVar[str] = "Preservation"

    kind: PreservationKind = since(
        "0.2",
        option(
            "class_images",
            "Preservation",
            "What the model is held to besides your pictures, so that the class stays what it was.",
            choices_help={
                "class_images": "Pictures of ordinary things of the class, generated or your own, as many as "
                "each concept asks for; with none of them nothing is preserved.",
                "prior_prediction": "The model's own answer before the training: on class or preservation "
                "pictures where there are some, else on your pictures under the class prompt. No class "
                "images needed.",
                "output_preservation": "The same for each of your prompts, the instance token replaced by "
                "the class token: no class images, and the closest to what is learnt.",
            },
        ),
    )
    weight: float = option(
        1.0,
        "Prior loss weight",
        "Weight of what preserves beside an instance image's 1; lower when the subject is learnt too "
        "slowly, higher when the class drifts.",
        low=0,
        high=100,
    )
    final_weight: float = since(
        "0.2",
        option(
            UNCHANGED,
            "Final prior loss weight",
            "What the weight falls to, evenly: preserves first, then lets the likeness grow. -1: it stays.",
            low=UNCHANGED,
            high=100,
            advanced=True,
        ),
    )
    fall_fraction: float = since(
        "0.2",
        option(
            1.0,
            "Share of the fall",
            "Share of the run's steps after which the final prior loss weight is reached.",
            low=0.001,
            high=1,
            advanced=True,
        ),
    )
