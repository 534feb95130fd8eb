"""Files that come from elsewhere."""

import pytest
from PIL import Image

from dreambooth.data.arrivals import Arrival, take_in
from dreambooth.data.roots.reading import read_beside


@pytest.fixture
def send(tmp_path):
    """Sends files of these names to the folder ``here``; returns what was turned away and what is there."""
    (tmp_path / "sent").mkdir()

    def send_files(*names):
        arrivals = []
        for number, name in enumerate(names):
            path = tmp_path / "sent" / f"{number}.bin"
            if name.lower().endswith(".txt"):
                path.write_text(f"caption {number}")
            else:
                Image.new("RGB", (16, 16), (number, 0, 0)).save(path, "PNG")
            arrivals.append(Arrival(path, name))
        refused = take_in(arrivals, tmp_path / "here")
        return [each.name for each in refused], sorted(path.name for path in (tmp_path / "here").iterdir())

    return send_files


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a dog.PNG", "a dog.png"),
        ("größer 🐕.jpg", "größer 🐕.jpg"),
        ("../../etc/a.png", "a.png"),
        ("C:\\photos\\a.png", "a.png"),
        ('<script>"x".png', "_script__x_.png"),
        (".hidden.png", "hidden.png"),
        ("...png", "picture.png"),
        ("con.png", "_con.png"),
        ("a\nb.png", "a_b.png"),
        ("🐕" * 100 + ".png", "🐕" * 37 + ".png"),
    ],
)
def test_every_system_takes_the_name(send, name, stored):
    assert send(name) == ([], [stored])


def test_picture_and_caption_stay_together_beside_others(send, tmp_path):
    for _ in range(2):
        send("a.png", "b.png", "a.txt")
    assert send("a.txt")[0] == ["a.txt"]
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert names == ["a.png", "a.txt", "a_2.png", "a_2.txt", "b.png", "b_2.png"]


def test_what_is_there_is_not_written_over(send, tmp_path):
    send("a.png", "a.txt")
    before = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    send("c.png", "A.png", "a.jpg", "a.txt")
    after = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    assert before.items() <= after.items()
    assert len(after) == 6


@pytest.mark.parametrize("order", [("a.png", "a.txt"), ("a.txt", "a.png")])
def test_caption_and_picture_that_come_apart_meet(send, tmp_path, order):
    for name in order:
        send(name)
    assert read_beside(tmp_path / "here" / "a.png").caption == "caption 0"


def test_files_of_one_name_from_two_folders_are_both_taken(send):
    assert send("x/a.png", "x/a.txt", "y/a.png", "y/a.txt") == ([], ["a.png", "a.txt", "a_2.png", "a_2.txt"])


def test_only_pictures_and_captions_are_taken(tmp_path):
    for name in ("page.html", "noise.png", "long.txt"):
        (tmp_path / name).write_text("x" * 1_100_000)
    arrivals = [Arrival(tmp_path / name, name) for name in ("page.html", "noise.png", "long.txt", "gone.png")]
    refused = {each.name: each.reason for each in take_in(arrivals, tmp_path / "here")}
    assert refused == {
        "page.html": "neither a picture nor a caption (.txt)",
        "noise.png": "not a picture that can be read here, or damaged",
        "long.txt": "a caption has at most 1048576 bytes",
        "gone.png": "did not arrive",
    }
    assert list((tmp_path / "here").iterdir()) == []
