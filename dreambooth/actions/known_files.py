"""Files that forms may offer: checkpoints and LoRAs of the host, and what the models have saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.actions.create import find_sources
from dreambooth.actions.workplace import Action, Values, Workplace

ENDINGS = (".safetensors", ".ckpt")
MOST = 500


def list_files(place: Workplace, _: Values) -> dict[str, Any]:
    """Whole paths, checkpoints that models can be made from first."""
    library = place.library
    saved = [path for name in library.names() for path in _find_in(library.folder(name).checkpoints)]
    found = [source.path for source in find_sources(place.host)] + _find_in(place.host.lora_folder()) + saved
    return {"files": [str(path) for path in dict.fromkeys(found)][:MOST]}


def _find_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in ENDINGS) if folder.is_dir() else []


ACTIONS: Mapping[str, Action] = {"files.list": list_files}
