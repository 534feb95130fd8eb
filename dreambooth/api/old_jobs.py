"""Work and its state as the old extension offered them: there was one job, and no names for any."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.old_answers import ZIP, finish, send_pictures, send_zip
from dreambooth.api.old_request import (
    FLAG_TEXT,
    MODEL_NAME,
    as_before,
    asked_name,
    bodies_of,
    is_set,
    query_of,
    read_fields,
    refuse_foreign_page,
)
from dreambooth.api.schema import ANYTHING, NUMBER, TEXT, WHOLE, answer_of
from dreambooth.config.store import Busy, ConfigError
from dreambooth.jobs.library import find_concept
from dreambooth.jobs.model_card import list_saves
from dreambooth.jobs.trainings import find_living_training
from dreambooth.migration.conversions import SAMPLERS

FILE = "application/octet-stream"
UNKNOWN_COUNT = -1  # of steps, as long as nobody knows; 0 was: there is no job
MOST_SEEDS = 2**32
_endpoint = partial(Endpoint, group="old extension", deprecated=True)


def show_status(asked: Asked) -> dict[str, Any]:
    """The job at work, else the last one."""
    view, is_active = _look(asked)
    run = asked.place.library.find_run(view["run"]) if view.get("run") else None
    requests = {path.name for path in run.requests.glob("*")} if run and is_active else set()
    progress = view.get("progress") or {}
    count = (view.get("num_steps") or progress.get("total") or UNKNOWN_COUNT) if is_active else 0
    words = [view["words"], view.get("message")]
    prompts = [sample["prompt"] for sample in _last_samples(view)]
    return {
        "current_state": {
            "do_save_model": "save" in requests,
            "do_save_samples": "sample" in requests,
            "interrupted": bool(requests & {"stop", "discard"}) or view["status"] in ("stopped", "discarded"),
            "job": view.get("job") if is_active else "",
            "job_count": count,
            "job_no": (view.get("step") or progress.get("done") or 0) if is_active else 0,
            "sampling_step": 0,
            "sampling_steps": 0,
            "last_status": ": ".join(filter(None, words)),
            "sample_prompts": prompts,
            "active": is_active,
            "current_epoch": view.get("epoch") or 0,
            "current_step": view.get("step") or 0,
        }
    }


def _look(asked: Asked) -> tuple[Mapping[str, Any], bool]:
    """The first job of the queue, or the one that was given last; and whether it is under way."""
    queue = asked.perform("page.state")["queue"]
    last = queue or asked.perform("jobs.list", limit=1)["jobs"]
    if not last:
        return {"status": "none", "words": "nothing has run yet"}, False
    return asked.perform("run.view", run=last[0]["run"]), bool(queue)


def _last_samples(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The previews of the step that was drawn last."""
    samples = view.get("samples") or []
    return [sample for sample in samples if sample["step"] == samples[-1]["step"]]


def show_status_pictures(asked: Asked) -> Response | dict[str, Any]:
    """The previews that the job drew last."""
    view, _ = _look(asked)
    pictures = _by_name(Path(sample["path"]) for sample in _last_samples(view))
    return send_pictures(pictures, "status_sample") if pictures else {"message": "No images."}


def _by_name(paths: Iterable[Path]) -> dict[str, Path]:
    return {path.name: path for path in paths if path.is_file()}


def cancel(asked: Asked) -> dict[str, Any]:
    """Stop the job at work; a training saves first."""
    refuse_foreign_page(asked.request)
    queue = asked.perform("page.state")["queue"]
    if not queue:
        return {"message": "Nothing to cancel."}
    return {"message": "Processes canceled.", **asked.perform("run.cancel", run=queue[0]["run"])}


def train(asked: Asked) -> dict[str, Any]:
    """Begin to train."""
    return {"Status": "Training started.", **asked.perform("run.train", name=asked_name(asked.query))}


def make_classes(asked: Asked) -> dict[str, Any]:
    """Begin to draw the class images that are missing."""
    name = asked_name(read_fields(asked))
    return {"message": "Generating classifiers...", **asked.perform("classes.make", name=name)}


def show_classes(asked: Asked) -> Response | dict[str, Any]:
    """The class images of a concept, or of all, with their prompts."""
    name, index = asked_name(asked.query), asked.query.get("concept_idx", -1)
    config = asked.place.library.load(name).config
    if index >= 0:
        find_concept(config, index)
    indices = range(len(config.concepts)) if index < 0 else [index]
    files: dict[str, Path] = {}
    for number in indices:
        for told in asked.perform("classes.list", name=name, index=number)["pictures"]:
            path = Path(told["path"])
            inner = f"{'class' if told['is_own'] else 'classifiers'}_{number}"
            files |= {
                f"{inner}/{each.name}": each for each in (path, path.with_suffix(".txt")) if each.is_file()
            }
    return send_zip(files, f"{name}_class") if files else {"Result": "No images found."}


