"""Writes the tables in docs/http-api.md from the OpenAPI document: ``python -m docs.make_http_api``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dreambooth.api.openapi import describe_api
from dreambooth.api.table import find_endpoints

PAGE_FILE = Path(__file__).parent / "http-api.md"
BEGIN = "<!-- Made by python -m docs.make_http_api from the OpenAPI document; change it there. -->\n"
END = "<!-- As far as this. -->\n"
MOST_FIELDS = 14
OLD = "old extension"
TITLES = {
    "models": "Models",
    "settings": "Settings and presets",
    "concepts": "Concepts",
    "training": "Work on a model",
    "jobs": "Jobs",
    "tools": "Tools",
    "host": "The host",
    "actions": "Everything else",
    "document": "The document",
}


def fields_of(schema: dict[str, Any]) -> str:
    """The names in an object; those that must be given are bold."""
    names, required = schema.get("properties", {}), schema.get("required", ())
    if len(names) > MOST_FIELDS:
        return f"{len(names)} fields, see the document"
    return ", ".join(f"**`{name}`**" if name in required else f"`{name}`" for name in names)


def taken_by(operation: dict[str, Any]) -> str:
    """What an endpoint takes behind its path and in its body."""
    given = [each for each in operation["parameters"] if each["in"] == "query" and each["name"] != "api_key"]
    query = {
        "properties": {each["name"]: {} for each in given},
        "required": [each["name"] for each in given if each["required"]],
    }
    content = operation.get("requestBody", {}).get("content", {})
    bodies = dict.fromkeys(fields_of(each["schema"]) for each in content.values())
    parts = [f"?{fields_of(query)}"] if given else []
    return "; ".join([*parts, *filter(None, bodies)])


def rows_of(group: str) -> Iterator[str]:
    """A row for each endpoint of a group."""
    for path, operations in describe_api(find_endpoints())["paths"].items():
        for method, operation in operations.items():
            if group in operation["tags"]:
                yield f"| {method.upper()} `{path}` | {taken_by(operation)} | {operation['summary']} |"


def build_table(title: str, group: str) -> str:
    """The endpoints of a group."""
    return "\n".join(
        [f"### {title}\n", "| Endpoint | Takes | What it does |", "|---|---|---|", *rows_of(group), ""]
    )


def build_tables() -> str:
    """All groups; those that have no title yet by their own name."""
    groups = dict.fromkeys(endpoint.group for endpoint in find_endpoints() if not endpoint.deprecated)
    titles = {**TITLES, **{group: group.capitalize() for group in groups if group not in TITLES}}
    return "\n".join(build_table(title, group) for group, title in titles.items() if group in groups)


def build_page(page: str) -> str:
    """The page with its tables as they are now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{build_tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE_FILE.write_text(build_page(PAGE_FILE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
