"""Where the settings of a model may be taken from at once, and kept for others, on the command line."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

from dreambooth.config.folders import written_whole
from dreambooth.config.methods import implied_by, with_method
from dreambooth.config.presets import with_preset
from dreambooth.config.settings import Method
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.jobs.library import Library
from dreambooth.jobs.own_presets import find_preset, save_own
from dreambooth.migration.report import describe_report
from dreambooth.migration.settings_file import read_settings_file

NAMED_ONLY = ("method", "preset", "copy_from", "load", "save", "save_preset")


def add_sources(parser: ArgumentParser) -> None:
    """Options that change or keep many settings at once."""
    parser.add_argument("--method", choices=get_args(Method), help="with what it implies for the concepts")
    parser.add_argument("--preset", metavar="PRESET", help="those of a preset, and no others")
    parser.add_argument("--copy-from", metavar="MODEL", help="those of another model, without its concepts")
    parser.add_argument(
        "--load",
        type=Path,
        metavar="FILE",
        help="those in a file: saved here, by the old extension, or for kohya's scripts (JSON or toml)",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep a copy in a file (JSON)")
    parser.add_argument("--save-preset", metavar="PRESET", help="keep them as a preset of your own")


def refuse_nameless(asked: Namespace) -> None:
    """Raise ConfigError where something is asked of the settings of no model."""
    if used := [name for name in NAMED_ONLY if getattr(asked, name)]:
        raise ConfigError(f"name the model that --{used[0].replace('_', '-')} is about")


def take_settings(library: Library, asked: Namespace) -> Iterator[str]:
    """Change the model's settings as asked, in the order of the options; tells what is worth knowing."""
    name = asked.name
    if asked.load:
        read = read_settings_file(asked.load, library.load(name).config)
        library.change_config(name, lambda _: read.config)
        if read.kind != "trainer":
            yield describe_report(read.report.to_json())
    if asked.copy_from:
        other = library.load(asked.copy_from).config
        library.change_config(name, lambda config: replace(other, concepts=config.concepts))
    if asked.preset:
        preset = find_preset(library, asked.preset, library.load(name).family)
        library.change_config(name, lambda config: with_preset(config, preset))
    if asked.method:
        for index, concept in enumerate(library.load(name).config.concepts):
            for each in implied_by(asked.method, concept):
                yield f"concept {index}: {each.field} is now {each.value!r} ({each.reason})"
        library.change_config(name, lambda config: with_method(config, asked.method))


def keep_settings(library: Library, asked: Namespace) -> None:
    """Keep copies as asked, of the settings as they are after all changes."""
    record = library.load(asked.name)
    if asked.save:
        with written_whole(asked.save) as file:
            json.dump(config_to_json(record.config), file, indent=2, ensure_ascii=False)
    if asked.save_preset:
        save_own(library, asked.save_preset, record)
