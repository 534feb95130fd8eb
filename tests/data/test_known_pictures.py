"""What is known of pictures from one process to the next."""

import os

import pytest

from dreambooth.data import images
from dreambooth.data.file_memory import FileMemory
from dreambooth.data.images import inspect_image
from dreambooth.data.known_pictures import KnownPictures

LONG_AGO = 1_000_000_000  # of files that were written lately nothing is kept


@pytest.fixture
def picture(save_picture):
    """A picture that nobody has touched for long."""
    path = save_picture("a.png", size=(40, 32))
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def another_process(monkeypatch):
    """Forgets what this process knows."""

    def forget():
        memory = FileMemory(100)
        monkeypatch.setattr("dreambooth.data.images.INSPECTED", memory)
        monkeypatch.setattr("dreambooth.data.known_pictures.INSPECTED", memory)

    return forget


@pytest.fixture
def decoded(monkeypatch):
    """The pictures that are decoded."""
    paths = []
    decode = images.load_picture
    monkeypatch.setattr(
        "dreambooth.data.images.load_picture", lambda path: paths.append(path) or decode(path)
    )
    return paths


def test_next_process_decodes_only_what_has_changed(
    tmp_path, picture, another_process, decoded, save_picture
):
    file = tmp_path / "cache" / "pictures.jsonl"
    another_process()
    before = inspect_image(picture)
    KnownPictures(file).keep([picture])
    another_process()
    KnownPictures(file)
    assert inspect_image(picture) == before
    assert decoded == [picture]
    save_picture("a.png", size=(32, 48))
    assert inspect_image(picture).height_px == 48
    assert decoded == [picture, picture]


def test_pictures_that_are_no_longer_used_are_forgotten(tmp_path, picture, another_process):
    file = tmp_path / "pictures.jsonl"
    another_process()
    inspect_image(picture)
    known = KnownPictures(file)
    known.keep([picture])
    assert str(picture) in file.read_text()
    known.keep([])
    assert file.read_text() == ""


@pytest.mark.parametrize(
    "text", ["no json", "[1, 2]", '["a", 1, 2, 3, 4]', '{"a": 1}', '["a", "b", 1, 2, 3, "c"]']
)
def test_lines_that_make_no_sense_are_passed_over(tmp_path, picture, text):
    file = tmp_path / "pictures.jsonl"
    file.write_text(text + "\n")
    KnownPictures(file)
    assert inspect_image(picture).width_px == 40
