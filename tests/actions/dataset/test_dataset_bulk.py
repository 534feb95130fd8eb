"""Many captions changed at once, and put back."""

import time

import pytest

from dreambooth.actions.dataset_bulk import begin_work, bulk, follow, take_back
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def finish(place):
    """Performs an action that may go on, and follows it to its end."""

    def perform(action, values):
        answer = action(place, {"name": NAME, **values})
        while not answer["complete"]:
            time.sleep(0.02)
            answer = follow(place, {"work": answer["work"]})
        return answer

    return perform


@pytest.fixture
def captions(draw, photos):
    """Reads all caption files; two of three pictures have one."""
    draw("a.png", "a dog")
    draw("b.png", "a  cat")
    draw("c bird.png")
    return lambda: {path.name: path.read_text() for path in photos.glob("*.txt")}


PREFIX = {"kind": "prefix", "text": "sks, "}


def test_whole_folder_is_changed_and_put_back(finish, captions, photos):
    before = captions()
    told = finish(bulk, {"folder": str(photos), "change": PREFIX})
    assert told["changed"] == 3
    assert told["changes"][0] == {"path": str(photos / "a.png"), "before": "a dog", "after": "sks, a dog"}
    assert captions() == {"a.txt": "sks, a dog", "b.txt": "sks, a cat", "c bird.txt": "sks, c bird"}
    assert finish(take_back, {})["restored"] == 3
    assert captions() == before


def test_dry_run_tells_the_same_and_writes_nothing(finish, captions, photos):
    before = captions()
    told = finish(bulk, {"folder": str(photos), "change": PREFIX, "dry_run": True})
    assert (told["changed"], captions()) == (3, before)
    with pytest.raises(ConfigError, match="no change of captions to take back"):
        finish(take_back, {})


def test_only_the_pictures_that_are_named_are_changed(finish, captions, photos):
    finish(
        bulk,
        {"paths": [str(photos / "a.png")], "change": {"kind": "replace", "text": "dog", "by": "fox"}},
    )
    assert captions() == {"a.txt": "a fox", "b.txt": "a  cat"}


def test_caption_that_the_rule_leaves_alone_gets_no_file(finish, captions, photos):
    change = {"kind": "remove_tag", "text": "snow"}
    assert finish(bulk, {"folder": str(photos), "change": change})["changed"] == 0
    assert set(captions()) == {"a.txt", "b.txt"}


def test_what_was_changed_since_is_left_and_named(finish, captions, photos):
    finish(bulk, {"folder": str(photos), "change": PREFIX})
    (photos / "a.txt").write_text("by hand")
    told = finish(take_back, {})
    assert (told["restored"], told["left"]) == (2, ["a.txt"])
    assert captions() == {"a.txt": "by hand", "b.txt": "a  cat"}


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"change": {"kind": "shout"}}, "kind: choose one of"),
        ({"change": {"kind": "prefix"}}, "text: say what"),
        ({"change": {"kind": "replace", "text": ""}}, "text: say what"),
        ({"change": {"kind": "add_tag", "text": " , "}}, "text: say what"),
        ({"change": PREFIX, "paths": ["/etc/a.png"]}, "none of the folders"),
        ({"change": PREFIX, "paths": ["{photos}/gone.png"]}, "not there any more: gone.png"),
        ({"change": PREFIX, "folder": "/nowhere/at/all"}, "does not exist"),
        ({"change": PREFIX}, "folder: must be given"),
    ],
)
def test_change_that_cannot_be_is_refused(finish, captions, photos, values, refusal):
    before = captions()
    values = {
        name: [path.format(photos=photos) for path in told] if name == "paths" else told
        for name, told in values.items()
    }
    with pytest.raises(ConfigError, match=refusal):
        finish(bulk, values)
    assert captions() == before


def test_work_that_nobody_knows_is_refused(place):
    with pytest.raises(ConfigError, match="not known here any more"):
        follow(place, {"work": "x"})


def test_long_work_tells_how_far_it_is(place):
    def work(progress):
        progress.say(2, 9)
        time.sleep(0.5)
        return {"complete": True, "all": 9}

    told = begin_work(work)
    assert (told["complete"], told["done"], told["total"]) == (False, 2, 9)
    time.sleep(0.4)
    assert follow(place, {"work": told["work"]}) == {"complete": True, "all": 9}
