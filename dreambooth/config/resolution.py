"""At which resolution each concept is trained: its own, or that of the run."""

from __future__ import annotations

from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig


def resolution_of(config: TrainConfig, concept: Concept) -> int:
    """The side of a square training picture of a concept, in pixels."""
    return concept.resolution or config.data.resolution


def resolution_for(config: TrainConfig, folder: Path) -> int:
    """The same for pictures of a folder: that of the first concept which has it, else that of the run."""
    owners = [concept for concept in config.concepts if Path(concept.instance_data_dir) == folder]
    return resolution_of(config, owners[0]) if owners else config.data.resolution


def largest_resolution(config: TrainConfig) -> int:
    """The one that decides how much memory a step takes."""
    resolutions = [resolution_of(config, concept) for concept in config.concepts]
    return max(resolutions, default=config.data.resolution)
