"""Lists of pictures and of places, in JSON."""

import json
from fractions import Fraction

import pytest

from dreambooth.data.errors import DataError
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.reading import read_words


def test_list_of_objects_names_pictures_beside_it(lay_out, words_of):
    place = lay_out(
        {
            "pictures/a_1.jpg": "",
            "pictures/b.jpg": "",
            "pictures/b.txt": "a boat, from its file",
            "list.json": [
                {"image": "pictures/a_1.jpg", "main_prompt": "a cat", "tags": ["red"], "multiply": 0.025},
                {"image": "pictures/b.jpg"},
            ],
        }
    )
    first, second = words_of(place / "list.json").values()
    assert (first.caption, first.options.multiply) == ("a cat, red", Fraction(1, 40))
    assert first.options.quota == str(place / "list.json")
    assert second.caption == "a boat, from its file"


def test_names_may_have_detours_and_the_slashes_of_windows(lay_out):
    names = ["../pictures/a.jpg", "..\\pictures\\a.jpg"]
    place = lay_out({"pictures/a.jpg": "", "lists/l.json": [{"image": name} for name in names]})
    assert list_root(place / "lists" / "l.json").paths == (place / "pictures" / "a.jpg",)


def test_picture_named_twice_is_two_examples(lay_out):
    captions = ["a cat", "an animal"]
    place = lay_out({"a.jpg": "", "l.json": [{"image": "a.jpg", "caption": text} for text in captions]})
    root = list_root(place / "l.json")
    assert [read_words(source).caption for source in root.sources] == captions
    assert root.paths == (place / "a.jpg",)


def test_caption_may_name_a_file(lay_out, captions_of):
    place = lay_out(
        {
            "a.jpg": "",
            "words.yaml": "main_prompt: a cat",
            "l.json": [{"image": "a.jpg", "caption": "words.yaml"}],
        }
    )
    assert captions_of(place / "l.json") == {"a.jpg": "a cat"}


def test_files_of_the_folder_do_not_hold_for_a_list(lay_out, words_of):
    place = lay_out({"a.jpg": "", "multiply.txt": "5", "l.json": [{"image": "a.jpg"}]})
    assert words_of(place / "l.json")["a.jpg"].options.multiply is None


@pytest.mark.parametrize(
    "line",
    [
        {"image": "a.jpg", "caption": "a cat, red"},
        {"image_path": "a.jpg", "caption": "a cat", "tags": "red", "image_size": [64, 64]},
        {"file_name": "a.jpg", "text": "a cat, red"},
    ],
)
def test_lines_of_json_name_pictures_too(lay_out, captions_of, line):
    place = lay_out({"a.jpg": "", "l.jsonl": json.dumps(line) + "\n\n"})
    assert captions_of(place / "l.jsonl") == {"a.jpg": "a cat, red"}
    assert list_root(place / "l.jsonl").warnings == ()


def test_metadata_of_kohya_names_pictures_without_their_suffix(lay_out, captions_of):
    metadata = {"img/a": {"caption": "a cat", "tags": "red", "train_resolution": [64, 64]}, "img/b.png": {}}
    place = lay_out({"img/a.jpg": "", "img/b.png": "", "meta.json": metadata})
    assert captions_of(place / "meta.json") == {"img/a": "a cat, red", "img/b.png": "b"}


@pytest.mark.parametrize(
    "content",
    [
        ["one", "more.json"],
        {"resolver": "multi", "resolvers": ["one", {"resolver": "json", "path": "more.json"}]},
        [{"resolver": "directory", "path": "one"}, "more.json"],
    ],
)
def test_list_of_places_is_one_after_the_other(lay_out, captions_of, content):
    place = lay_out(
        {"one/a.jpg": "", "two/b.jpg": "", "more.json": [{"image": "two/b.jpg"}], "all.json": content}
    )
    assert captions_of(place / "all.json") == {"a.jpg": "a", "two/b.jpg": "b"}


def test_what_is_not_there_or_names_nothing_is_told(lay_out):
    place = lay_out({"a.jpg": "", "l.json": [{"image": "a.jpg"}, {"image": "gone.jpg"}, {"caption": "x"}]})
    root = list_root(place / "l.json")
    assert [skipped.reason for skipped in root.skipped] == ["is named in l.json and not there"]
    assert root.warnings == (f"{place / 'l.json'}: 1 entries name no picture",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1, 2", "is not JSON"),
        ([1, 2], "names neither folders and lists nor pictures"),
        ({"resolver": "zip"}, "names neither folders and lists nor pictures"),
        ({"resolver": "multi"}, "lacks its list of resolvers"),
        ({"resolver": "json"}, "lacks its path"),
        ({"a": 1}, "is not a list of pictures"),
        (["l.json"], "names itself"),
        (["a.jpg"], "is a picture; write it as"),
        (["nowhere"], "does not exist"),
        (["nowhere.json"], "does not exist"),
    ],
)
def test_list_that_makes_no_sense_is_refused_in_words(lay_out, content, told):
    place = lay_out({"a.jpg": "", "l.json": content})
    with pytest.raises(DataError, match=told):
        list_root(place / "l.json")


def test_bad_line_is_named(lay_out):
    place = lay_out({"l.jsonl": '{"image": "a.jpg"}\n{'})
    with pytest.raises(DataError, match=r"l.jsonl, line 2, is not JSON"):
        list_root(place / "l.jsonl")
