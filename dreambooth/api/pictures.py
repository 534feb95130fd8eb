"""Pictures as answers."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse, Response

from dreambooth.api.schema import Schema
from dreambooth.config.store import NotFound

PICTURE: Schema = {"type": "string", "contentMediaType": "image/*"}
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def send_picture(path: Path) -> Response:
    """The file as it is; raises NotFound for what is none, or no picture that a browser shows."""
    media = TYPES.get(path.suffix.lower())
    if media is None or not path.is_file():
        raise NotFound(f"there is no picture {path.name}")
    return FileResponse(path, media_type=media)
