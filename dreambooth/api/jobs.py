"""Jobs: which there were, how they are, what may be asked of them, what they printed and drew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import Response

from dreambooth.actions.jobs import MOST, USUAL
from dreambooth.actions.run_view import MOST_LINES
from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.job_events import EVENT, EVENTS_QUERY, stream_events
from dreambooth.api.job_ids import find_job, id_of_place
from dreambooth.api.job_schema import BEGUN, JOB, JOB_ID, PAST_JOB
from dreambooth.api.pictures import PICTURE, send_picture
from dreambooth.api.schema import TEXT, answer_of, list_of, object_of
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import NotFound
from dreambooth.events import REQUESTS, read_events
from dreambooth.jobs.runs import find_model

JOB_PATH = "/v1/jobs/{job}"
NOT_FOR_PROGRAMS = ("is_whole", "cursor", "curves", "means", "samples", "class_images")  # of a page's picture
_endpoint = partial(Endpoint, group="jobs")


def list_jobs(asked: Asked) -> dict[str, Any]:
    """The last jobs over all models and tools."""
    told = asked.perform("jobs.list", **asked.query)["jobs"]
    return {"jobs": [_tell(each["run"], each) for each in told]}


def show_job(asked: Asked) -> dict[str, Any]:
    """How a job is now."""
    run = _find(asked)
    place = asked.place.library.run_place(run)
    view = asked.perform("run.view", run=place)
    if view["status"] == "none":
        raise NotFound(f"there is no job {asked.path['job']} any more")
    model = find_model(run)
    told = {name: value for name, value in view.items() if name not in NOT_FOR_PROGRAMS}
    return _tell(place, {**told, "model": model.name if model else None})


def _tell(place: str, told: dict[str, Any]) -> dict[str, Any]:
    """With its id as ``job``; what kind of job it is stands under ``kind``."""
    return {**told, "kind": told["job"], "job": id_of_place(place)}


def cancel(asked: Asked) -> dict[str, Any]:
    """Stop a job, at work or waiting."""
    return asked.perform("run.cancel", run=asked.place.library.run_place(_find(asked)))


def ask(asked: Asked) -> dict[str, Any]:
    """Ask something of a training."""
    place = asked.place.library.run_place(_find(asked))
    return asked.perform("run.ask", run=place, request=asked.body["request"])


def show_log(asked: Asked) -> dict[str, Any]:
    """The last lines that the worker printed."""
    place = asked.place.library.run_place(_find(asked))
    return asked.perform("run.log", run=place, **{"lines": 200, **asked.query})


def list_pictures(asked: Asked) -> dict[str, Any]:
    """What a job has drawn and what is still there."""
    return {"images": [{"file": name, "path": str(path)} for name, path in _drawn(_find(asked)).items()]}


def show_picture(asked: Asked) -> Response:
    """One of them."""
    file = asked.path["file"]
    drawn = _drawn(_find(asked))
    if file not in drawn:
        raise NotFound(f"the job {asked.path['job']} has drawn no {file}")
    return send_picture(drawn[file])


def _find(asked: Asked) -> RunFolder:
    return find_job(asked.place.library, asked.path["job"])


def _drawn(run: RunFolder) -> dict[str, Path]:
    """The pictures that a run told of, by the names of their files; where two have one, with the folder's."""
    model = find_model(run)
    above = model.path if model else run.path
    told = [
        above / event["path"] for event in read_events(run) if event["event"] in ("sample", "class_image")
    ]
    drawn: dict[str, Path] = {}
    for path in dict.fromkeys(told):
        if path.is_file():
            drawn[f"{path.parent.name}-{path.name}" if path.name in drawn else path.name] = path
    return drawn


def stream(asked: Asked) -> Response:
    """The events of a job as they come."""
    return stream_events(asked, _find(asked))


ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/v1/jobs",
        summary="The last jobs over all models and tools, the latest first.",
        perform=list_jobs,
        query=object_of({"limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}}),
        answers=answer_of(jobs=list_of(PAST_JOB)),
    ),
    _endpoint(
        method="GET",
        path=JOB_PATH,
        summary="How a job is: its status in a word and in a few, its progress, its result.",
        perform=show_job,
        answers=JOB,
    ),
    _endpoint(
        method="POST",
        path=f"{JOB_PATH}/cancel",
        summary="Stop a job, at work or waiting; a training saves first and can go on later.",
        perform=cancel,
        body=object_of({}),
        answers=BEGUN,
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path=f"{JOB_PATH}/requests",
        summary="Ask something of a training that is under way, or let one go on that was paused.",
        perform=ask,
        body=object_of({"request": {**TEXT, "enum": [*REQUESTS, "resume"]}}, ["request"]),
        answers=answer_of(job=JOB_ID, run=TEXT, asked=TEXT),
        status=202,
        refusals=(409,),
    ),
    _endpoint(
        method="GET",
        path=f"{JOB_PATH}/events",
        summary="The events of a job as server-sent events, from the first or after an id, until its end.",
        perform=stream,
        query=EVENTS_QUERY,
        answers=EVENT,
        media="text/event-stream",
    ),
    _endpoint(
        method="GET",
        path=f"{JOB_PATH}/log",
        summary="The last lines that the worker printed.",
        perform=show_log,
        query=object_of({"lines": {"type": "integer", "minimum": 1, "maximum": MOST_LINES, "default": 200}}),
        answers=answer_of(lines=list_of(TEXT)),
    ),
    _endpoint(
        method="GET",
        path=f"{JOB_PATH}/images",
        summary="The pictures that a job has drawn.",
        perform=list_pictures,
        answers=answer_of(images=list_of(answer_of(file=TEXT, path=TEXT))),
    ),
    _endpoint(
        method="GET",
        path=f"{JOB_PATH}/images/{{file}}",
        summary="One of the pictures that a job has drawn.",
        perform=show_picture,
        answers=PICTURE,
        media="image/*",
    ),
)
