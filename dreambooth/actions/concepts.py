"""The concepts of a model: their order, and as JSON from and to elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from dreambooth.actions.asked import asked_number, asked_text
from dreambooth.actions.concept_form import MOST_CONCEPTS, asked_index
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, concept_from_json, config_to_json
from dreambooth.jobs.concept_order import duplicate_concept, move_concept, remove_concept
from dreambooth.migration.report import Report
from dreambooth.migration.settings import migrate_settings

FIELDS = {field.name for field in fields(Concept)}
MOST_REVISIONS = 2**53  # that JavaScript counts exactly


def remove(place: Workplace, values: Values) -> dict[str, Any]:
    """Take a concept away; its generated class images go to the backups."""
    return _change(place, values, remove_concept)


def duplicate(place: Workplace, values: Values) -> dict[str, Any]:
    """Put a copy of a concept behind it."""
    return _change(place, values, duplicate_concept)


def move(place: Workplace, values: Values) -> dict[str, Any]:
    """Put a concept in the place ``to``."""
    to = asked_number(values, "to", high=MOST_CONCEPTS)
    return tell_concepts(move_concept(place.library, *_asked_concept(values), to, asked_revision(values)))


def _change(place: Workplace, values: Values, change: Callable[..., ModelRecord]) -> dict[str, Any]:
    return tell_concepts(
        change(place.library, *_asked_concept(values), expected_revision=asked_revision(values))
    )


def _asked_concept(values: Values) -> tuple[str, int]:
    return asked_text(values, "name"), asked_index(values)


def asked_revision(values: Values) -> int | None:
    """The last change that the page has seen; None: whatever there is."""
    return asked_number(values, "revision", high=MOST_REVISIONS) if "revision" in values else None


def tell_concepts(record: ModelRecord) -> dict[str, Any]:
    """The concepts of a model as they are now."""
    return {"revision": record.revision, "concepts": _to_json(record.config)}


def _to_json(config: TrainConfig) -> list[dict[str, Any]]:
    return [config_to_json(concept) for concept in config.concepts]


def export_json(place: Workplace, values: Values) -> dict[str, Any]:
    """The concepts of a model as plain values, to be kept or given away."""
    return {"concepts": _to_json(place.library.load(asked_text(values, "name")).config)}


def import_json(_: Workplace, values: Values) -> dict[str, Any]:
    """Concepts of a JSON text, ours or ``concepts_list.json`` of the old extension; saves nothing.

    ``report`` says in sentences what became otherwise.
    """
    found = _find_list(asked_text(values, "text"))
    if all(isinstance(each, Mapping) and each.keys() <= FIELDS for each in found):
        return {"concepts": _read_ours(found), "report": []}
    migrated = migrate_settings({"concepts_list": found}, TrainConfig())
    if not migrated.config.concepts:
        raise ConfigError("\n".join(["text: there is no concept in it", *_describe(migrated.report)]))
    return {"concepts": _to_json(migrated.config), "report": _describe(migrated.report)}


def _find_list(text: str) -> list[Any]:
    try:
        content = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"text: is no JSON: {error}") from None
    if isinstance(content, dict):
        content = content.get("concepts", content.get("concepts_list", [content]))
    if not isinstance(content, list) or not content:
        raise ConfigError("text: must be a list of concepts")
    return content


def _read_ours(found: list[Any]) -> list[dict[str, Any]]:
    concepts, faults = [], []
    for index, values in enumerate(found):
        concept = _read_one(values)
        if isinstance(concept, ConfigError):
            faults += [f"concepts.{index}.{line}" for line in str(concept).split("\n")]
        else:
            concepts.append(config_to_json(concept))
    if faults:
        raise ConfigError("\n".join(faults))
    return concepts


def _read_one(values: Mapping[str, Any]) -> Concept | ConfigError:
    try:
        return concept_from_json(values)
    except ConfigError as error:
        return error


def _describe(report: Report) -> list[str]:
    lost = [
        f"{entry.key} is not taken over: {entry.reason}" for entry in report.without_meaning if entry.is_lost
    ]
    return lost + [f"{entry.key}: {entry.reason}" for entry in report.problems]


ACTIONS: dict[str, Action] = {
    "concepts.remove": remove,
    "concepts.duplicate": duplicate,
    "concepts.move": move,
    "concepts.export": export_json,
    "concepts.import": import_json,
}
