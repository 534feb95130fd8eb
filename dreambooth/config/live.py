"""Settings that may change while a training is under way, and the changes that a run has been given.

A change counts from the step at which it was taken. The run keeps all of them in ``changes.json``, so that a
run that goes on from an earlier state meets each at the same step again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.folders import RunFolder, written_whole
from dreambooth.config.option import Setting, describe_settings, find_fault, parse_value
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, with_values

LIVE = (
    "optimizer.unet_lr",
    "optimizer.text_encoder_lr",
    "optimizer.text_encoder_2_lr",
    "lora.unet_lr",
    "lora.text_encoder_lr",
    "lora.text_encoder_2_lr",
    "ema.show",
    "duration.pause_every_epochs",
    "duration.pause_seconds",
    "saving.save_every_steps",
    "saving.save_every_epochs",
    "saving.save_every_minutes",
    "saving.save_from_epoch",
    "saving.state_every_steps",
    "saving.count_lifetime",
    "saving.keep_last",
    "saving.keep_best",
    "saving.during",
    "saving.at_end",
    "saving.on_stop",
)
LIVE_SECTIONS = ("samples.", "validation.every_")  # all of the first, and how often of the second
LIVE_OF_CONCEPTS = (
    "save_sample_prompt",
    "save_sample_negative_prompt",
    "n_save_sample",
    "sample_seed",
    "save_guidance_scale",
    "save_infer_steps",
)
FIXED = (
    "cannot change while a training is under way; it may change what it shows and saves, when, and its rates"
)


@dataclass(frozen=True)
class Change:
    """Values by dotted name, ``concepts.0.save_sample_prompt`` for a concept's, from a step boundary on."""

    step: int
    values: Mapping[str, Any]


def live_settings() -> list[Setting]:
    """The settings that may change, those of concepts left out."""
    return [each for each in describe_settings(TrainConfig) if is_live(each.name)]


def is_live(name: str) -> bool:
    """Whether a setting by its dotted name may change while a training is under way."""
    section, _, rest = name.partition(".")
    if section == "concepts":
        return rest.partition(".")[2] in LIVE_OF_CONCEPTS
    return name in LIVE or name.startswith(LIVE_SECTIONS)


def parse_live(config: TrainConfig, texts: Mapping[str, str]) -> dict[str, Any]:
    """The values that somebody typed; raises ConfigError with every fault."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    for name, text in texts.items():
        setting = _find_setting(config, name)
        if setting is None:
            faults.append(f"{name}: {_why_not(config, name)}")
            continue
        try:
            values[name] = parse_value(setting, text)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))
    return values


def with_live_values(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """The settings of a training with others from now on; raises ConfigError for what cannot be."""
    if faults := list(_find_faults(config, values)):
        raise ConfigError("\n".join(faults))
    concepts = list(config.concepts)
    plain: dict[str, Any] = {}
    for name, value in values.items():
        section, _, rest = name.partition(".")
        if section == "concepts":
            index, _, field = rest.partition(".")
            concepts[int(index)] = replace(concepts[int(index)], **{field: value})
        else:
            plain[name] = value
    after = replace(with_values(config, plain), concepts=tuple(concepts))
    known = set(map(str, find_problems(config)))  # such as a folder that is gone by now
    if problems := [told for told in map(str, find_problems(after)) if told not in known]:
        raise ConfigError("\n".join(problems))
    return after


def _find_faults(config: TrainConfig, values: Mapping[str, Any]) -> Iterator[str]:
    if not values:
        yield "values: say what is to change"
    for name, value in values.items():
        setting = _find_setting(config, name)
        fault = _why_not(config, name) if setting is None else find_fault(setting, value)
        if fault:
            yield f"{name}: {fault}"


def _find_setting(config: TrainConfig, name: str) -> Setting | None:
    """The setting, if it may change in a training with these settings."""
    section, _, rest = name.partition(".")
    unused = "optimizer." if config.adapter != "none" else "lora."
    if not is_live(name) or name.startswith(unused):
        return None
    if section != "concepts":
        return next((each for each in live_settings() if each.name == name), None)
    index, _, field = rest.partition(".")
    if not index.isdecimal() or int(index) >= len(config.concepts):
        return None
    return next(each for each in describe_settings(Concept) if each.name == field)


def _why_not(config: TrainConfig, name: str) -> str:
    known = {each.name for each in describe_settings(TrainConfig)}
    if name.startswith("concepts."):
        return "of a concept only its previews may change: concepts.NUMBER.save_sample_prompt and the like"
    if name not in known:
        return "there is no such setting; `settings` lists them all"
    if not is_live(name):
        return FIXED
    used = "lora" if config.adapter != "none" else "optimizer"
    return f"does nothing in this training: its rates are those of {used}"


def live_values(config: TrainConfig) -> dict[str, Any]:
    """All settings that may change in a training with these, by dotted name."""
    names = [each.name for each in live_settings()]
    names += [
        f"concepts.{index}.{field}" for index in range(len(config.concepts)) for field in LIVE_OF_CONCEPTS
    ]
    return {name: _value(config, name) for name in names if _find_setting(config, name) is not None}


def _value(config: TrainConfig, name: str) -> Any:  # noqa: ANN401 - whatever the setting holds
    held: Any = config
    for part in name.split("."):
        held = held[int(part)] if part.isdecimal() else getattr(held, part)
    return held


def load_changes(run: RunFolder) -> list[Change]:
    """The changes that a run was given, by their steps."""
    if not run.changes_file.exists():
        return []
    told = json.loads(run.changes_file.read_text(encoding="utf-8"))
    return [Change(each["step"], each["values"]) for each in told]


def with_change(changes: list[Change], change: Change) -> list[Change]:
    """One more; it also stands in the place of what an earlier attempt changed at later steps."""
    kept = [*_without(changes, change.values, since=change.step), change]
    return sorted(kept, key=lambda each: each.step)


def forget_changes(run: RunFolder, names: Collection[str]) -> None:
    """What is set anew for the whole run is no longer changed on the way."""
    if run.changes_file.exists():
        save_changes(run, _without(load_changes(run), names, since=0))


def _without(changes: list[Change], names: Collection[str], since: int) -> list[Change]:
    kept = [
        Change(each.step, {name: value for name, value in each.values.items() if name not in names})
        if each.step >= since
        else each
        for each in changes
    ]
    return [each for each in kept if each.values]


def save_changes(run: RunFolder, changes: list[Change]) -> None:
    """Keep them for a run that goes on."""
    with written_whole(run.changes_file) as file:
        json.dump([asdict(change) for change in changes], file, ensure_ascii=False)
