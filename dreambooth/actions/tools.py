"""The tools for finished files; a name alone lies in the host's folder for such files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dreambooth.actions.outputs import CHECKPOINTS, LORAS, find_file, find_new_folder
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.config.forms.files import OutputForm
from dreambooth.config.forms.filling import fill
from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.jobs.asking import prepare_finished

MAKE_CHECKPOINTS = ("merge", "convert", "lora_bake")


def start(job: str, place: Workplace, values: Values) -> dict[str, Any]:
    """Give a tool its work; the values are those of its form."""
    return begin(place, prepare(job, place, values))


def prepare(job: str, place: Workplace, values: Values) -> RunFolder:
    """The run, its place found; raises ConfigError for what cannot be written there."""
    form = fill(TOOL_FORMS[job], values)
    return prepare_finished(place.library, job, replace(form, to=str(_find_place(job, place, form))))


def _find_place(job: str, place: Workplace, form: OutputForm) -> Path:
    if job == "convert" and Path(form.to.strip()).suffix not in CHECKPOINTS:
        return find_new_folder(form.to)
    folder, endings = place.host.lora_folder(), LORAS
    if job in MAKE_CHECKPOINTS:
        folder, endings = place.host.checkpoint_folder(), CHECKPOINTS
    return find_file(form.to, folder, endings, overwrite=form.overwrite)


ACTIONS: Mapping[str, Action] = {f"tools.{job}": partial(start, job) for job in TOOL_FORMS}
