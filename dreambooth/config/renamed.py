"""Settings that had another name in an earlier version: files and presets that have it are still read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever the setting holds
    return value


@dataclass(frozen=True)
class Renamed:
    """What a setting is called now, and what its old value is there."""

    name: str
    convert: Callable[[Any], Any] = _as_it_is


RENAMED: Mapping[str, Renamed] = {
    "data.shuffle_tags": Renamed("captions.shuffle_tags"),
    "data.caption_dropout_probability": Renamed("captions.dropout_probability"),
    "data.horizontal_flip": Renamed("augment.flip_probability", lambda is_on: 0.5 if is_on else 0.0),
    "loss.offset_noise": Renamed("noise.offset_noise"),
    "saving.save_at_end": Renamed("saving.at_end", lambda is_on: "result" if is_on else "nothing"),
    "loss.prior_loss_weight": Renamed("preservation.weight"),
}


def with_new_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted name, those of renamed settings under their new names; what is there already stays."""
    told = {name: value for name, value in values.items() if name not in RENAMED}
    for old, new in RENAMED.items():
        if old in values:
            told.setdefault(new.name, new.convert(values[old]))
    return told


def with_new_names_nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for values that are nested by section."""
    told = {name: dict(held) if isinstance(held, Mapping) else held for name, held in values.items()}
    for old, new in RENAMED.items():
        (section, name), (new_section, new_name) = old.split("."), new.name.split(".")
        if isinstance(told.get(section), dict) and name in told[section]:
            value = told[section].pop(name)
            told.setdefault(new_section, {}).setdefault(new_name, new.convert(value))
    return told
