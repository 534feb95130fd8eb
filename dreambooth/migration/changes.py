"""Changes of our settings that are asked for in the words of the old extension."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.migration.backwards import concept_to_old, settings_to_old
from dreambooth.migration.concepts import FIELDS
from dreambooth.migration.report import Report, Trouble
from dreambooth.migration.settings import PLACES, PREFIX, migrate_settings

PATHS_OF_FILES = ("use_concepts", "concepts_path")  # the server reads no file because a request names it


@dataclass(frozen=True)
class OldChange:
    """Settings after a change, and in sentences what of it means nothing here."""

    config: TrainConfig
    left_out: tuple[str, ...]


def change_by_old(config: TrainConfig, asked: Mapping[str, Any]) -> OldChange:
    """The settings with what is asked by old names; what is not asked for stays as it is.

    Raises ConfigError for values that cannot be used; what the old extension had and we do not is told.
    """
    sent = {key.removeprefix(PREFIX): value for key, value in asked.items()}
    sent = {key: value for key, value in sent.items() if key not in PATHS_OF_FILES}
    concepts = {"concepts_list": [concept_to_old(concept) for concept in config.concepts]}
    migrated = migrate_settings({**settings_to_old(config), **concepts, **sent}, config)
    report = _only_of(sent, migrated.report)
    if faults := [entry for entry in report.problems if _is_fault(entry)]:
        raise ConfigError("\n".join(f"{entry.key}: {entry.reason}" for entry in faults))
    has_concepts = "concepts_list" in sent
    changed = migrated.config if has_concepts else replace(migrated.config, method=config.method)
    kept = _with_repeats(changed.concepts, config.concepts) if has_concepts else config.concepts
    if kept == config.concepts:
        changed = replace(changed, method=config.method)
    return OldChange(replace(changed, concepts=kept), tuple(_tell(report)))


def _only_of(sent: Mapping[str, Any], report: Report) -> Report:
    """What is told of settings that were asked for; what we know of ourselves was there before."""
    about = {*sent, *(("concepts",) if "concepts_list" in sent else ())}
    return Report(
        without_meaning=[each for each in report.without_meaning if each.key.split(".")[0] in about],
        problems=[each for each in report.problems if each.key.split(".")[0] in about],
    )


def _is_fault(entry: Trouble) -> bool:
    """Whether a value of something known is of no use; a name that nobody knows changes nothing."""
    if entry.key.startswith("concepts_list."):
        return entry.key.split(".")[-1] in FIELDS
    return entry.key in PLACES


def _with_repeats(concepts: tuple[Concept, ...], before: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """The old extension had no repeats: a folder that was there before keeps its own."""
    repeats = {concept.instance_data_dir: concept.repeats for concept in before}
    return tuple(
        replace(each, repeats=repeats.get(each.instance_data_dir, each.repeats)) for each in concepts
    )


def _tell(report: Report) -> Iterator[str]:
    for entry in report.without_meaning:
        if entry.is_lost:
            yield f"{entry.key} = {entry.value!r}: {entry.reason}"
    for trouble in report.problems:
        yield f"{trouble.key}: {trouble.reason}"
