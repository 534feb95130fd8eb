"""Somebody else's extension, loaded after us by its name: it writes down what our side knows of the webui."""

import json
from pathlib import Path

from modules import script_callbacks

from dreambooth.host.extension import find_place

FOLDERS = ("checkpoint", "lora", "embeddings", "hypernetworks", "vae", "models")


def tell(demo, app):  # noqa: ARG001 - what hosts call it with
    place = find_place()
    webui = place.host
    told = {name: str(getattr(webui, f"{name}_folder")()) for name in FOLDERS}
    told |= {"name": webui.name, "is_local": webui.is_local(), "library": str(place.library.path)}
    told["uploads"] = [str(folder) for folder in place.upload_folders]
    told["sources"] = {source.label: str(source.path) for source in webui.sources()}
    Path(__file__).with_name("told.json").write_text(json.dumps(told))


script_callbacks.on_app_started(tell)
