"""No control without effect: real pictures of other things are trained beside one's own."""

from fractions import Fraction

from tests.conftest import draw_photos
from tests.training.conftest import examples_of, with_fields

PROVEN = {"concept.preservation_data_dir", "concept.preservation_multiply"}


def test_pictures_of_the_preservation_folder_come_with_their_own_words(config, tmp_path):
    draw_photos(tmp_path / "world", 2)
    asked = with_fields(config, preservation_data_dir=str(tmp_path / "world"), instance_token="sks")
    *own, first, second = examples_of(asked).instances
    assert [example.prompt for example in own] == ["a photo of a sks robot"] * 3
    assert [first.prompt, second.prompt] == [
        "a red robot, in snow, at night",
        "a green robot, in snow, at night",
    ]
    assert [example.options.is_preservation for example in (*own, first)] == [False, False, False, True]


def test_multiplier_says_how_often_an_epoch_shows_them(config, tmp_path):
    draw_photos(tmp_path / "world", 2)
    asked = with_fields(config, preservation_data_dir=str(tmp_path / "world"), preservation_multiply=0.025)
    assert examples_of(asked).instances[-1].options.multiply == Fraction(1, 40)
