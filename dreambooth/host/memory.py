"""Frees the memory of a webui's model, by what really frees it in each of them.

A1111's own ``unload_model_weights`` keeps the weights in RAM, Forge's only takes them off the GPU. In each of
them the next generation loads the model again by itself.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dreambooth.host.heap import give_freed_memory_back
from dreambooth.host.loaded import find_loaded, loaded


@dataclass(frozen=True)
class Recipe:
    """How one webui gives up its model; ``closed`` is what it asks itself before it loads one by the way."""

    is_loaded: Callable[[], bool]
    unload: Callable[[], None]
    closed: str = ""  # a flag of its model_data: with True in it, looking at the page loads no model


def find_recipe() -> Recipe:
    """The one for this webui, told by what is there."""
    sd_models = loaded("sd_models")
    if hasattr(sd_models, "forge_model_reload"):
        return Recipe(_is_loaded_in_forge, _unload_from_forge)
    if hasattr(sd_models.model_data, "loaded_sd_models"):
        return Recipe(_is_loaded_in_a1111, _unload_from_a1111, closed="was_loaded_at_least_once")
    return Recipe(_is_loaded_in_sdnext, _unload_from_sdnext, closed="locked")


@contextmanager
def model_kept_out() -> Iterator[Callable[[], None]]:
    """No model and nothing else on the GPU from now on; the caller holds the webui's queue.

    The function, called all the while, unloads a model that came back; it raises what the webui raises.
    """
    recipe = find_recipe()
    was_opened = False

    def keep_out() -> None:
        nonlocal was_opened
        data = loaded("sd_models").model_data
        if recipe.closed and not getattr(data, recipe.closed, True):
            was_opened = True  # the webui would load a model by the way, and may again afterwards
            setattr(data, recipe.closed, True)
        if recipe.is_loaded():
            recipe.unload()
            _collect()

    try:
        _send_others_to_cpu()
        yield keep_out
    finally:
        if was_opened:
            setattr(loaded("sd_models").model_data, recipe.closed, False)


def _collect() -> None:
    gc.collect()
    loaded("devices").torch_gc()
    give_freed_memory_back()


def _is_loaded_in_a1111() -> bool:
    data = loaded("sd_models").model_data
    return data.sd_model is not None or bool(data.loaded_sd_models)


def _unload_from_a1111() -> None:
    data = loaded("sd_models").model_data
    with data.lock:  # a model that is being loaded is loaded first
        models = [data.sd_model, *data.loaded_sd_models]
        if data.sd_model is not None:
            loaded("sd_unet").apply_unet("None")
            loaded("lowvram").send_everything_to_cpu()
            loaded("sd_hijack").model_hijack.undo_hijack(data.sd_model)
        data.sd_model = None
        data.loaded_sd_models.clear()
    for model in models:
        if model is not None:
            model.to("meta")


def _is_loaded_in_forge() -> bool:
    sd_models = loaded("sd_models")
    model = sd_models.model_data.sd_model
    return model is not None and not isinstance(model, sd_models.FakeInitialModel)


def _unload_from_forge() -> None:
    sd_models = loaded("sd_models")
    sd_models.unload_model_weights()  # off the GPU
    sd_models.model_data.sd_model = sd_models.FakeInitialModel()
    sd_models.model_data.forge_hash = ""


def _is_loaded_in_sdnext() -> bool:
    data = loaded("sd_models").model_data
    return data.sd_model is not None or data.sd_refiner is not None


def _unload_from_sdnext() -> None:
    for part in ("model", "refiner"):
        loaded("sd_models").unload_model_weights(op=part)


def _send_others_to_cpu() -> None:
    """Models for faces and descriptions, which the webui brings back when it uses them."""
    shared = loaded("shared")
    interrogator: Any = getattr(shared, "interrogator", None)
    if hasattr(interrogator, "unload"):
        interrogator.unload()
    for restorer in getattr(shared, "face_restorers", ()):
        if "face_helper" in vars(restorer):  # of one that was never used, A1111 would download it first
            restorer.send_model_to(find_loaded("devices").cpu)
