"""What is minimised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from dreambooth.config.option import option, since

LossKind = Literal["l2", "huber", "smooth_l1", "l1"]
HuberSchedule = Literal["snr", "exponential", "constant"]


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What is minimised."""

    title: ClassVar[str] = "Loss"

    kind: LossKind = since(
        "0.2",
        option(
            "l2",
            "Loss",
            "How an error is counted. Keep l2 for clean pictures; try huber where a set has many bad ones.",
            advanced=True,
            choices_help={
                "l2": "The square of the error: what the models were made with.",
                "huber": "The square of small errors, large ones only once: bad pictures teach less.",
                "smooth_l1": "The same with a slope of 2 for large errors: in effect a higher learning rate.",
                "l1": "The size of the error: hard edges; results are often flatter.",
            },
        ),
    )
    huber_c: float = since(
        "0.2",
        option(
            0.1,
            "Huber threshold",
            "From which error on huber and smooth_l1 count an error once; lower forgives more (0.01 to 0.5).",
            low=0.0001,
            high=100,
            advanced=True,
        ),
    )
    huber_schedule: HuberSchedule = since(
        "0.2",
        option(
            "snr",
            "Huber schedule",
            "How the threshold changes with the noise: details are forgiven, or all is.",
            advanced=True,
            choices_help={
                "snr": "1 without noise, falling to the threshold as noise takes over: the usual choice.",
                "exponential": "1 at the first timestep, the threshold at the last one.",
                "constant": "The threshold at every timestep.",
            },
        ),
    )
    min_snr_gamma: float = option(
        0.0, "Min-SNR gamma", "Balances the timesteps (usually 5); 0: off.", low=0, high=100, advanced=True
    )
    debiased: bool = since(
        "0.2",
        option(
            False,
            "Debiased estimation",
            "Weights noisy timesteps more, where composition and colour are decided. Instead of min-SNR.",
            advanced=True,
        ),
    )
    like_noise: bool = since(
        "0.2",
        option(
            False,
            "Weigh velocity like noise",
            "For models that predict velocity: weights timesteps as one that predicts noise has them.",
            advanced=True,
        ),
    )
    dream: bool = since(
        "0.2",
        option(
            False,
            "DREAM",
            "Trains on the errors that drawing will meet: sharper results sooner, a third more time a step.",
            advanced=True,
        ),
    )
    dream_detail_preservation: float = since(
        "0.2",
        option(
            1.0,
            "DREAM detail preservation",
            "How much DREAM is kept for noisy timesteps: higher keeps more detail, lower corrects more.",
            low=0,
            high=100,
            advanced=True,
        ),
    )
    greatest_error: float = since(
        "0.2",
        option(
            0.0,
            "Greatest error",
            "No example counts for more than this, so a broken picture cannot pull the model away "
            "(try 1); 0: off.",
            low=0,
            high=100,
            advanced=True,
        ),
    )
    contrastive_margin: float = since(
        "0.2",
        option(
            0.5,
            "Contrastive margin",
            "Pictures with a negative loss scale are pushed away until their error is this, and then left "
            "alone; 1 is the error of knowing nothing. Lower is gentler.",
            low=0,
            high=10,
            advanced=True,
        ),
    )
    check_prediction: bool = option(
        True,
        "Check the prediction type",
        "Stop before the first step when the model answers as if it predicted the other, noise or velocity.",
        advanced=True,
    )
