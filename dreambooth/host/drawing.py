"""Draws pictures by the webui's own txt2img, which saves none of them itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dreambooth.config.folders import written_whole
from dreambooth.host.interrupts import is_interrupted
from dreambooth.host.loaded import find_loaded, loaded
from dreambooth.lending.orders import Answer, Order, OrderedPicture

log = logging.getLogger(__name__)


def draw_order(order: Order, is_wanted: Callable[[], bool]) -> Answer:
    """Draw picture by picture, and stop when nobody wants them any more or somebody presses Interrupt.

    The caller holds the webui's queue and shows a job.
    """
    checkpoint = find_checkpoint(order)
    if checkpoint is None:
        return Answer("refused", f"has no checkpoint {order.source} in its list")
    if order.sampler not in loaded("sd_samplers").all_samplers_map:
        return Answer("refused", f"has no sampler {order.sampler}")
    state, total = loaded("shared").state, len(order.pictures)
    state.job_count = total
    for number, picture in enumerate(order.pictures):
        if not is_wanted():
            return Answer("stopped")
        state.textinfo = f"dreambooth: class image {number + 1} of {total}"
        if (unfinished := _draw_whole(order, picture, checkpoint)) is not None:
            return unfinished
    return Answer("done")


def _draw_whole(order: Order, picture: OrderedPicture, checkpoint: str) -> Answer | None:
    """Draw and save one picture; why it is not there, or None."""
    try:
        drawn = _on_drawing_thread(partial(_draw, order, picture, checkpoint))
    except Exception as error:
        log.exception("dreambooth: the webui could not draw a class image")
        return Answer("failed", f"could not draw: {type(error).__name__}: {error}")
    if is_interrupted() or loaded("shared").state.skipped:
        return Answer("stopped")  # what it gives then, if anything, is half drawn
    if not drawn.images:
        return Answer("failed", "gave no picture and said no reason; its log may")
    _save(drawn.images[0], picture, drawn.text)
    return None


def find_checkpoint(order: Order) -> str | None:
    """What the webui calls the source in its list: by its hash where both know it, else by its file name."""
    known = getattr(find_loaded("sd_checkpoint") or loaded("sd_models"), "checkpoints_list")  # noqa: B009
    for checkpoint in known.values():
        hash_there = getattr(checkpoint, "sha256", None)
        if hash_there and order.source_hash:
            is_source = hash_there == order.source_hash
        else:
            is_source = Path(checkpoint.filename).name == order.source
        if is_source:
            return str(checkpoint.title)
    return None


@dataclass(frozen=True)
class _Drawn:
    images: Sequence[Image.Image]  # one, or none when the webui gave up
    text: str  # the generation text


def _draw(order: Order, picture: OrderedPicture, checkpoint: str) -> _Drawn:
    processing = loaded("processing")
    wanted = processing.StableDiffusionProcessingTxt2Img(
        prompt=picture.prompt,
        negative_prompt=picture.negative_prompt,
        seed=picture.seed,
        steps=picture.steps,
        cfg_scale=picture.guidance_scale,
        width=order.width,
        height=order.height,
        sampler_name=order.sampler,
        batch_size=1,
        n_iter=1,
        tiling=False,
        do_not_save_samples=True,
        do_not_save_grid=True,
        override_settings={"sd_model_checkpoint": checkpoint},
    )
    wanted.restore_faces = False  # which SD.Next does not know
    with closing(wanted), _without_prompt_history():
        processed = processing.process_images(wanted)
    if processed is None:
        return _Drawn((), "")
    return _Drawn(processed.images, str(processed.info))


@contextmanager
def _without_prompt_history() -> Iterator[None]:
    """The user's last prompt stays the one that the webui offers again."""
    options = loaded("shared").cmd_opts
    if not hasattr(options, "no_prompt_history"):
        yield
        return
    before = options.no_prompt_history
    options.no_prompt_history = True
    try:
        yield
    finally:
        options.no_prompt_history = before


def _on_drawing_thread(draw: Callable[[], _Drawn]) -> _Drawn:
    """Call it where the webui draws: Forge has one thread for that, the others any."""
    main_thread: Any = sys.modules.get("modules_forge.main_thread")
    if main_thread is None:
        return draw()
    errors: list[Exception] = []

    def draw_or_keep_error() -> _Drawn | None:
        try:
            return draw()
        except Exception as error:  # noqa: BLE001 - Forge would print it and return nothing
            errors.append(error)
            return None

    result: _Drawn | None = main_thread.run_and_wait_result(draw_or_keep_error)
    if result is None:
        raise errors[0]
    return result


def _save(drawn: Image.Image, picture: OrderedPicture, text: str) -> None:
    """The caption first, then the picture, as the trainer does: no picture ever lacks a caption."""
    path = Path(picture.path)
    with written_whole(path.with_suffix(".txt")) as caption:
        caption.write(picture.prompt)
    information = PngInfo()
    information.add_text("parameters", text)
    with written_whole(path, "wb") as file:
        drawn.convert("RGB").save(file, "PNG", pnginfo=information)
