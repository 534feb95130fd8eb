"""Concepts of a model as they are saved: one added, one changed in some of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dreambooth.actions.asked import asked_mapping, asked_text
from dreambooth.actions.concept_form import asked_concept, asked_index, with_concept
from dreambooth.actions.concepts import asked_revision, tell_concepts
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import concept_from_json, config_to_json
from dreambooth.jobs.library import find_concept


def add(place: Workplace, values: Values) -> dict[str, Any]:
    """Put ``concept`` behind the last one of the model ``name``; a field that is absent has its default."""
    concept = asked_concept(values)

    def added(config: TrainConfig) -> TrainConfig:
        return replace(config, concepts=(*config.concepts, concept))

    name = asked_text(values, "name")
    return tell_concepts(place.library.change_config(name, added, asked_revision(values)))


def change(place: Workplace, values: Values) -> dict[str, Any]:
    """Change some fields of a concept, those under ``concept``; the others stay as they are."""
    index, changes = asked_index(values), asked_mapping(values, "concept")

    def edited(config: TrainConfig) -> TrainConfig:
        before = config_to_json(find_concept(config, index))
        return with_concept(config, index, concept_from_json({**before, **changes}))

    name = asked_text(values, "name")
    return tell_concepts(place.library.change_config(name, edited, asked_revision(values)))


ACTIONS: Mapping[str, Action] = {"concepts.add": add, "concepts.change": change}
