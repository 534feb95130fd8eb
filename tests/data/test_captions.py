"""The caption of a picture."""

import pytest

from dreambooth.data.captions import stem_to_caption
from dreambooth.data.errors import DataError
from dreambooth.data.roots.reading import read_beside, tell_faults


@pytest.fixture
def image(tmp_path):
    return tmp_path / "007_a red ball.png"


def test_text_file_wins_over_the_name(image):
    image.with_suffix(".txt").write_text("  a crème ball,\r\n on   grass\n", encoding="utf-8")
    words = read_beside(image)
    assert words.caption == "a crème ball, on grass"
    assert words.faults == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_mark_at_the_beginning_is_no_part_of_the_caption(image, encoding):
    image.with_suffix(".txt").write_text("a crème ball", encoding=encoding)
    assert read_beside(image).caption == "a crème ball"
    assert read_beside(image).faults == ()


def test_latin_1_is_read_and_told(image):
    image.with_suffix(".txt").write_bytes("a crème ball".encode("latin-1"))
    words = read_beside(image)
    assert words.caption == "a crème ball"
    assert "save it as UTF-8" in " ".join(tell_faults(words.faults))


def test_bytes_that_windows_1252_lacks_are_read_all_the_same(image):
    image.with_suffix(".txt").write_bytes(b"ball \x81\xe8")
    assert read_beside(image).caption == "ball \x81è"


def test_caption_of_400_words_survives_unchanged(image):
    words = " ".join(f"word{number}" for number in range(400))
    image.with_suffix(".txt").write_text(words)
    assert read_beside(image).caption == words


def test_caption_that_cannot_be_opened_is_refused(image):
    image.with_suffix(".txt").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        read_beside(image)


@pytest.mark.parametrize(
    ("stem", "caption"),
    [
        ("007_a red ball", "a red ball"),
        ("0012-- blue fish, in the sky", "blue fish, in the sky"),
        ("a ball (2)", "a ball (2)"),
        ("DSC_0012", "DSC"),
        ("one_two_three", "one"),
        ("0012_-a red ball", "a red ball"),
        ("_lead", "lead"),
        ("person_ (3)", "person"),
        ("multi.dot.name_1", "multi.dot.name"),
        ("___", ""),
        ("00012", ""),
    ],
)
def test_name_without_its_number_is_the_caption(stem, caption):
    assert stem_to_caption(stem) == caption
