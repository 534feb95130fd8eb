"""Folders of pictures, and what the files in them say."""

import re
from fractions import Fraction

import pytest

from dreambooth.data.roots.opening import list_root


def test_all_caption_files_of_a_picture_are_merged_the_yaml_first(lay_out, captions_of):
    place = lay_out(
        {
            "a.jpg": "",
            "a.txt": "from txt, t",
            "a.caption": "from caption, c",
            "a.yml": "{main_prompt: from yml, tags: [y]}",
            "a.yaml": "{main_prompt: from yaml, tags: [z]}",
        }
    )
    assert captions_of(place) == {"a.jpg": "from yaml, z, y, c, t"}


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("one_two_three.jpg", "one"),
        ("0012_-a red ball.png", "a red ball"),
        ("_lead.jpg", "lead"),
        ("_.jpg", ""),
    ],
)
def test_name_is_the_caption_of_a_picture_without_words(lay_out, captions_of, name, caption):
    assert captions_of(lay_out({name: "", f"{name.rpartition('.')[0]}.txt": " \n"})) == {name: caption}


def test_nearer_words_go_before_those_of_folders_and_tags_add_up(lay_out, captions_of):
    place = lay_out(
        {
            "global.yaml": "{main_prompt: an animal, tags: [photo]}",
            "top.jpg": "",
            "cats/local.yaml": "tags: [indoors]",
            "cats/a.jpg": "",
            "cats/a.txt": "a tabby cat",
            "cats/old/b.jpg": "",
        }
    )
    assert captions_of(place) == {
        "cats/a.jpg": "a tabby cat, indoors, photo",
        "cats/old/b.jpg": "an animal, photo",
        "top.jpg": "an animal, photo",
    }


def test_options_of_a_folder_hold_there_alone_and_global_ones_below(lay_out, words_of):
    place = lay_out(
        {
            "multiply.txt": "2.5\n",
            "global.yaml": "{flip_p: 0.5, shuffle_tags: true}",
            "a.jpg": "",
            "inner/b.jpg": "",
            "inner/shuffle_tags.txt": "",
            "inner/batch_id.txt": " faces \n",
            "inner/cond_dropout.txt": "0",
            "inner/loss_scale.txt": "-0.1",
        }
    )
    words = words_of(place)
    outer, inner = words["a.jpg"].options, words["inner/b.jpg"].options
    assert (outer.multiply, outer.quota, outer.flip_p) == (Fraction(5, 2), str(place), 0.5)
    assert (inner.multiply, inner.quota, inner.flip_p) == (None, "", 0.5)
    assert (inner.batch_id, inner.cond_dropout, inner.loss_scale) == ("faces", 0.0, -0.1)
    assert (outer.shuffle_tags, inner.shuffle_tags) == (True, True)


def test_the_documented_order_decides_between_options(lay_out, words_of):
    place = lay_out(
        {
            "global.yaml": "{multiply: 2, loss_scale: 2, flip_p: 0.2, cond_dropout: 0.2}",
            "multiply.txt": "3",
            "flip_p.txt": "0.3",
            "cond_dropout.txt": "0.3",
            "loss_scale.txt": "3",
            "local.yaml": "{multiply: 4, loss_scale: 4, flip_p: 0.4}",
            "local.yml": "{multiply: 5}",
            "a.jpg": "",
            "b.jpg": "",
            "b.yaml": "{multiply: 6}",
        }
    )
    options = words_of(place)["a.jpg"].options
    assert (options.multiply, options.flip_p, options.cond_dropout, options.loss_scale) == (5, 0.4, 0.3, 3)
    assert words_of(place)["b.jpg"].options.multiply == 6


@pytest.mark.parametrize("content", ["0,5", "", "much", "nan", "-1"])
def test_nonsense_in_a_file_is_told_and_left_aside(lay_out, words_of, content):
    place = lay_out({"multiply.txt": content, "a.jpg": ""})
    (warning,) = list_root(place).warnings
    assert warning.startswith(f"{place / 'multiply.txt'} is left aside: ")
    assert words_of(place)["a.jpg"].options.multiply is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("tags: [a", "is not yaml: .*line 1"),
        ("day: 2026-13-41", "is not yaml: month must be in"),
        ("- a\n- b", "holds no main_prompt, tags, caption or options"),
    ],
)
def test_broken_yaml_is_told(lay_out, content, told):
    place = lay_out({"global.yaml": content, "a.jpg": ""})
    (warning,) = list_root(place).warnings
    assert warning.startswith(str(place / "global.yaml"))
    assert re.search(told, warning)


def test_masks_and_files_about_folders_are_no_pictures_nor_captions(lay_out, captions_of):
    place = lay_out(
        {"local.jpg": "", "local.yaml": "tags: [x]", "local-masklabel.png": "", "local.mask.png": ""}
    )
    assert captions_of(place) == {"local.jpg": "local, x"}
    assert list_root(place).skipped == ()


def test_pictures_to_be_preserved_hear_nothing_from_above(lay_out, words_of):
    place = lay_out(
        {
            "global.yaml": "{main_prompt: a sks dog, flip_p: 0.5}",
            "a.jpg": "",
            "preservation/b.jpg": "",
            "preservation/b.txt": "a red car",
            "preservation/deep/c_1.jpg": "",
        }
    )
    words = words_of(place)
    assert [words[name].options.is_preservation for name in words] == [False, True, True]
    assert words["preservation/b.jpg"].caption == "a red car"
    assert words["preservation/deep/c_1.jpg"].caption == "c"
    assert words["preservation/b.jpg"].options.flip_p is None


def test_folders_of_kohya_repeat_and_name_their_pictures(lay_out, words_of):
    place = lay_out(
        {"10_sks dog/1.jpg": "", "10_sks dog/2.jpg": "", "10_sks dog/2.txt": "a dog", "1_x/c.jpg": ""}
    )
    words = words_of(place)
    assert {name: (each.caption, each.options.multiply) for name, each in words.items()} == {
        "1_x/c.jpg": ("x", 1),
        "10_sks dog/1.jpg": ("sks dog", 10),
        "10_sks dog/2.jpg": ("a dog", 10),
    }
    assert list_root(place).warnings == (f"{place}: read as kohya's, sks dog ×10, x ×1",)


@pytest.mark.parametrize("other", ["loose.jpg", "holidays/b.jpg", "2023_holidays/b.jpg"])
def test_folders_with_numbers_among_others_are_ordinary(lay_out, words_of, other):
    words = words_of(lay_out({"10_dog/0_puppy.jpg": "", other: ""}))
    assert words["10_dog/0_puppy.jpg"].caption == "puppy"
    assert words["10_dog/0_puppy.jpg"].options.multiply is None
