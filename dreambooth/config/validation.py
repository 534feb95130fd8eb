"""How it is measured whether the model still learns, on pictures that it does not train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.option import option, since


@dataclass(frozen=True, kw_only=True)
class ValidationConfig:
    """A loss that can be trusted: the same pictures with the same noise each time, never trained on."""

    title: ClassVar[str] = "Validation"

    fraction: float = since(
        "0.2",
        option(
            0.0,
            "Held out",
            "Share of your pictures that are measured instead of trained, at least one; 0: none. 0.1 to 0.15 "
            "of a large set. While their loss falls the model learns the subject; when it rises, it learns "
            "the pictures by heart. Of a dozen pictures rather train them all, and name others below.",
            low=0,
            high=0.9,
        ),
    )
    data_dir: str = since(
        "0.2",
        option(
            "",
            "Validation folder",
            "Pictures of their own to measure, with captions as the others have; they are described as those "
            "of the first concept. Beside, or in place of, what is held out.",
        ),
    )
    stabilise: bool = since(
        "0.2",
        option(
            False,
            "Measure training pictures too",
            "Some of the trained pictures are measured in the same way. The two curves together tell "
            "overfitting: this one goes on falling when the other rises.",
        ),
    )
    every_epochs: int = since(
        "0.2",
        option(
            1,
            "Every N epochs",
            "0: not by epochs. It is measured before the first step and after the last in any case.",
            low=0,
            high=10_000,
        ),
    )
    every_steps: int = since(
        "0.2",
        option(
            0,
            "Every N steps",
            "0: not by steps. For long epochs: try a tenth of one.",
            low=0,
            high=1_000_000,
        ),
    )
    max_images: int = since(
        "0.2",
        option(
            50,
            "Pictures measured",
            "At most so many of each set, always the same ones; more take longer and tell smaller changes.",
            low=1,
            high=100_000,
            advanced=True,
        ),
    )
    noise_levels: int = since(
        "0.2",
        option(
            4,
            "Noise levels",
            "With how much noise each picture is measured: so many amounts, evenly from little to much.",
            low=1,
            high=100,
            advanced=True,
        ),
    )
    seed: int = since(
        "0.2",
        option(
            0,
            "Validation seed",
            "Decides which pictures are held out, and their noise. Keep it, and trainings can be compared, "
            "whatever their own seeds.",
            low=0,
            high=2**32,
            advanced=True,
        ),
    )
