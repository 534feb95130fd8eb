"""Concepts of a model, their pictures and their prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dreambooth.actions.concept_form import MOST_CONCEPTS
from dreambooth.actions.concept_prompts import MOST_ROWS
from dreambooth.api.endpoint import Asked, Endpoint, through
from dreambooth.api.schema import (
    ANYTHING,
    FLAG,
    TEXT,
    WHOLE,
    Schema,
    answer_of,
    list_of,
    object_of,
    with_fields,
)
from dreambooth.api.setting_schema import CONCEPT, REVISION
from dreambooth.config.store import ConfigError, NotFound

CONCEPTS = "/v1/models/{name}/concepts"
ONE = f"{CONCEPTS}/{{index}}"
INDEX: Schema = {**WHOLE, "minimum": 0, "maximum": MOST_CONCEPTS, "description": "Counted from 0."}
EVERY_CONCEPT = answer_of(revision=WHOLE, concepts=list_of(CONCEPT))
_one = partial(Endpoint, group="concepts", path=ONE, names={"index": INDEX})
_all = partial(Endpoint, group="concepts", path=CONCEPTS)


def show_all(asked: Asked) -> dict[str, Any]:
    """The concepts of a model."""
    told = asked.perform("settings.load", **asked.path)
    return {"revision": told["revision"], "concepts": told["values"]["concepts"]}


def show(asked: Asked) -> dict[str, Any]:
    """One of them."""
    told = show_all(replace(asked, path={"name": asked.path["name"]}))
    index = _index(asked)
    if index >= len(told["concepts"]):
        raise NotFound(f"there is no concept {index}; there are {len(told['concepts'])}, counted from 0")
    return {"revision": told["revision"], "index": index, "concept": told["concepts"][index]}


def add(asked: Asked) -> dict[str, Any]:
    """Put a concept behind the last one."""
    told = asked.perform("concepts.add", **asked.path, **_asked_fields(asked))
    return {"index": len(told["concepts"]) - 1, **told}


def change(asked: Asked) -> dict[str, Any]:
    """Change some fields of a concept."""
    return asked.perform("concepts.change", **_which(asked), **_asked_fields(asked))


def remove(asked: Asked) -> dict[str, Any]:
    """Take a concept away."""
    return asked.perform("concepts.remove", **_which(asked), **asked.query)


def _asked_fields(asked: Asked) -> dict[str, Any]:
    """The fields of the concept, and the revision beside them."""
    body = dict(asked.body)
    revision = {"revision": body.pop("revision")} if "revision" in body else {}
    return {"concept": body, **revision}


def _which(asked: Asked) -> dict[str, Any]:
    return {"name": asked.path["name"], "index": _index(asked)}


def _index(asked: Asked) -> int:
    typed = asked.path["index"]
    if not (typed.isascii() and typed.isdigit() and len(typed) < 9):
        raise NotFound(f"there is no concept {typed}")
    return int(typed)


def take_pictures(asked: Asked) -> dict[str, Any]:
    """Put what was sent into the concept's folder; a concept without one gets a folder with the model."""
    has_folder = show(asked)["concept"]["instance_data_dir"].strip()
    files = [{"path": str(each.path), "name": each.name} for each in asked.files]
    told = asked.perform("dataset.upload", **_which(asked), files=files)
    if not told["copied"] and told["refused"]:
        raise ConfigError("\n".join(f"files: {each['name']}: {each['reason']}" for each in told["refused"]))
    if not has_folder:
        asked.perform("concepts.change", **_which(asked), concept={"instance_data_dir": told["folder"]})
    return told


ENDPOINTS: Sequence[Endpoint] = (
    _all(
        method="GET",
        summary="The concepts of a model.",
        perform=show_all,
        answers=EVERY_CONCEPT,
    ),
    _all(
        method="POST",
        summary="Add a concept; a field that is absent has its default.",
        perform=add,
        body=with_fields(CONCEPT, revision=REVISION),
        answers=answer_of(index=WHOLE, revision=WHOLE, concepts=list_of(CONCEPT)),
        status=201,
        refusals=(409,),
    ),
    _one(
        method="GET",
        summary="One concept.",
        perform=show,
        answers=answer_of(revision=WHOLE, index=WHOLE, concept=CONCEPT),
    ),
    _one(
        method="PATCH",
        summary="Change some fields of a concept.",
        perform=change,
        body=with_fields(CONCEPT, revision=REVISION),
        answers=EVERY_CONCEPT,
        refusals=(409,),
    ),
    _one(
        method="DELETE",
        summary="Take a concept away; its generated class images go to the backups.",
        perform=remove,
        query=object_of({"revision": REVISION}),
        answers=EVERY_CONCEPT,
        refusals=(409,),
    ),
    Endpoint(
        method="POST",
        path=f"{ONE}/images",
        summary="Add pictures, and captions in .txt files of the same names; nothing is written over.",
        perform=take_pictures,
        names={"index": INDEX},
        files="files",
        answers=answer_of(folder=TEXT, copied=WHOLE, refused=list_of(answer_of(name=TEXT, reason=TEXT))),
        refusals=(409,),
        group="concepts",
    ),
    Endpoint(
        method="GET",
        path="/v1/models/{name}/prompts",
        summary="The prompts of every concept as they will be trained.",
        perform=through("concepts.prompts"),
        query=object_of({"num_rows": {**WHOLE, "minimum": 1, "maximum": MOST_ROWS, "default": 5}}),
        answers=answer_of(complete=FLAG, concepts=list_of(ANYTHING), notes=list_of(TEXT)),
        group="concepts",
    ),
)
