"""Many pictures as one."""

import numpy as np
import pytest
from PIL import Image

from dreambooth.training.grid import Row, draw_grid

RED, BLUE = (Image.new("RGB", (300, 200), colour) for colour in ("red", "blue"))


def test_pictures_stand_in_their_rows_and_columns_in_their_size():
    grid = draw_grid([Row("one", [RED, BLUE]), Row("two", [BLUE, RED])], ["a", "b"])
    pixels = np.asarray(grid)
    is_red = (pixels == (255, 0, 0)).all(-1)
    assert is_red.sum() == 2 * 300 * 200
    (top, left), (bottom, right) = np.argwhere(is_red)[[0, -1]]
    assert pixels[top, right].tolist() == pixels[bottom, left].tolist() == [0, 0, 255]


@pytest.mark.parametrize("change", [{"row": "step 500"}, {"column": "a dog"}])
def test_labels_are_drawn(change):
    def shown(row="", column=""):
        return np.asarray(draw_grid([Row(row, [RED])], [column]))

    plain, labelled = shown(), shown(**change)
    assert (labelled < 100).all(-1).sum() > (plain < 100).all(-1).sum()


def test_long_labels_stay_above_their_pictures():
    words = "a very long prompt of many words, " * 20
    grid = draw_grid([Row("", [RED, RED])], [words, "x" * 500])
    assert grid.width < 2 * 300 + 100
    assert grid.height < 200 + 200


def test_small_pictures_are_enlarged_and_huge_grids_kept_in_bounds():
    assert draw_grid([Row("", [RED.resize((64, 64))])], [""]).width > 224
    large = Image.new("RGB", (2000, 2000))
    assert max(draw_grid([Row("", [large] * 10)], [""] * 10).size) < 10_400
