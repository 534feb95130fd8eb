"""WD14 taggers: ONNX models that give every tag of a list its share of certainty."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dreambooth.captioning.tag_choice import choose_tags, read_tags
from dreambooth.data.errors import DataError

PREFERRED = ("CUDAExecutionProvider", "CPUExecutionProvider")


def load_wd14(folder: Path, threshold: float) -> Callable[[Image.Image], str]:
    """A function that writes an RGB picture's tags, from ``model.onnx`` and ``selected_tags.csv``.

    Raises DataError when a file is not what it should be or onnxruntime is missing.
    """
    tags = read_tags(folder / "selected_tags.csv")
    session = _open_session(folder / "model.onnx")
    source = session.get_inputs()[0]
    side_px = find_side(source.shape)

    def describe(picture: Image.Image) -> str:
        shares = session.run(None, {source.name: to_input(picture, side_px)})[0][0]
        if len(shares) != len(tags):
            raise DataError(
                f"{folder}: the model knows {len(shares)} tags, selected_tags.csv {len(tags)}; both must be "
                "of one tagger"
            )
        return ", ".join(choose_tags(tags, [float(share) for share in shares], threshold))

    return describe


def find_side(shape: list[Any]) -> int:
    """The side in px of the square that an input of this shape takes; raises DataError."""
    is_square = len(shape) == 4 and shape[3] == 3 and isinstance(shape[1], int) and shape[1] == shape[2]
    if not is_square:
        raise DataError(f"model.onnx takes an input of shape {shape}, and no tagger of the WD14 family does")
    side: int = shape[1]
    return side


def to_input(picture: Image.Image, side_px: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The picture in the middle of a white square, (1, side, side, 3), blue first, 0 … 255."""
    longest = max(picture.size)
    square = Image.new("RGB", (longest, longest), "white")
    square.paste(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
    small = square.resize((side_px, side_px), Image.Resampling.BICUBIC)
    pixels = np.asarray(small, dtype=np.float32)
    return np.ascontiguousarray(pixels[None, :, :, ::-1])


def _open_session(path: Path) -> Any:  # noqa: ANN401 - of a package that the user installs
    try:
        runtime = import_module("onnxruntime")
    except ImportError:
        raise DataError("a WD14 tagger needs onnxruntime: install it into the training environment") from None
    providers = [name for name in PREFERRED if name in runtime.get_available_providers()]
    try:
        return runtime.InferenceSession(str(path), providers=providers)
    except Exception as error:  # noqa: BLE001 - its exceptions have no common type
        raise DataError(f"{path} cannot be loaded: {error}") from None
