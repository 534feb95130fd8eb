"""What a training would do, before anything runs: the epoch at once, memory and time by a job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from dreambooth.actions.epoch import describe_epoch
from dreambooth.actions.given import given
from dreambooth.actions.starting import begin
from dreambooth.actions.waiting import Answers
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import config_to_json
from dreambooth.jobs.asking import prepare_with_config

EPOCHS = Answers()


def dry_run(place: Workplace, values: Values) -> dict[str, Any]:
    """The first epoch with the settings of the model ``name``; ``again`` looks at the pictures anew.

    Pending as long as pictures are read.
    """
    name = given(values, "name", str)
    config = place.library.load(name).config
    folder = place.library.folder(name)
    question = json.dumps(config_to_json(config), sort_keys=True)
    work = partial(describe_epoch, config, folder)
    return EPOCHS.find(folder.path.resolve(), question, work, again=values.get("again") is True)


def check(place: Workplace, values: Values) -> dict[str, Any]:
    """The whole plan of a training with the settings of the model ``name``."""
    return begin(place, prepare_with_config(place.library, given(values, "name", str), "check"))


ACTIONS: Mapping[str, Action] = {"buckets.dry_run": dry_run, "check.start": check}
