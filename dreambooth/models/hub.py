"""Models of the Hugging Face hub, fetched when a person names one; interrupted downloads are resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import httpx
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from dreambooth.models.architecture import TEXT_PARTS
from dreambooth.models.errors import CheckpointError
from dreambooth.models.from_folder import choose_weights, named_shards

Progress = Callable[[int, int], None]  # files done, files in all
NO_NAME = "{} is no name on the hub: write OWNER/MODEL or OWNER/MODEL/FILE"
CONFIGS = ("model_index.json", "scheduler/scheduler_config.json")


def fetch_model(name: str, progress: Progress) -> Path:
    """The local copy of ``OWNER/MODEL`` (in diffusers layout) or ``OWNER/MODEL/FILE`` (one checkpoint).

    Of a folder only what is needed is fetched. Files are kept where all programs of the hub keep them; so is
    the token that private and gated models ask for (or in the variable HF_TOKEN). Raises CheckpointError.
    """
    model, file = _split(name)
    try:
        return _fetch_file(model, file) if file else _fetch_folder(model, progress)
    except GatedRepoError:
        raise CheckpointError(
            f"{model} wants its terms accepted on its page first, and then a token: set HF_TOKEN"
        ) from None
    except RepositoryNotFoundError:
        raise CheckpointError(
            f"the hub has no model {model}, or it is private: then set HF_TOKEN to a token that may read it"
        ) from None
    except LocalEntryNotFoundError:  # what the library calls a missing connection
        raise CheckpointError(f"the hub cannot be reached to fetch {name}; try again later") from None
    except EntryNotFoundError:
        raise CheckpointError(f"{model} on the hub has no file {file}") from None
    except HFValidationError:
        raise CheckpointError(NO_NAME.format(name)) from None
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise CheckpointError(f"{name} could not be fetched from the hub: {error}") from None


def _fetch_file(model: str, file: str) -> Path:
    return Path(hf_hub_download(model, file, endpoint=_endpoint()))


def _endpoint() -> str | None:
    """Another address than the hub's own, as the variable for mirrors tells it; the library reads it once."""
    return os.environ.get("HF_ENDPOINT") or None


def _fetch_folder(model: str, progress: Progress) -> Path:
    """The files that make up a model in diffusers layout; returns their folder."""
    wanted = _choose(model, HfApi(endpoint=_endpoint()).list_repo_files(model))
    done = 0
    while done < len(wanted):
        progress(done, len(wanted))
        path = _fetch_file(model, wanted[done])
        wanted += [f"{PurePosixPath(wanted[done]).parent}/{name}" for name in named_shards(path)]
        done += 1
    progress(done, done)
    return _fetch_file(model, wanted[0]).parent  # it is there: no second download


def _split(name: str) -> tuple[str, str]:
    """The model's name, and the path of a file in it or nothing."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2:
        raise CheckpointError(NO_NAME.format(name))
    return "/".join(parts[:2]), "/".join(parts[2:])


def _choose(model: str, found: Iterable[str]) -> list[str]:
    """Configs and weights, ``model_index.json`` first; of weights in several files, their index."""
    names = set(found)
    if CONFIGS[0] not in names:
        files = sorted(name for name in names if name.endswith((".safetensors", ".ckpt")))
        raise CheckpointError(
            f"{model} on the hub is not in diffusers layout; name a file: {', '.join(files) or 'it has none'}"
        )
    wanted = [name for name in CONFIGS if name in names]
    for part in ("unet", "vae", *TEXT_PARTS):
        inside = {name.removeprefix(f"{part}/") for name in names if name.startswith(f"{part}/")}
        if not inside:
            continue
        chosen = choose_weights(inside)
        if chosen is None:
            raise CheckpointError(f"{model} on the hub has no weights for its {part}")
        wanted += [f"{part}/config.json", f"{part}/{chosen}"]
    return wanted
