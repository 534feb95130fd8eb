"""Settings of a model as a form needs them: loaded, checked, saved, put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from dreambooth.actions.asked import asked_mapping, asked_number, asked_text, asked_texts
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.fitting import fitting_config
from dreambooth.config.option import describe_settings
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, config_to_json, value_of, with_values
from dreambooth.jobs.history import list_history, load_kept


def load(place: Workplace, values: Values) -> dict[str, Any]:
    """All settings of a model, what contradicts in them, and what its defaults are."""
    record = place.library.load(asked_text(values, "name"))
    return {
        "revision": record.revision,
        "values": config_to_json(record.config),
        "defaults": config_to_json(fitting_config(record.native_resolution)),
        "problems": problems_of(record.config),
    }


def save(place: Workplace, values: Values) -> dict[str, Any]:
    """Change settings by dotted name, and ``concepts`` as a whole; nothing is saved when one is faulty."""
    changes = asked_mapping(values, "values")
    return change_settings(place, values, lambda config: with_values(config, changes))


def check(place: Workplace, values: Values) -> dict[str, Any]:
    """What would be wrong with settings that are not saved: of a model, else beside the defaults."""
    changes = asked_mapping(values, "values")
    config = place.library.load(asked_text(values, "name")).config if "name" in values else TrainConfig()
    faults: list[dict[str, str]] = []
    try:
        config = with_values(config, changes)
    except ConfigError as error:
        faults = [{"setting": each.field, "advice": each.advice} for each in error.faults]
    return {"faults": faults, "problems": [] if faults else problems_of(config)}


def history(place: Workplace, values: Values) -> dict[str, Any]:
    """Earlier settings, the last change first, each with what that change changed."""
    name = asked_text(values, "name")
    kept = list_history(place.library.folder(name), place.library.load(name).config)
    return {"history": [asdict(each) for each in kept if each.changes]}


def restore(place: Workplace, values: Values) -> dict[str, Any]:
    """Settings as they were before a change of the history; they are kept themselves."""
    earlier = load_kept(place.library.folder(asked_text(values, "name")), asked_text(values, "id"))
    return change_settings(place, values, lambda _: earlier)


def reset(place: Workplace, values: Values) -> dict[str, Any]:
    """Put settings back to what they are for a new model of this kind."""
    names = asked_texts(values, "names")
    known = {setting.name for setting in describe_settings(TrainConfig)}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError("\n".join(f"{name}: there is no such setting" for name in unknown))
    record = place.library.load(asked_text(values, "name"))
    defaults = config_to_json(fitting_config(record.native_resolution))
    back = {name: value_of(defaults, name) for name in names}
    return change_settings(place, values, lambda config: with_values(config, back))


def change_settings(
    place: Workplace, values: Values, change: Callable[[TrainConfig], TrainConfig]
) -> dict[str, Any]:
    """Change and save for a page that showed ``revision``; raises StaleSettings when there is a later one."""
    revision, session = asked_number(values, "revision"), asked_text(values, "session", "")
    record = place.library.change_config(asked_text(values, "name"), change, revision, session)
    return {"revision": record.revision, "problems": problems_of(record.config), "saved": True}


def problems_of(config: TrainConfig) -> list[dict[str, str]]:
    """What contradicts in the settings, as plain values."""
    return [asdict(problem) for problem in find_problems(config)]


ACTIONS: Mapping[str, Action] = {
    "settings.load": load,
    "settings.save": save,
    "settings.check": check,
    "settings.history": history,
    "settings.restore": restore,
    "settings.reset": reset,
}
