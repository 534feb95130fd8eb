"""The dataset editor: pictures with captions, one of them changed."""

import pytest

from dreambooth.actions.dataset import change_caption, list_pictures, tags
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def list_all(until_complete, photos):
    """The list of the folder, with other values."""

    def ask(**values):
        return until_complete(list_pictures, {"name": NAME, "folder": str(photos), **values})

    return ask


def test_pictures_are_listed_with_caption_size_and_bucket(list_all, draw, photos):
    draw("a.png", "a dog", size=(128, 64))
    draw("sub/01_a cat.png")
    (photos / "z.png").write_text("no picture")
    first, second, third = list_all()["pictures"]
    assert first == {
        "path": str(photos / "a.png"),
        "name": "a.png",
        "caption": "a dog",
        "caption_from": "txt",
        "fixed": None,
        "options": [],
        "warning": None,
        "width": 128,
        "height": 64,
        "bucket": "88x40",
        "mask": None,
        "fault": None,
    }
    assert (second["name"], second["caption"], second["caption_from"]) == (
        "sub/01_a cat.png",
        "a cat",
        "name",
    )
    assert third["fault"].startswith("not a picture")


def test_part_of_the_list_is_told_with_how_many_there_are(list_all, draw):
    for number in range(7):
        draw(f"{number}.png")
    told = list_all(offset=3, limit=2)
    assert (told["total"], [each["name"] for each in told["pictures"]]) == (7, ["3.png", "4.png"])


@pytest.mark.parametrize(
    ("search", "names"), [("DOG", ["a.png", "dog.png"]), ("sub", ["sub/c.png"]), ("x", [])]
)
def test_search_is_for_names_and_captions(list_all, draw, search, names):
    draw("a.png", "a dog")
    draw("dog.png", "an animal")
    draw("sub/c.png", "a cat")
    assert [each["name"] for each in list_all(search=search)["pictures"]] == names


def test_first_answer_on_large_pictures_has_captions_and_no_sizes_yet(place, draw, photos):
    for number in range(30):
        draw(f"{number}.png", "a dog", size=(900, 900), spot=number)
    told = list_pictures(place, {"name": NAME, "folder": str(photos)})
    assert told["complete"] is False
    assert (told["pictures"][0]["caption"], told["pictures"][0]["width"]) == ("a dog", None)


def test_missing_folder_is_refused(place):
    with pytest.raises(ConfigError, match="does not exist"):
        list_pictures(place, {"name": NAME, "folder": "/nowhere/at/all"})


def test_changed_caption_is_written_beside_the_picture(place, draw):
    path = draw("01 a cat.png")
    values = {"path": str(path), "caption": " a \n dog ", "before": "a cat"}
    assert change_caption(place, values)["caption"] == "a dog"
    assert path.with_suffix(".txt").read_text(encoding="utf-8") == "a dog"


def test_caption_that_changed_meanwhile_is_not_written_over(place, draw):
    path = draw("a.png", "a cat in snow")
    with pytest.raises(ConfigError, match="changed meanwhile, to 'a cat in snow'"):
        change_caption(place, {"path": str(path), "caption": "a dog", "before": "a cat"})
    assert path.with_suffix(".txt").read_text() == "a cat in snow"


def test_caption_without_words_is_the_name_again(place, draw, list_all):
    path = draw("a cat.png", caption="a dog")
    told = change_caption(place, {"path": str(path), "caption": "", "before": "a dog"})
    assert (told["caption"], told["caption_from"]) == ("a cat", "name")
    assert list_all()["pictures"][0]["caption"] == "a cat"


@pytest.mark.parametrize("typed", ["{elsewhere}/a.png", "{photos}/../secret.png", "{photos}/gone.png"])
def test_caption_of_other_files_is_refused(place, draw, photos, tmp_path, typed):
    (tmp_path / "elsewhere").mkdir()
    draw("a.png").rename(tmp_path / "elsewhere" / "a.png")
    path = typed.format(elsewhere=tmp_path / "elsewhere", photos=photos)
    with pytest.raises(ConfigError):
        change_caption(place, {"path": path, "caption": "a dog", "before": "a"})
    assert list(tmp_path.rglob("*.txt")) == []


def test_half_a_character_is_refused(place, draw):
    path = draw("a.png", "a cat")
    with pytest.raises(ConfigError, match="half a character"):
        change_caption(place, {"path": str(path), "caption": "\ud83d", "before": "a cat"})
    assert path.with_suffix(".txt").read_text() == "a cat"


def test_tags_are_counted(place, draw, photos):
    draw("a.png", "dog, snow")
    draw("b.png", "dog")
    draw("cat.png")
    told = tags(place, {"folder": str(photos)})
    assert told["images"] == 3
    assert [(each["tag"], each["count"]) for each in told["tags"]] == [("dog", 2), ("cat", 1), ("snow", 1)]
