"""What is done with a model: planned, checked, trained, drawn with, exported."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from starlette.responses import Response

from dreambooth.api.endpoint import Asked, Endpoint, through
from dreambooth.api.job_schema import BEGUN
from dreambooth.api.pictures import PICTURE, send_picture
from dreambooth.api.schema import (
    ANYTHING,
    FLAG,
    TEXT,
    WHOLE,
    answer_of,
    form_schema,
    list_of,
    object_of,
    or_null,
)
from dreambooth.config.folders import ModelFolder, find_name_fault
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.config.store import NotFound
from dreambooth.jobs.model_card import list_saves
from dreambooth.jobs.run_judgement import judge_run
from dreambooth.jobs.trainings import find_last_training

MODEL = "/v1/models/{name}"
SHOWN = (".png", ".jpg", ".jpeg", ".webp")
_look = partial(Endpoint, method="GET", group="training")
_begin = partial(Endpoint, method="POST", group="training", answers=BEGUN, status=202, refusals=(409,))


def list_samples(asked: Asked) -> dict[str, Any]:
    """The previews in the model's folder."""
    folder = _folder(asked)
    found = (path for path in folder.samples.rglob("*") if path.suffix.lower() in SHOWN and path.is_file())
    told = [(path.stat().st_mtime, path.relative_to(folder.path).as_posix()) for path in found]
    return {"samples": [{"file": file, "drawn": drawn} for drawn, file in sorted(told, reverse=True)]}


def show_saves(asked: Asked) -> dict[str, Any]:
    """The steps that trainings saved, and what those of the last training come to."""
    folder = _folder(asked)
    run = find_last_training(folder)
    judgement = judge_run(run, folder.path) if run else None
    return {"saves": list_saves(folder), "judgement": judgement}


def show_picture(asked: Asked) -> Response:
    """A picture of the model's folder, by its path in there."""
    folder, file = _folder(asked), asked.query["file"]
    parts = PurePosixPath(file).parts
    if not parts or any(find_name_fault(part) for part in parts):
        raise NotFound(f"{folder.name} has no picture {file}")
    path = folder.path.joinpath(*parts)
    if not path.resolve().is_relative_to(folder.path.resolve()):  # a link to somewhere else
        raise NotFound(f"{folder.name} has no picture {file}")
    return send_picture(path)


def _folder(asked: Asked) -> ModelFolder:
    library, name = asked.place.library, asked.path["name"]
    library.load(name)
    return library.folder(name)


ENDPOINTS: Sequence[Endpoint] = (
    _look(
        path=f"{MODEL}/plan",
        summary="Steps, time, memory and disk that a training would take; ask again until it is complete.",
        perform=through("settings.plan"),
        answers=answer_of(words=TEXT, complete=FLAG),
    ),
    _look(
        path=f"{MODEL}/epoch",
        summary="What an epoch would show, size by size; pending as long as pictures are read.",
        perform=through("buckets.dry_run"),
        answers=ANYTHING,
    ),
    _begin(
        path=f"{MODEL}/check",
        summary="Begin the job that makes the whole plan of a training, memory and time measured.",
        perform=through("check.start"),
        body=object_of({}),
    ),
    _begin(
        path=f"{MODEL}/classes",
        summary="Begin to draw the class images that the settings ask for and that are not there yet.",
        perform=through("classes.make"),
        body=object_of({}),
    ),
    _begin(
        path=f"{MODEL}/train",
        summary="Train the model: anew, or on from where it was interrupted.",
        perform=through("run.train"),
        body=object_of({"resume": {**FLAG, "default": False}}),
    ),
    _look(
        path=f"{MODEL}/changes",
        summary="What of the training that is under way or paused may change now, by name, and its values.",
        perform=through("run.live"),
        answers=answer_of(job=TEXT, run=TEXT, values=ANYTHING),
        refusals=(409,),
    ),
    Endpoint(
        method="POST",
        group="training",
        path=f"{MODEL}/changes",
        summary="Change settings of the training that is under way or paused; with keep of the model, too.",
        perform=through("run.change"),
        body=object_of({"values": ANYTHING, "keep": {**FLAG, "default": False}}, ["values"]),
        answers=answer_of(job=TEXT, run=TEXT, changed=ANYTHING),
        status=202,
        refusals=(409,),
    ),
    _begin(
        path=f"{MODEL}/samples",
        summary="Draw pictures with the model; while it is trained, the training draws them.",
        perform=through("generate.draw"),
        body=form_schema(SampleForm),
    ),
    _begin(
        path=f"{MODEL}/grid",
        summary="Draw the same pictures with several saved steps, side by side.",
        perform=through("generate.grid"),
        body=form_schema(GridForm),
    ),
    _begin(
        path=f"{MODEL}/export",
        summary="Write the model as a file or folder, by default to where the host looks for such files.",
        perform=through("export.start"),
        body=form_schema(ExportForm),
    ),
    _look(
        path=f"{MODEL}/samples",
        summary="The previews that lie with the model, the latest first.",
        perform=list_samples,
        answers=answer_of(samples=list_of(answer_of(file=TEXT, drawn={"type": "number"}))),
    ),
    _look(
        path=f"{MODEL}/saves",
        summary="The checkpoints, LoRA files and snapshots that trainings saved, and which of them is good.",
        perform=show_saves,
        answers=answer_of(
            saves=list_of(answer_of(path=TEXT, step=WHOLE, kind=TEXT, bytes=WHOLE, is_lora=FLAG)),
            judgement=or_null(ANYTHING),
        ),
    ),
    _look(
        path=f"{MODEL}/images",
        summary="A picture that lies with the model, such as a preview, by its path in the model's folder.",
        perform=show_picture,
        query=object_of({"file": {**TEXT, "minLength": 1}}, ["file"]),
        answers=PICTURE,
        media="image/*",
    ),
)
