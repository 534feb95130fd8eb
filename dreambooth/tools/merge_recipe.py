"""What a merged checkpoint says of its parents, as the webuis write and show it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dreambooth.models.hashes import legacy_hash, sha256_of_file

RECIPE, MODELS = "sd_merge_recipe", "sd_merge_models"
# What a child has in common with its first parent.
INHERITED = (
    "modelspec.sai_model_spec",
    "modelspec.architecture",
    "modelspec.implementation",
    "modelspec.resolution",
    "modelspec.prediction_type",
)


def child_metadata(metadata: Mapping[str, str], to: Path, parents: Sequence[Path]) -> dict[str, str]:
    """What a checkpoint made of others says, ``metadata`` being the first parent's.

    No value begins with a brace: webuis would take it for JSON, and could not save what they merge from it.
    """
    return {
        "format": "pt",
        **{key: metadata[key] for key in INHERITED if not metadata.get(key, "{").startswith("{")},
        "modelspec.title": to.stem.lstrip("{"),
        "modelspec.date": datetime.now().replace(microsecond=0).isoformat(),
        "modelspec.merged_from": ", ".join(path.name for path in parents).lstrip("{"),
    }


def recipe_metadata(
    recipe: Mapping[str, object], parents: Sequence[tuple[Path, Mapping[str, str]]]
) -> dict[str, str]:
    """The recipe with the parents' hashes, and all ancestors by their hash; both as JSON.

    ``parents`` are two or three files with their metadata.
    """
    hashes = [sha256_of_file(path) for path, _ in parents]
    ancestors: dict[str, Any] = {}
    for sha256, (path, metadata) in zip(hashes, parents, strict=True):
        ancestors[sha256] = {
            "name": path.name,
            "legacy_hash": legacy_hash(path),
            RECIPE: _find_object(metadata, RECIPE),
        }
        ancestors |= _find_object(metadata, MODELS) or {}
    names = ("primary", "secondary", "tertiary")
    parents_told = {f"{name}_model_hash": None for name in names} | {
        f"{name}_model_hash": sha256 for name, sha256 in zip(names, hashes, strict=False)
    }
    return {
        RECIPE: json.dumps({"type": "webui", **parents_told, **recipe}),
        MODELS: json.dumps(ancestors),
    }


def _find_object(metadata: Mapping[str, str], key: str) -> dict[str, Any] | None:
    """A JSON object in the metadata; None when there is none, or something else in its place."""
    try:
        found = json.loads(metadata.get(key, "null"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
