"""Models: which there are, making them, and keeping house."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dreambooth.api.endpoint import Endpoint, through
from dreambooth.api.job_schema import BEGUN
from dreambooth.api.schema import ANYTHING, TEXT, WHOLE, answer_of, form_schema, list_of, object_of
from dreambooth.config.forms.create import CreateForm, ImportForm

NAME = {**TEXT, "minLength": 1, "maxLength": 100}
MODEL = "/v1/models/{name}"
_endpoint = partial(Endpoint, group="models")

ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/v1/models",
        summary="All models, the one that was trained last first.",
        perform=through("models.list"),
        answers=answer_of(models=list_of(answer_of(name=TEXT))),
    ),
    _endpoint(
        method="POST",
        path="/v1/models",
        summary="Make a model from a checkpoint, or from a model of the hub.",
        perform=through("create.start"),
        body=form_schema(CreateForm),
        answers=BEGUN,
        status=202,
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path="/v1/models/import",
        summary="Make a model from one of the old extension, which stays as it is.",
        perform=through("models.import"),
        body=form_schema(ImportForm),
        answers=BEGUN,
        status=202,
        refusals=(409,),
    ),
    _endpoint(
        method="GET",
        path=MODEL,
        summary="Everything that is known of a model: what it takes on disk, its runs, its saved steps.",
        perform=through("models.card"),
        answers=answer_of(name=TEXT, path=TEXT, bytes=WHOLE, runs=list_of(ANYTHING), saves=list_of(ANYTHING)),
    ),
    _endpoint(
        method="DELETE",
        path=MODEL,
        summary="Delete a model with all that is in its folder; the confirmation is its name again.",
        perform=through("models.delete"),
        query=object_of({"confirmation": TEXT}, ["confirmation"]),
        answers=answer_of(name=TEXT, bytes=WHOLE),
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path=f"{MODEL}/rename",
        summary="Give a model another name.",
        perform=through("models.rename"),
        body=object_of({"new_name": NAME}, ["new_name"]),
        answers=answer_of(name=TEXT),
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path=f"{MODEL}/duplicate",
        summary="Copy a model.",
        perform=through("models.duplicate"),
        body=object_of({"new_name": NAME}, ["new_name"]),
        answers=BEGUN,
        status=202,
        refusals=(409,),
    ),
    _endpoint(
        method="POST",
        path=f"{MODEL}/restore",
        summary="Make the weights of a saved step those of the model again.",
        perform=through("models.restore"),
        body=object_of({"weights": {**TEXT, "minLength": 1}}, ["weights"]),
        answers=BEGUN,
        status=202,
        refusals=(409,),
    ),
)
