"""Values held against the schemas that the document shows: what it promises to refuse is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from dreambooth.api.schema import Schema
from dreambooth.config.store import Fault

TYPES: dict[str, tuple[type, ...]] = {
    "object": (Mapping,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "boolean": "true or false",
    "null": "null",
}
WORDS |= {"integer": "a whole number", "number": "a number"}


def find_faults(schema: Schema, value: Any, field: str = "") -> Iterator[Fault]:  # noqa: ANN401 - plain JSON
    """Everything in a value that the schema does not allow, by dotted names."""
    types = schema.get("type", [])
    wanted = types if isinstance(types, list) else [types]
    if wanted and not any(_is_of(kind, value) for kind in wanted):
        yield Fault(field, f"must be {' or '.join(WORDS[kind] for kind in wanted)}")
        return
    yield from _value_faults(schema, value, field)
    if isinstance(value, Mapping):
        yield from _field_faults(schema, value, field)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_faults(schema.get("items", {}), item, _join(field, str(index)))


def _is_of(kind: str, value: object) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _value_faults(schema: Schema, value: Any, field: str) -> Iterator[Fault]:  # noqa: ANN401
    if "enum" in schema and value not in schema["enum"]:
        yield Fault(field, f"choose one of {', '.join(map(str, schema['enum']))}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = float(schema.get("minimum", -math.inf)), float(schema.get("maximum", math.inf))
        if not low <= value <= high:
            yield Fault(field, f"{value} is not {_say_limits(low, high)}")
    if isinstance(value, str | list):
        if len(value) < max(schema.get("minLength", 0), schema.get("minItems", 0)):
            yield Fault(field, "must be given")
        if len(value) > min(schema.get("maxLength", math.inf), schema.get("maxItems", math.inf)):
            yield Fault(field, "is too long")


def _field_faults(schema: Schema, value: Mapping[str, Any], field: str) -> Iterator[Fault]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(_join(field, name), "must be given")
    for name, inner in value.items():
        if name in known:
            yield from find_faults(known[name], inner, _join(field, name))
        elif schema.get("additionalProperties") is False:
            yield Fault(_join(field, name), "there is no such field")


def _say_limits(low: float, high: float) -> str:
    if high == math.inf:
        return f"{low:g} or more"
    return f"{high:g} or less" if low == -math.inf else f"from {low:g} to {high:g}"


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
