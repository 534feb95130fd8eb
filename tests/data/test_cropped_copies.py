"""Copies cut to the size that pictures are trained at."""

import numpy as np
import pytest
from PIL import Image

from dreambooth.data.buckets import Size, nearest_bucket
from dreambooth.data.concepts import read_pictures
from dreambooth.data.cropped_copies import plan_copies, write_copy
from dreambooth.data.errors import DataError

SIZES = (Size(64, 64), Size(96, 40), Size(40, 96))


@pytest.fixture
def plan(tmp_path):
    """Plans copies of what lies in the folder ``photos``."""
    (tmp_path / "photos").mkdir()

    def plan_all(to="copies"):
        pictures = read_pictures([tmp_path / "photos"]).usable
        sized = [
            (each, nearest_bucket(each.image.width_px, each.image.height_px, SIZES)) for each in pictures
        ]
        return plan_copies(sized, tmp_path / "photos", tmp_path / to)

    return plan_all


def test_copy_has_the_size_and_the_caption_and_the_original_stays(plan, save_picture, tmp_path):
    path = save_picture("photos/sub/a.jpg", size=(200, 90), caption="a dog")
    before = path.read_bytes()
    (copy,) = plan()
    write_copy(copy)
    assert Image.open(tmp_path / "copies" / "sub" / "a.png").size == (96, 40)
    assert (tmp_path / "copies" / "sub" / "a.txt").read_text() == "a dog"
    assert path.read_bytes() == before


def test_mask_is_cut_with_its_picture(plan, save_picture, tmp_path):
    save_picture("photos/a.jpg", size=(200, 50))
    mask = Image.new("L", (200, 50))
    mask.paste(255, (0, 0, 100, 50))
    mask.save(tmp_path / "photos" / "a.mask.png")
    (copy,) = plan()
    write_copy(copy)
    cut = Image.open(tmp_path / "copies" / "a-masklabel.png")
    assert (cut.size, cut.getpixel((40, 20)), cut.getpixel((55, 20))) == ((96, 40), 255, 0)


def test_words_of_a_name_become_the_caption(plan, save_picture, tmp_path):
    save_picture("photos/01 a dog.png")
    write_copy(plan()[0])
    assert (tmp_path / "copies" / "01 a dog.txt").read_text() == "a dog"


def test_copy_shows_the_middle_of_the_picture(plan, save_picture, tmp_path):
    path = save_picture("photos/a.png", size=(128, 120), colour="red")
    wide = Image.new("RGB", (160, 120), "blue")
    wide.paste(Image.open(path).crop((0, 0, 120, 120)), (20, 0))
    wide.save(path)
    write_copy(plan()[0])
    copy = np.asarray(Image.open(tmp_path / "copies" / "a.png")).astype(int)
    assert np.abs(copy[:, 3:-3] - (255, 0, 0)).max() <= 4  # the kernel reaches over the edge


def test_pictures_of_one_name_have_a_copy_each(plan, save_picture):
    for name in ("a.jpg", "a.png", "a.webp", "a_2.png"):
        save_picture(f"photos/{name}")
    assert len({copy.place for copy in plan()}) == 4


@pytest.mark.parametrize("to", ["photos", "photos/copies", "."])
def test_copies_among_the_pictures_are_refused(plan, to):
    with pytest.raises(DataError, match="among the pictures"):
        plan(to)


def test_folder_with_something_in_it_is_refused(plan, save_picture):
    save_picture("copies/mine.png")
    with pytest.raises(DataError, match="is not empty"):
        plan()
    with pytest.raises(DataError, match="is a file"):
        plan("copies/mine.png")
