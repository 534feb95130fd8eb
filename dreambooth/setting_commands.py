"""The commands for settings and concepts: shown, and changed for good."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, changed, changed_concept, config_to_json, value_of
from dreambooth.console import Console
from dreambooth.jobs.concept_order import remove_concept
from dreambooth.jobs.library import Library, find_concept
from dreambooth.setting_sources import keep_settings, refuse_nameless, take_settings


def parse_changes(words: list[str]) -> dict[str, str]:
    """``KEY=VALUE`` words as a mapping; raises ConfigError."""
    wrong = [word for word in words if "=" not in word]
    if wrong:
        raise ConfigError("\n".join(f"{word!r}: write it as key=value" for word in wrong))
    return dict(word.split("=", 1) for word in words)


def asked_changes(asked: Namespace) -> dict[str, str]:
    """What ``--set`` changes, and options that stand for settings."""
    options = {name: value for name, value in vars(asked).items() if "." in name and value is not None}
    return {**parse_changes(asked.set), **options}


def changed_config(library: Library, asked: Namespace) -> TrainConfig:
    """The model's settings with those of ``--set``, which stay changed."""
    changes = asked_changes(asked)
    if not changes:
        return library.load(asked.name).config
    return library.change_config(asked.name, lambda config: changed(config, changes)).config


def _fields(asked: Namespace) -> dict[str, str]:
    """The concept fields that were given, directories made absolute."""
    given = {
        name.removeprefix("field_"): value
        for name, value in vars(asked).items()
        if name.startswith("field_") and value is not None
    }
    return {
        name: str(Path(value).resolve()) if name.endswith("_dir") and value else value
        for name, value in given.items()
    }


def _changed_concepts(library: Library, asked: Namespace) -> tuple[Concept, ...]:
    """The model's concepts with one added, changed or removed as asked, which stays so."""
    if asked.action == "list":
        return library.load(asked.name).config.concepts
    if asked.action == "remove":
        return remove_concept(library, asked.name, asked.index).config.concepts

    def change(config: TrainConfig) -> TrainConfig:
        if asked.action == "add":
            added = changed_concept(Concept(), _fields(asked))
            return replace(config, concepts=(*config.concepts, added))
        concepts = list(config.concepts)
        concepts[asked.index] = changed_concept(find_concept(config, asked.index), _fields(asked))
        return replace(config, concepts=tuple(concepts))

    return library.change_config(asked.name, change).config.concepts


def concept(library: Library, asked: Namespace, console: Console) -> int:
    """Show or change what a model is to learn."""
    concepts = _changed_concepts(library, asked)
    told = [config_to_json(each) for each in concepts]
    lines = [
        f"{index}: {each.instance_prompt!r} from {each.instance_data_dir or '(no folder)'}, class "
        f"{each.class_prompt!r} x {each.num_class_images_per}"
        for index, each in enumerate(concepts)
    ]
    return console.result({"concepts": told}, "\n".join(lines) or "no concepts yet")


def settings(library: Library, asked: Namespace, console: Console) -> int:
    """List all settings with label, help and limits; with a model, its values."""
    if asked.set and not asked.name:
        raise ConfigError("name the model whose settings --set changes")
    if asked.name:
        for told in take_settings(library, asked):
            console.say(told)
        config = changed_config(library, asked)
        keep_settings(library, asked)
    else:
        refuse_nameless(asked)
        config = TrainConfig()
    values = config_to_json(config)
    described = [
        {**setting.to_json(), "value": value_of(values, setting.name)}
        for setting in describe_settings(TrainConfig)
    ]
    lines = [
        f"{each['name']} = {each['value']}\n    {each['label']}: {each['help']}{_limits(each)}"
        + "".join(f"\n        {choice}: {words}" for choice, words in each["choices_help"].items())
        for each in described
    ]
    return console.result({"settings": described}, "\n".join(lines))


def _limits(setting: dict[str, Any]) -> str:
    if setting["low"] is not None:
        return f" ({setting['low']:g} … {setting['high']:g})"
    return ""
