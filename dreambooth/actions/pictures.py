"""Pictures for the page: small ones to look through, and whole ones."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from dreambooth.actions.asked import asked_number, asked_text, asked_texts
from dreambooth.actions.background import DRAWING, Progress, Task, wait_for
from dreambooth.actions.places import Reach, refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import ConfigError
from dreambooth.data.errors import PictureError
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.generation_text import parse_generation_text, read_generation_text
from dreambooth.data.pictures import load_picture

MOST_PICTURES = 500
LARGEST_SIDE_PX = 2048
QUALITY = 80
MEMORY_BYTES = 64 * 2**20
MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}  # what every browser shows


@dataclass(frozen=True)
class Shown:
    """A picture as a browser takes it, with the size of the whole picture when it is upright."""

    data: str
    width: int
    height: int

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"data": self.data, "width": self.width, "height": self.height}


_SHOWN: FileMemory[Shown] = FileMemory(MEMORY_BYTES, weigh=lambda shown: len(shown.data))


def show(place: Workplace, values: Values) -> dict[str, Any]:
    """Pictures as data URLs, by path: ``side_px`` is the longest side, 0 leaves them as they are.

    A picture that cannot be shown has a ``fault``; one that is not ready yet is ``pending``: ask again.
    """
    side_px = asked_number(values, "side_px", high=LARGEST_SIDE_PX)
    typed_paths = asked_texts(values, "paths")
    if len(typed_paths) > MOST_PICTURES:
        raise ConfigError(f"paths: ask for at most {MOST_PICTURES} pictures at once")
    reach = Reach(place, values)
    tasks = {typed: _start(reach, typed, side_px) for typed in typed_paths}
    wait_for([task for task in tasks.values() if isinstance(task, Task)])
    return {"pictures": {typed: _answer(task) for typed, task in tasks.items()}}


def generation(place: Workplace, values: Values) -> dict[str, Any]:
    """How the picture ``path`` was generated, as its file says; empty when it says nothing."""
    path = Reach(place, values).picture(asked_text(values, "path"))
    with refusing_bad_data():
        text = read_generation_text(path)
    return {"values": parse_generation_text(text) if text else {}}


def _start(reach: Reach, typed: str, side_px: int) -> Task | ConfigError:
    try:
        path = reach.picture(typed)
    except ConfigError as refusal:
        return refusal
    return DRAWING.start((path, side_px), lambda _: _draw(path, side_px))


def _answer(task: Task | ConfigError) -> dict[str, Any]:
    if isinstance(task, ConfigError):
        return {"fault": str(task)}
    answer = DRAWING.collect(task)
    return {"pending": True} if isinstance(answer, Progress) else answer


def _draw(path: Path, side_px: int) -> dict[str, Any]:
    try:
        return _SHOWN.recall(path, lambda: _make(path, side_px), about=side_px).to_json()
    except PictureError as error:
        return {"fault": error.reason}
    except OSError as error:
        return {"fault": error.strerror or "cannot be read"}


def _make(path: Path, side_px: int) -> Shown:
    picture = load_picture(path)
    width, height = picture.size
    if side_px:
        picture.thumbnail((side_px, side_px))
        return Shown(_to_url(_encode(picture, "WEBP"), "WEBP"), width, height)
    with Image.open(path) as image:
        stored_as = image.format or ""
    if stored_as in MIME_TYPES:
        return Shown(_to_url(path.read_bytes(), stored_as), width, height)
    return Shown(picture_url(picture), width, height)


def picture_url(picture: Image.Image) -> str:
    """A drawing as a data URL, without loss."""
    return _to_url(_encode(picture, "PNG"), "PNG")


def _encode(picture: Image.Image, stored_as: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, stored_as, quality=QUALITY)
    return stream.getvalue()


def _to_url(content: bytes, stored_as: str) -> str:
    return f"data:{MIME_TYPES[stored_as]};base64,{base64.b64encode(content).decode('ascii')}"


ACTIONS: dict[str, Action] = {"pictures.generation": generation, "pictures.show": show}
