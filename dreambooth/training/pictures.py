"""Writes generated pictures: whole or not at all, with the generation text that the webuis read."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dreambooth.config.folders import written_whole


def save_picture(picture: Image.Image, path: Path, generation_text: str) -> None:
    """A PNG with the text under the key ``parameters``."""
    info = PngInfo()
    info.add_text("parameters", generation_text)
    with written_whole(path, "wb") as file:
        picture.save(file, "PNG", pnginfo=info)
