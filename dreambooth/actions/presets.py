"""Presets: those that come with the trainer, and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.settings import change_settings
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.presets import PRESETS, Preset, presets_for, with_preset
from dreambooth.config.store import config_to_json
from dreambooth.jobs.history import find_changes
from dreambooth.jobs.own_presets import delete_own, find_preset, list_own, save_own


def list_presets(place: Workplace, values: Values) -> dict[str, Any]:
    """The presets for a family of models, and all of the user's own; without a family those for any."""
    family = values.get("family")
    shipped = presets_for(asked_text(values, "family")) if family else PRESETS
    told = [_tell(preset, is_own=False) for preset in {each.name: each for each in shipped}.values()]
    return {"presets": told + [_tell(preset, is_own=True) for preset in list_own(place.library)]}


def apply(place: Workplace, values: Values) -> dict[str, Any]:
    """Give a model the settings of a preset, and no others."""
    name = asked_text(values, "name")
    record = place.library.load(name)
    preset = find_preset(place.library, asked_text(values, "preset"), record.family)
    told = change_settings(place, values, lambda config: with_preset(config, preset))
    after = config_to_json(place.library.load(name).config)
    return {**told, "changes": [asdict(each) for each in find_changes(config_to_json(record.config), after)]}


def save(place: Workplace, values: Values) -> dict[str, Any]:
    """Keep a model's settings as a preset, without folders and concepts."""
    record = place.library.load(asked_text(values, "name"))
    return {"preset": _tell(save_own(place.library, asked_text(values, "preset"), record), is_own=True)}


def delete(place: Workplace, values: Values) -> dict[str, Any]:
    """Delete a preset of the user's own."""
    preset = asked_text(values, "preset")
    delete_own(place.library, preset)
    return {"deleted": preset}


def _tell(preset: Preset, *, is_own: bool) -> dict[str, Any]:
    return {**asdict(preset), "families": list(preset.families), "is_own": is_own}


ACTIONS: Mapping[str, Action] = {
    "presets.list": list_presets,
    "presets.apply": apply,
    "presets.save": save,
    "presets.delete": delete,
}
