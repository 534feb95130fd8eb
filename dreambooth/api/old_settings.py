"""Settings and concepts in the words of the old extension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.old_request import (
    MODEL_NAME,
    as_before,
    asked_name,
    bodies_of,
    parse_if_text,
    query_of,
    read_body,
    read_fields,
)
from dreambooth.api.schema import ANYTHING, TEXT, list_of, object_of
from dreambooth.config.concept import FILEWORDS
from dreambooth.config.folders import is_dataset
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord
from dreambooth.migration.backwards import concept_to_old, facts_to_old, settings_to_old
from dreambooth.migration.changes import change_by_old

Change = Callable[[list[Any]], list[Any]]
LEFT_OUT = "not_taken_over"  # beside the settings: what of them means nothing here
_endpoint = partial(Endpoint, group="old extension", deprecated=True)


def show_settings(asked: Asked) -> dict[str, Any]:
    """The settings that the old extension had as well."""
    name = asked_name(asked.query)
    return _tell(asked, name, asked.place.library.load(name))


def save_settings(asked: Asked) -> dict[str, Any]:
    """Take over a whole file of settings; the model is the one that it names."""
    told = {key: value for key, value in asked.body.items() if key != LEFT_OUT}
    return _change(asked, asked_name(told), told)


def change_settings(asked: Asked) -> dict[str, Any]:
    """Change some settings, which come as a JSON text in the query."""
    changes = parse_if_text(asked.query["params"], "params")
    if not isinstance(changes, Mapping):
        raise ConfigError("params: must be an object with the settings")
    return _change(asked, asked_name(asked.query), changes)


def _change(asked: Asked, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    left_out: list[str] = []

    def change(config: TrainConfig) -> TrainConfig:
        changed = change_by_old(config, changes)
        left_out[:] = changed.left_out
        return changed.config

    record = asked.place.library.change_config(name, change)
    told = _tell(asked, name, record)
    return {**told, LEFT_OUT: left_out} if left_out else told


def _tell(asked: Asked, name: str, record: ModelRecord) -> dict[str, Any]:
    folder = asked.place.library.folder(name)
    return {
        **settings_to_old(record.config),
        **facts_to_old(record),
        "model_name": name,
        "model_dir": str(folder.path),
        "model_path": str(folder.path),
        "pretrained_model_name_or_path": str(folder.working),
    }


def show_concepts(asked: Asked) -> list[dict[str, Any]]:
    """What the model is to learn."""
    return _tell_concepts(asked.place.library.load(asked_name(asked.query)))


def save_concepts(asked: Asked) -> list[dict[str, Any]]:
    """Put other concepts in the place of all that are there."""
    body = read_body(asked)
    values = {**asked.query, **body} if isinstance(body, Mapping) else {**asked.query, "concepts": body}
    concepts = parse_if_text(values.get("concepts"), "concepts")
    if not isinstance(concepts, list):
        raise ConfigError("concepts: must be a list of concepts")
    return _save_concepts(asked, asked_name(values), lambda _: concepts)


def put_concept(asked: Asked) -> list[dict[str, Any]]:
    """Add a concept, or put it in the place of the one with the same folder."""
    values = read_fields(asked)
    concept = parse_if_text(values.get("concept") or _concept_of_form(values), "concept")
    if not isinstance(concept, Mapping):
        raise ConfigError("concept: must be an object")
    return add_concept(asked, asked_name(values), concept)


def add_concept(asked: Asked, name: str, concept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The concepts of the model, this one behind them or in the place of the one with its folder."""
    folder = concept.get("instance_data_dir")

    def add(there: list[Any]) -> list[Any]:
        is_same = [each["instance_data_dir"] == folder for each in there]
        changed = [concept if same else each for each, same in zip(there, is_same, strict=True)]
        return changed if any(is_same) else [*there, concept]

    return _save_concepts(asked, name, add)


def _concept_of_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """The concept of a folder of captioned pictures."""
    prompts = dict.fromkeys(("instance_prompt", "class_prompt", "save_sample_prompt"), FILEWORDS)
    tokens = {name: values.get(name, "") for name in ("instance_token", "class_token")}
    return {"instance_data_dir": values.get("instance_dir", ""), **tokens, **prompts}


def _save_concepts(asked: Asked, name: str, change: Change) -> list[dict[str, Any]]:
    def changed(config: TrainConfig) -> TrainConfig:
        concepts = change([concept_to_old(concept) for concept in config.concepts])
        for index, concept in enumerate(concepts):
            if not isinstance(concept, Mapping) or not concept.get("instance_data_dir"):
                raise ConfigError(f"concepts.{index}.instance_data_dir: must be given")
        return change_by_old(config, {"concepts_list": concepts}).config

    return _tell_concepts(asked.place.library.change_config(name, changed))


def _tell_concepts(record: ModelRecord) -> list[dict[str, Any]]:
    return [
        {**concept_to_old(concept), "is_valid": is_dataset(concept.instance_data_dir)}
        for concept in record.config.concepts
    ]


CONCEPTS = list_of(ANYTHING)
ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/model_config",
        summary="The settings of a model by the names of the old extension.",
        perform=as_before(show_settings),
        query=query_of({"model_name": MODEL_NAME}),
        answers=ANYTHING,
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/model_config",
        summary="Take over settings by the old names; `not_taken_over` tells what of them means nothing.",
        perform=as_before(save_settings),
        query=query_of(),
        body=object_of({"model_name": MODEL_NAME}, ["model_name"], is_open=True),
        answers=ANYTHING,
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/model_params",
        summary="Change some settings by the names of the old extension.",
        perform=as_before(change_settings),
        query=query_of({"model_name": MODEL_NAME, "params": {**TEXT, "description": "Settings, as JSON."}}),
        answers=ANYTHING,
        refusals=(404,),
    ),
    _endpoint(
        method="GET",
        path="/concepts",
        summary="What a model is to learn, by the names of the old extension.",
        perform=as_before(show_concepts),
        query=query_of({"model_name": MODEL_NAME}),
        answers=CONCEPTS,
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/concepts",
        summary="Put other concepts in the place of all that are there.",
        perform=as_before(save_concepts),
        query=query_of(model_name=MODEL_NAME),
        bodies=bodies_of(model_name=MODEL_NAME, concepts={}),
        answers=CONCEPTS,
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/concept",
        summary="Add a concept: `concept`, or the folder `instance_dir` of captioned pictures.",
        perform=as_before(put_concept),
        query=query_of(model_name=MODEL_NAME),
        bodies=bodies_of(
            model_name=MODEL_NAME, instance_dir=TEXT, instance_token=TEXT, class_token=TEXT, concept={}
        ),
        answers=CONCEPTS,
        refusals=(404,),
    ),
)
