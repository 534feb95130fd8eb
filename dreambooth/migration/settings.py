"""From the settings of the old extension to ours, each of them accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.option import Setting, Value, describe_settings, find_fault
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import concept_from_json, config_from_json, config_to_json
from dreambooth.migration.concepts import (
    FIELDS,
    OldConcept,
    concept_troubles,
    find_concepts,
    find_method,
    generated_index,
)
from dreambooth.migration.earlier import EARLIER
from dreambooth.migration.places import Dropped, Kept, Old, Place, To, Unfit, WithoutMeaning
from dreambooth.migration.report import Mapped, Meaningless, Remembered, Report, Trouble
from dreambooth.migration.table import LATEST

PLACES: dict[str, Place] = {**LATEST, **EARLIER}
PREFIX = "db_"  # some files have it in front of a name


@dataclass(frozen=True)
class Migrated:
    """What an old file amounts to here."""

    config: TrainConfig
    source: str
    lifetime_steps: int
    lifetime_epochs: int
    class_folders: tuple[
        int, ...
    ]  # for each concept the number of its generated class images in the old folder
    report: Report


def migrate_settings(values: Mapping[str, Any], base: TrainConfig) -> Migrated:
    """The settings of an old ``db_config.json``; what the file does not say is as in ``base``."""
    old = Old({key.removeprefix(PREFIX): value for key, value in values.items()})
    report = Report()
    concepts = find_concepts(old, report)
    settings = {setting.name: setting for setting in describe_settings(TrainConfig)}
    changes: dict[str, Value] = {}
    is_one_concept = any(concept.place == "" for concept in concepts)
    for key, value in old.values.items():
        if key in PLACES:
            changes |= put(key, value, PLACES[key], old, settings, report)
        elif key not in FIELDS:
            report.problems.append(
                Trouble(key, value, "is no setting of the old extension that is known here")
            )
        elif not is_one_concept:
            report.without_meaning.append(
                Meaningless(key, value, "the list of concepts counts", is_lost=False)
            )
    config = replace(
        _changed(base, changes),
        concepts=tuple(_migrate_concept(each, old.text("model_name"), report) for each in concepts),
    )
    config = replace(config, method=find_method(config))
    report.problems += concept_troubles(config)
    images = old.number("revision", old.number("total_steps", 0))
    return Migrated(
        config=config,
        source=old.text("src"),
        lifetime_steps=max(0, round(images / (1 if old.is_of_2022 else old.images_per_update))),
        lifetime_epochs=max(0, int(old.number("epoch", 0))),
        class_folders=tuple(concept.class_index for concept in concepts),
        report=report,
    )


def put(
    told: str,
    value: Any,  # noqa: ANN401 - whatever stands in somebody's file
    place: Place,
    old: Old,
    settings: Mapping[str, Setting],
    report: Report,
) -> dict[str, Value]:
    """Enter an old setting into the report; returns what it changes."""
    if isinstance(place, Kept):
        report.kept.append(Remembered(told, value, place.told))
        return {}
    if isinstance(place, Dropped):
        report.without_meaning.append(Meaningless(told, value, place.reason, is_lost=place.is_loss(value)))
        return {}
    try:
        becomes = _convert(value, place, old)
    except WithoutMeaning as reason:
        report.without_meaning.append(Meaningless(told, value, str(reason), is_lost=False))
        return {}
    except Unfit as reason:
        report.problems.append(Trouble(told, value, str(reason)))
        return {}
    faults = [fault for name, wanted in becomes.items() if (fault := find_fault(settings[name], wanted))]
    if faults:
        report.problems.append(Trouble(told, value, f"{faults[0]}; left at its default"))
        return {}
    typed = {name: _typed(settings[name], wanted) for name, wanted in becomes.items()}
    report.mapped.append(Mapped(told, value, typed))
    return typed


def _convert(value: object, place: To, old: Old) -> dict[str, Value]:
    """What the place makes of the value, by the names of our settings."""
    if value is None:
        raise WithoutMeaning("was not set")
    if place.superseded_by in old.values:
        raise WithoutMeaning(f"{place.superseded_by} says it")
    becomes = place.convert(value, old)
    return dict(becomes) if isinstance(becomes, Mapping) else dict.fromkeys(place.settings, becomes)


def _typed(setting: Setting, value: Value) -> Value:
    return float(value) if setting.kind == "float" else value


def _changed(base: TrainConfig, changes: Mapping[str, Value]) -> TrainConfig:
    values = config_to_json(base)
    for name, value in changes.items():
        *sections, last = name.split(".")
        place = values
        for section in sections:
            place = place[section]
        place[last] = value
    return config_from_json(values)


def _migrate_concept(concept: OldConcept, model_name: str, report: Report) -> Concept:
    settings = {setting.name: setting for setting in describe_settings(Concept)}
    old = Old(concept.values)
    changes: dict[str, Value] = {}
    for key, value in concept.values.items():
        told = concept.place + key
        if key == "class_data_dir" and generated_index(value, model_name) is not None:
            reason = "generated class images are brought along, and found without being named"
            report.without_meaning.append(Meaningless(told, value, reason, is_lost=False))
        elif key in FIELDS:
            changes |= put(told, value, FIELDS[key], old, settings, report)
        else:
            reason = "is no field of a concept that is known here"
            report.problems.append(Trouble(told, value, reason))
    return concept_from_json(changes)
