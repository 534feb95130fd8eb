"""Models as the old extension offered them: listed, made, deleted, and pictures for them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.responses import Response

from dreambooth.actions.background import LOOKING
from dreambooth.api.endpoint import Asked, Endpoint
from dreambooth.api.errors import Refused
from dreambooth.api.old_answers import finish
from dreambooth.api.old_request import (
    FLAG_TEXT,
    MODEL_NAME,
    as_before,
    asked_name,
    bodies_of,
    is_set,
    query_of,
    read_body,
    read_fields,
)
from dreambooth.api.old_settings import add_concept
from dreambooth.api.reading import JSON
from dreambooth.api.schema import ANYTHING, TEXT, list_of, object_of
from dreambooth.config.concept import FILEWORDS
from dreambooth.config.folders import find_name_fault
from dreambooth.config.store import ConfigError
from dreambooth.data.arrivals import CAPTION, Arrival, take_in
from dreambooth.data.pictures import is_picture

NONE = ""  # stood first in the lists of the old extension
LORA_ENDINGS = (".safetensors", ".pt", ".ckpt")
HUB_ADDRESSES = ("https://huggingface.co/", "https://hf.co/")
MOST_UPLOAD_BYTES = 256 << 20
_endpoint = partial(Endpoint, group="old extension", deprecated=True)


def list_models(asked: Asked) -> list[str]:
    """The names of all models."""
    return [NONE, *asked.place.library.names()]


def list_checkpoints(asked: Asked) -> list[str]:
    """The checkpoints that the host knows."""
    return [source.label for source in asked.place.host.sources()]


def list_loras(asked: Asked) -> list[str]:
    """The LoRA files of the host."""
    asked.place.library.load(asked_name(asked.query))
    folder = asked.place.host.lora_folder()
    files = sorted(path.name for path in folder.glob("*") if path.suffix in LORA_ENDINGS and path.is_file())
    return [NONE, *files]


def create(asked: Asked) -> str:
    """Make a model, and answer when it is made."""
    query = asked.query
    name = asked_name(query, "new_model_name")
    for refused, advice in (
        ("new_model_token", "a token does not belong in an address: set HF_TOKEN where the webui runs"),
        ("new_model_shared_src", "every model has weights of its own here: leave it out"),
    ):
        if query.get(refused):
            raise ConfigError(f"{refused}: {advice}")
    form: dict[str, Any] = {"name": name, "use_ema": is_set(query, "new_model_extract_ema", default=False)}
    if is_set(query, "create_from_hub", default=False):
        form["hub"] = _find_hub_name(asked_name(query, "new_model_url"))
    else:
        form["source"] = _find_source(asked, asked_name(query, "new_model_src"))
    finish(asked, asked.perform("create.start", **form))
    return f"Model {name} has been created."


def _find_hub_name(told: str) -> str:
    for address in HUB_ADDRESSES:
        told = told.removeprefix(address)
    return told.strip("/")


def _find_source(asked: Asked, told: str) -> str:
    """A path as it is; the name of a checkpoint, with or without its hash, as the host knows it."""
    known = {source.label: source.path for source in asked.place.host.sources()}
    by_name = {path.name: path for path in known.values()}
    plain = told.partition(" [")[0]
    found = known.get(told) or known.get(plain) or by_name.get(plain)
    return str(found) if found else told


def delete(asked: Asked) -> str:
    """Delete a model with its folder."""
    name = asked_name(read_fields(asked))
    asked.perform("models.delete", name=name, confirmation=name)
    return f"Model {name} has been deleted."


def upload(asked: Asked) -> dict[str, Any]:
    """Put pictures and captions into a folder of the model, and make a concept of it."""
    name, instance = asked_name(asked.query), asked_name(asked.query, "instance_name")
    asked.place.library.load(name)
    if fault := find_name_fault(instance):
        raise ConfigError(f"instance_name: {fault}")
    folder = asked.place.library.folder(name).path.absolute() / f"instance_{instance}"
    with TemporaryDirectory(prefix="dreambooth-") as below:
        arrivals = list(_write_sent(_asked_images(asked), Path(below)))
        refused = [{"name": each.name, "reason": each.reason} for each in take_in(arrivals, folder)]
    LOOKING.forget()
    num_saved = sum(each.suffix != CAPTION for each in arrivals) - len(refused)
    told: dict[str, Any] = {
        "Status": f"Saved {num_saved} images.",
        "Image dir": str(folder),
        "refused": refused,
    }
    if is_set(asked.query, "create_concept", default=True):
        prompts = dict.fromkeys(("instance_prompt", "class_prompt", "save_sample_prompt"), FILEWORDS)
        told["Concepts"] = add_concept(asked, name, {"instance_data_dir": str(folder), **prompts})
    return told


def _asked_images(asked: Asked) -> list[Mapping[str, str]]:
    body = read_body(asked, MOST_UPLOAD_BYTES)
    images = body.get("imageList") if isinstance(body, Mapping) else None
    if not isinstance(images, list) or not images or not all(map(_is_image, images)):
        raise ConfigError("imageList: must be a list of objects with data, name and maybe txt")
    return images


def _is_image(image: object) -> bool:
    if not isinstance(image, Mapping):
        return False
    return all(isinstance(image.get(key), str) for key in ("data", "name")) and isinstance(
        image.get("txt", ""), str
    )


def _write_sent(images: Sequence[Mapping[str, str]], folder: Path) -> Sequence[Arrival]:
    """The files that were sent, each beside its caption, in a folder of their own."""
    arrivals = []
    for number, image in enumerate(images):
        try:
            content = base64.b64decode(image["data"].partition(";base64,")[2] or image["data"], validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError(f"imageList.{number}.data: is no Base64") from None
        path = folder / str(number)
        path.write_bytes(content)
        arrivals.append(Arrival(path, image["name"]))
        if image.get("txt") and is_picture(path):
            path.with_suffix(CAPTION).write_text(image["txt"], encoding="utf-8")
            arrivals.append(Arrival(path.with_suffix(CAPTION), f"{arrivals[-1].stem}{CAPTION}"))
    return arrivals


def upload_addresses(_: Asked) -> Response:
    """Nothing is fetched from elsewhere because a request names it."""
    raise Refused(
        410,
        "pictures are not fetched from addresses any more: fetch them yourself and send them to "
        "/dreambooth/upload, or as files to /dreambooth/v1/models/NAME/concepts/INDEX/images",
    )


ENDPOINTS: Sequence[Endpoint] = (
    _endpoint(
        method="GET",
        path="/models",
        summary="The names of all models, after an empty one.",
        perform=as_before(list_models),
        query=query_of(),
        answers=list_of(TEXT),
    ),
    _endpoint(
        method="GET",
        path="/checkpoints",
        summary="The checkpoints that the host knows.",
        perform=as_before(list_checkpoints),
        query=query_of(),
        answers=list_of(TEXT),
    ),
    _endpoint(
        method="GET",
        path="/models_lora",
        summary="The LoRA files of the host, after an empty one.",
        perform=as_before(list_loras),
        query=query_of({"model_name": MODEL_NAME}),
        answers=list_of(TEXT),
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/createModel",
        summary="Make a model, and answer when it is made.",
        perform=as_before(create),
        query=query_of(
            {"new_model_name": TEXT},
            new_model_src={**TEXT, "description": "A path, or a name as in `checkpoints`."},
            create_from_hub=FLAG_TEXT,
            new_model_url={**TEXT, "description": "With `create_from_hub`: OWNER/MODEL."},
            new_model_extract_ema=FLAG_TEXT,
            new_model_token={**TEXT, "description": "Refused: set HF_TOKEN where the webui runs."},
            new_model_shared_src={**TEXT, "description": "Refused: every model has weights of its own."},
        ),
        answers=TEXT,
        refusals=(409, 503),
    ),
    _endpoint(
        method="DELETE",
        path="/model",
        summary="Delete a model with its folder.",
        perform=as_before(delete),
        query=query_of(model_name=MODEL_NAME),
        bodies=bodies_of(model_name=MODEL_NAME),
        answers=TEXT,
        refusals=(404, 409),
    ),
    _endpoint(
        method="POST",
        path="/upload",
        summary="Put pictures and captions into a folder of the model, and make a concept of it.",
        perform=as_before(upload),
        query=query_of({"model_name": MODEL_NAME, "instance_name": TEXT}, create_concept=FLAG_TEXT),
        bodies={
            JSON: object_of(
                {
                    "imageList": list_of(
                        object_of({"data": TEXT, "name": TEXT, "txt": TEXT}, ["data", "name"])
                    )
                },
                ["imageList"],
                is_open=True,
            )
        },
        answers=ANYTHING,
        refusals=(404,),
    ),
    _endpoint(
        method="POST",
        path="/upload_url",
        summary="Refused: nothing is fetched from elsewhere because a request names it.",
        perform=as_before(upload_addresses),
        query=query_of(),
        answers=ANYTHING,
        refusals=(410,),
    ),
)
