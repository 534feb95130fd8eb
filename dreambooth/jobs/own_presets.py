"""The user's own presets: ``.presets/NAME.json`` in the models folder, without concepts and paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from dreambooth.config.fitting import fitting_config
from dreambooth.config.folders import find_name_fault, written_whole
from dreambooth.config.option import Value, describe_settings
from dreambooth.config.presets import PRESETS, Preset, presets_for
from dreambooth.config.renamed import with_new_names
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, NotFound, config_to_json, value_of
from dreambooth.jobs.library import Library

PATH_ENDINGS = ("_file", "_dir", "_folder", "_path")  # of settings that name a place on this machine
FOLLOWS_MODEL = ("data.resolution", "data.bucket_step_px")  # kept only where they are not the model's own


def list_own(library: Library) -> list[Preset]:
    """The presets that are kept there, by name; raises ConfigError for one that cannot be read."""
    return [_load(path) for path in sorted(_place(library).glob("*.json"))]


def save_own(library: Library, name: str, record: ModelRecord) -> Preset:
    """Keep a model's settings under a name; an own preset of that name is replaced."""
    path = _file(library, name)
    if name in {preset.name for preset in PRESETS}:
        raise ConfigError(f"{name} is a preset that comes with the trainer; choose another name")
    preset = Preset(name=name, told=_told(record), values=dict(_portable(record)))
    with written_whole(path) as file:
        json.dump({"told": preset.told, "values": preset.values}, file, indent=2, ensure_ascii=False)
    return preset


def find_preset(library: Library, name: str, family: str) -> Preset:
    """One by its name: among those for the family, then among the user's own; raises ConfigError."""
    for preset in (*presets_for(family), *list_own(library)):
        if preset.name == name:
            return preset
    if name in {preset.name for preset in PRESETS}:
        raise ConfigError(f"the preset {name} is for another kind of model")
    raise NotFound(f"there is no preset {name}")


def delete_own(library: Library, name: str) -> None:
    """Remove one of them; raises ConfigError when there is none of that name."""
    try:
        _file(library, name).unlink()
    except FileNotFoundError:
        raise NotFound(f"there is no preset {name} of your own") from None


def _portable(record: ModelRecord) -> Iterator[tuple[str, Value]]:
    """What of the settings means the same for another model, on another machine."""
    values = config_to_json(record.config)
    fitting = config_to_json(fitting_config(record.native_resolution))
    for setting in describe_settings(TrainConfig):
        value = value_of(values, setting.name)
        is_models_own = setting.name in FOLLOWS_MODEL and value == value_of(fitting, setting.name)
        if not is_models_own and not setting.name.endswith(PATH_ENDINGS):
            yield setting.name, value


def _told(record: ModelRecord) -> str:
    config = record.config
    learns = "the full model" if config.adapter == "none" else config.adapter
    return f"Your own: {config.method}, {learns}, {config.data.resolution} px."


def _place(library: Library) -> Path:
    return library.path / ".presets"


def _file(library: Library, name: str) -> Path:
    if fault := find_name_fault(name):
        raise ConfigError(f"{name!r} cannot be a preset's name: {fault}")
    return _place(library) / f"{name}.json"


def _load(path: Path) -> Preset:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Preset(name=path.stem, told=str(values["told"]), values=with_new_names(dict(values["values"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"the preset {path} cannot be read ({error}); mend it or delete it") from None
