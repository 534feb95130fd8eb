"""What a training would do, before anything runs: the epoch at once, memory and time by a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.epoch import describe_epoch
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.rules import find_problems
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.jobs.asking import prepare_with_config


def dry_run(place: Workplace, values: Values) -> dict[str, Any]:
    """The first epoch with the settings of the model ``name``; pending as long as pictures are read."""
    name = asked_text(values, "name")
    config = place.library.load(name).config
    folder = place.library.folder(name)
    key = ("epoch", folder.path.resolve(), json.dumps(config_to_json(config)))
    told = LOOKING.ask(key, lambda _: describe_epoch(config, folder))
    return {"pending": True} if isinstance(told, Progress) else told


def check(place: Workplace, values: Values) -> dict[str, Any]:
    """The whole plan of a training with the settings of the model ``name``."""
    name = asked_text(values, "name")
    if problems := find_problems(place.library.load(name).config):
        raise ConfigError("\n".join(map(str, problems)))
    return begin(place, prepare_with_config(place.library, name, "check"))


ACTIONS: Mapping[str, Action] = {"buckets.dry_run": dry_run, "check.start": check}
