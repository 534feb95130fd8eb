"""The settings of a training as a schema: by dotted names, each with its label, help, limits and choices."""

from __future__ import annotations

from dreambooth.api.schema import (
    FLAG,
    TEXT,
    WHOLE,
    Schema,
    answer_of,
    form_schema,
    list_of,
    object_of,
    with_fields,
)
from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig

CONCEPT: Schema = form_schema(Concept)
SETTINGS: Schema = with_fields(form_schema(TrainConfig), concepts=list_of(CONCEPT))
REVISION: Schema = {
    **WHOLE,
    "minimum": 0,
    "maximum": 2**53,
    "description": "Of the settings that this change began from; it is refused when there is a later one.",
}
PROBLEMS = list_of(object_of({"setting": TEXT, "advice": TEXT}, ["setting", "advice"]))
SAVED = answer_of(revision=WHOLE, problems=PROBLEMS, saved=FLAG)
