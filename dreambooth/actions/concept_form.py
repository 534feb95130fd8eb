"""A concept as it stands in the form, among the settings of its model."""

from __future__ import annotations

from dataclasses import replace

from dreambooth.actions.asked import asked_mapping, asked_number
from dreambooth.actions.workplace import Values
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, concept_from_json

MOST_CONCEPTS = 10_000


def asked_index(values: Values) -> int:
    """The number of a concept, counted from 0."""
    return asked_number(values, "index", high=MOST_CONCEPTS)


def asked_concept(values: Values) -> Concept:
    """The concept under ``concept``; a field that is absent has its default."""
    return concept_from_json(asked_mapping(values, "concept"))


def with_concept(config: TrainConfig, index: int, concept: Concept) -> TrainConfig:
    """The settings with this concept in its place, which may be the one behind the last."""
    if index > len(config.concepts):
        raise ConfigError(f"there is no concept {index}; there are {len(config.concepts)}, counted from 0")
    concepts = (*config.concepts[:index], concept, *config.concepts[index + 1 :])
    return replace(config, concepts=concepts)