def draw(asked: Asked) -> Response:
    """Draw pictures, and answer with them when they are drawn."""
    refuse_foreign_page(asked.request)
    query, name = asked.query, asked_name(asked.query)
    if query.get("sample_prompt_file"):
        raise ConfigError(
            "sample_prompt_file: files are not read because a request names them: send sample_prompt"
        )
    asked.place.library.load(name)
    if find_living_training(asked.place.library.folder(name)):
        raise Busy(f"{name} is being trained: ask its job to sample, or wait for its end")
    seed = query.get("seed", -1)
    form = {
        "prompt": asked_name(query, "sample_prompt"),
        "negative_prompt": query.get("negative_prompt", ""),
        "count": query.get("num_images", 1),
        "seed": secrets.randbelow(MOST_SEEDS) if seed < 0 else seed,
        "steps": query.get("steps", 60),
        "guidance_scale": query.get("scale", 7.5),
        "width": query.get("width", 0),
        "height": query.get("height", 0),
    }
    if "scheduler" in query:
        form["sampler"] = _find_sampler(query["scheduler"])
    result = finish(asked, asked.perform("generate.draw", name=name, **form))
    return send_pictures(_by_name(map(Path, result["pictures"])), f"{name}_sample")


def _find_sampler(name: str) -> str:
    if name.lower() not in SAMPLERS:
        raise ConfigError(f"scheduler: {name} is not available; choose one of {', '.join(SAMPLERS)}")
    return SAMPLERS[name.lower()]


def send_checkpoint(asked: Asked) -> Response:
    """The checkpoint of the model as it is; written first when it lacks, or with ``skip_build=false``."""
    name = asked_name(asked.query)
    steps = asked.place.library.load(name).lifetime_steps
    path = None
    if is_set(asked.query, "skip_build", default=True):
        path = _find_checkpoint(asked, name, steps)
    if path is None:
        refuse_foreign_page(asked.request)
        told = asked.perform("export.start", name=name, format="checkpoint", overwrite=True)
        path = Path(finish(asked, told)["path"])
    return FileResponse(path, filename=path.name, media_type=FILE)


def _find_checkpoint(asked: Asked, name: str, steps: int) -> Path | None:
    folder = asked.place.library.folder(name)
    saved = (
        folder.path / each["path"]
        for each in list_saves(folder)
        if each["step"] == steps and not each["is_lora"]
    )
    exported = asked.place.host.checkpoint_folder() / f"{name}_{steps}.safetensors"
    return next((path for path in (*saved, exported) if path.is_file()), None)


PICTURES = {"type": "string", "contentMediaType": "image/png"}
ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/status",
        summary="The job at work, else the last one.",
        perform=as_before(show_status),
        query=query_of(),
        answers=ANYTHING,
    ),
    _endpoint(
        method="GET",
        path="/status_images",
        summary="The previews that the job drew last: one as PNG, more in a zip, else a `message`.",
        perform=as_before(show_status_pictures),
        query=query_of(),
        answers={},
    ),
    _endpoint(
        method="GET",
        path="/cancel",
        summary="Stop the job at work; a training saves first. Pages of other servers are refused.",
        perform=as_before(cancel),
        query=query_of(),
        answers=ANYTHING,
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path="/start_training",
        summary="Begin to train.",
        perform=as_before(train),
        query=query_of({"model_name": MODEL_NAME}),
        answers=ANYTHING,
        refusals=(404, 409),
    ),
    _endpoint(
        method="POST",
        path="/classifiers",
        summary="Begin to draw the class images that are missing.",
        perform=as_before(make_classes),
        query=query_of(model_name=MODEL_NAME),
        bodies=bodies_of(model_name=MODEL_NAME),
        answers=ANYTHING,
        refusals=(404,),
    ),
    _endpoint(
        method="GET",
        path="/classifiers",
        summary="The class images of a concept, or of all, with their prompts, in a zip.",
        perform=as_before(show_classes),
        query=query_of({"model_name": MODEL_NAME}, concept_idx={**WHOLE, "minimum": -1, "default": -1}),
        answers={},
        media=ZIP,
        or_json=answer_of(Result=TEXT),
        refusals=(404,),
    ),
    _endpoint(
        method="GET",
        path="/samples",
        summary="Draw pictures, and answer when they are drawn: one as PNG, more in a zip.",
        perform=as_before(draw),
        query=query_of(
            {"model_name": MODEL_NAME, "sample_prompt": TEXT},
            negative_prompt=TEXT,
            num_images={**WHOLE, "default": 1},
            seed={**WHOLE, "default": -1},
            steps={**WHOLE, "default": 60},
            scale={**NUMBER, "default": 7.5},
            width={**WHOLE, "description": "The model's own when absent."},
            height={**WHOLE, "description": "The model's own when absent."},
            scheduler={**TEXT, "enum": list(SAMPLERS)},
            sample_prompt_file={**TEXT, "description": "Refused: send the prompt itself."},
        ),
        answers=PICTURES,
        media="image/png",
        refusals=(404, 409, 503),
    ),
    _endpoint(
        method="GET",
        path="/checkpoint",
        summary="The checkpoint of the model as it is; written first when it is not there.",
        perform=as_before(send_checkpoint),
        query=query_of({"model_name": MODEL_NAME}, skip_build=FLAG_TEXT),
        answers={},
        media=FILE,
        refusals=(404, 503),
    ),
)
