"""The pictures of a concept: those of the subject, and real ones that keep the rest."""

from fractions import Fraction

import pytest

from dreambooth.config.concept import Concept
from dreambooth.data.concepts import (
    class_pictures,
    instance_pictures,
    own_pictures,
    preservation_pictures,
    read_pictures,
)
from dreambooth.data.errors import DataError


@pytest.fixture
def concept(tmp_path, save_picture):
    """A subject in the folder ``dog``."""
    save_picture("dog/1.png", caption="a dog")
    return Concept(instance_data_dir=str(tmp_path / "dog"), preservation_multiply=0.025)


def test_folder_that_is_multiplied_by_nothing_is_left_out_and_told(tmp_path, save_picture):
    save_picture("dog/1.png")
    save_picture("dog/bad/2.png")
    (tmp_path / "dog" / "bad" / "multiply.txt").write_text("0")
    pictures = read_pictures([tmp_path / "dog"])
    assert [picture.image.path.name for picture in pictures.usable] == ["1.png"]
    assert pictures.warnings == (f"{tmp_path / 'dog' / 'bad'}: 1 pictures are left out, multiply is 0",)


def test_one_fault_of_many_files_is_told_once(tmp_path, save_picture):
    for number in range(3):
        save_picture(f"{number}.png").with_suffix(".yaml").write_text("rating: 2")
    (warning,) = read_pictures([tmp_path]).warnings
    assert warning.endswith("; so do 2 other files")


def test_preservation_folder_among_the_pictures_has_the_concepts_multiplier(concept, tmp_path, save_picture):
    save_picture("dog/preservation/car.png", caption="a car")
    save_picture("dog/preservation/much/tree.png")
    (tmp_path / "dog" / "preservation" / "much" / "multiply.txt").write_text("3")
    told = {each.caption: each.options for each in own_pictures(concept, 0).usable}
    assert (told["a dog"].is_preservation, told["a dog"].multiply) == (False, None)
    assert (told["a car"].is_preservation, told["a car"].multiply) == (True, Fraction(1, 40))
    assert told["tree"].multiply == 3
    assert [each.caption for each in instance_pictures(concept, 0).usable] == ["a dog"]


def test_pictures_to_be_preserved_are_no_subject(concept, tmp_path, save_picture):
    save_picture("dog/preservation/car.png")
    (tmp_path / "dog" / "1.png").unlink()
    with pytest.raises(DataError, match="no usable picture"):
        own_pictures(concept, 0)


@pytest.mark.parametrize("shared", ["dog", ".", "dog/preservation"])
def test_preservation_folder_that_shares_pictures_is_refused(concept, tmp_path, save_picture, shared):
    save_picture("dog/preservation/car.png")
    asked = Concept(instance_data_dir=concept.instance_data_dir, preservation_data_dir=str(tmp_path / shared))
    with pytest.raises(DataError, match="shares pictures"):
        preservation_pictures(asked)


def test_multipliers_of_class_images_are_told_to_be_without_effect(concept, tmp_path, save_picture):
    save_picture("reg/5_dog/1.png")
    asked = Concept(instance_data_dir=concept.instance_data_dir, class_data_dir=str(tmp_path / "reg"))
    pictures = class_pictures(asked, tmp_path / "none")
    assert [each.caption for each in pictures.usable] == ["dog"]
    assert pictures.warnings[-1] == "class images go by turns: multiply is not used for 1 of them"
