"""JSON Schemas: of settings and forms, drawn from their descriptions, and small ones put together by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dreambooth.config.option import Description, Setting, describe_settings

Schema = dict[str, Any]

KINDS = {"bool": "boolean", "int": "integer", "float": "number", "str": "string", "choice": "string"}

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
ANYTHING: Schema = {"type": "object"}


def object_of(
    properties: Mapping[str, Schema], required: Iterable[str] = (), *, is_open: bool = False
) -> Schema:
    """An object with these fields; ``is_open``: and maybe others."""
    told: Schema = {"type": "object", "properties": dict(properties)}
    if names := list(required):
        told["required"] = names
    return told if is_open else {**told, "additionalProperties": False}


def answer_of(**properties: Schema) -> Schema:
    """What an answer holds in any case; a later version may tell more."""
    return object_of(properties, properties, is_open=True)


def list_of(item: Schema) -> Schema:
    """Any number of them."""
    return {"type": "array", "items": item}


def or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    told = {**schema, "type": [schema["type"], "null"]}
    return {**told, "enum": [*schema["enum"], None]} if "enum" in schema else told


def setting_schema(setting: Setting) -> Schema:
    """One setting: its kind, limits and choices, and in words what it is for."""
    described = setting.description
    told: Schema = {"title": described.label, "description": _help(described)}
    if setting.kind in ("texts", "rows"):
        item = form_schema_of(setting.rows) if setting.rows else TEXT
        told |= list_of(item) | {"default": list(setting.default)}
    else:
        told |= {"type": KINDS[setting.kind], "default": setting.default, **_limits(described)}
    if setting.kind == "choice":
        told["enum"] = list(setting.choices)
    if setting.entry.required:
        told |= {"minItems": 1} if setting.kind in ("texts", "rows") else {"minLength": 1}
        del told["default"]
    return or_null(told) if setting.optional else told


def form_schema(form: type) -> Schema:
    """What a job is asked."""
    return form_schema_of(tuple(describe_settings(form)))


def form_schema_of(settings: Iterable[Setting]) -> Schema:
    """Described fields as one object, by their dotted names."""
    known = list(settings)
    required = [setting.name for setting in known if setting.entry.required]
    return object_of({setting.name: setting_schema(setting) for setting in known}, required)


def with_fields(schema: Schema, required: Iterable[str] = (), **fields: Schema) -> Schema:
    """An object's schema with more fields."""
    return object_of({**schema["properties"], **fields}, [*schema.get("required", ()), *required])


def _help(described: Description) -> str:
    return " ".join([described.help, *(f"{name}: {told}" for name, told in described.choices_help.items())])


def _limits(described: Description) -> Schema:
    limits = {"minimum": described.low, "maximum": described.high}
    return {name: limit for name, limit in limits.items() if limit is not None}
