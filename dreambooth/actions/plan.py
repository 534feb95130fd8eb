"""What a training would do, before anything runs: the epoch at once, memory and time by a job."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.epoch import Epoch, describe_epoch, draw_epoch, plan_epoch
from dreambooth.actions.pictures import picture_url
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.rules import find_problems
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.jobs.asking import prepare_with_config


def dry_run(place: Workplace, values: Values) -> dict[str, Any]:
    """The first epoch with the settings of the model ``name``; pending as long as pictures are read."""
    return _look(place, asked_text(values, "name"), "epoch", describe_epoch)


def picture(place: Workplace, values: Values) -> dict[str, Any]:
    """The sizes of that epoch as a picture, ``data`` being its URL, and how pictures are cut; or pending."""

    def draw(epoch: Epoch) -> dict[str, Any]:
        drawn = draw_epoch(epoch)
        return {"data": picture_url(drawn), "width": drawn.width, "height": drawn.height}

    return _look(place, asked_text(values, "name"), "picture of the epoch", draw)


def _look(place: Workplace, name: str, what: str, tell: Callable[[Epoch], dict[str, Any]]) -> dict[str, Any]:
    config = place.library.load(name).config
    folder = place.library.folder(name)
    key = (what, folder.path.resolve(), json.dumps(config_to_json(config)))
    told = LOOKING.ask(key, lambda _: tell(plan_epoch(config, folder)))
    return {"pending": True} if isinstance(told, Progress) else told


def check(place: Workplace, values: Values) -> dict[str, Any]:
    """The whole plan of a training with the settings of the model ``name``."""
    name = asked_text(values, "name")
    if problems := find_problems(place.library.load(name).config):
        raise ConfigError("\n".join(map(str, problems)))
    return begin(place, prepare_with_config(place.library, name, "check"))


ACTIONS: Mapping[str, Action] = {"buckets.dry_run": dry_run, "buckets.picture": picture, "check.start": check}
