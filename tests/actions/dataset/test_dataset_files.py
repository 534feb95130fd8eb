"""Files of a dataset: alike, cropped, taken away, brought in."""

import json
import shutil
import time
from dataclasses import replace

import pytest
from PIL import Image

from dreambooth.actions.dataset_bulk import follow
from dreambooth.actions.dataset_files import crop, duplicates, remove
from dreambooth.actions.upload import upload
from dreambooth.config.concept import Concept
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


def test_pictures_that_look_alike_are_grouped(until_complete, draw, photos):
    draw("a.png", spot=20)
    Image.open(photos / "a.png").resize((40, 40)).save(photos / "b.jpg")
    draw("c.png", spot=60, colour="blue")
    (photos / "d.png").write_text("no picture")
    (group,) = until_complete(duplicates, {"folder": str(photos)})["groups"]
    assert group == [str(photos / "a.png"), str(photos / "b.jpg")]


def test_many_pictures_are_compared_while_the_page_waits(place, until_complete, draw, photos):
    for number in range(30):
        draw(f"{number}.png", size=(900, 900), spot=30 * number, colour=(8 * number, 0, 0))
    first = duplicates(place, {"folder": str(photos)})
    assert (first["complete"], first["total"]) == (False, 30)
    assert until_complete(duplicates, {"folder": str(photos)})["done"] == 30


@pytest.fixture
def crop_all(place, photos, tmp_path):
    """Crops the folder into another, or counts."""

    def ask(to=tmp_path / "copies", **values):
        answer = crop(place, {"name": NAME, "folder": str(photos), "to": str(to), **values})
        while not answer["complete"]:
            time.sleep(0.02)
            answer = follow(place, {"work": answer["work"]})
        return answer

    return ask


def test_copies_are_cut_to_the_sizes_of_the_model(crop_all, draw, photos, tmp_path):
    draw("a.png", "a dog")
    draw("b.jpg", size=(128, 64))
    (photos / "c.png").write_text("no picture")
    told = crop_all()
    assert (told["sizes"], told["written"]) == ({"64x64": 1, "88x40": 1}, 2)
    assert told["skipped"][0]["name"] == "c.png"
    assert Image.open(tmp_path / "copies" / "b.png").size == (88, 40)
    assert (tmp_path / "copies" / "a.txt").read_text() == "a dog"


def test_dry_run_counts_and_writes_nothing(crop_all, draw, tmp_path):
    draw("a.png")
    told = crop_all(dry_run=True)
    assert (told["sizes"], told["written"], (tmp_path / "copies").exists()) == ({"64x64": 1}, 0, False)


def test_copies_among_the_pictures_are_refused(crop_all, draw, photos):
    draw("a.png")
    with pytest.raises(ConfigError, match="among the pictures"):
        crop_all(photos / "copies")


def test_removed_pictures_are_kept_with_captions_and_origin(place, draw, photos):
    paths = [draw("a.png", "a dog"), draw("sub/a.png", "a cat")]
    told = remove(place, {"name": NAME, "paths": [str(path) for path in paths]})
    assert told["removed"] == 2
    assert [path for path in photos.rglob("*") if path.is_file()] == []
    backup = next((place.library.folder(NAME).backups / "removed").iterdir())
    origins = json.loads((backup / "removed.json").read_text())
    assert origins == {"a.png": str(paths[0]), "a_2.png": str(paths[1])}
    assert (backup / "a_2.txt").read_text() == "a cat"


def test_nothing_is_removed_when_one_picture_is_elsewhere(place, draw, tmp_path):
    path = draw("a.png")
    shutil.copy(path, tmp_path / "secret.png")
    with pytest.raises(ConfigError, match=r"secret\.png lies in none of the folders"):
        remove(place, {"name": NAME, "paths": [str(path), str(tmp_path / "secret.png")]})
    assert path.exists()


@pytest.fixture
def send(place, draw, tmp_path):
    """Uploads pictures of these names to the first concept."""

    def send_files(*names, index=0):
        files = []
        for number, name in enumerate(names):
            path = draw("sent.png").rename(tmp_path / "uploads" / f"{number}")
            files.append({"path": str(path), "name": name})
        return upload(place, {"name": NAME, "index": index, "files": files})

    return send_files


def test_uploaded_pictures_are_in_the_instance_folder(send, photos):
    told = send("a.png", "b.png", "c.html")
    assert (told["folder"], told["copied"]) == (str(photos), 2)
    assert told["refused"] == [{"name": "c.html", "reason": "neither a picture nor a caption (.txt)"}]
    assert sorted(path.name for path in photos.iterdir()) == ["a.png", "b.png"]


def test_concept_without_a_folder_gets_one_with_the_model(send, place):
    config = place.library.load(NAME).config
    place.library.save_config(NAME, replace(config, concepts=(Concept(), Concept())))
    model = place.library.folder(NAME).path
    assert send("a.png")["folder"] == str(model / "instance_0")
    assert send("a.png", index=1)["folder"] == str(model / "instance_1")
    assert send("a.png")["folder"] == str(model / "instance_2"), "the pictures of another concept"


def test_folder_that_is_not_there_is_refused(send, place):
    config = place.library.load(NAME).config
    concept = Concept(instance_data_dir="/nowhere/at/all")
    place.library.save_config(NAME, replace(config, concepts=(concept,)))
    with pytest.raises(ConfigError, match="instance_data_dir: /nowhere/at/all is no folder that"):
        send("a.png")


@pytest.mark.parametrize("path", ["/etc/passwd", "{uploads}/../secret.png", "{uploads}/link.png"])
def test_file_that_no_browser_sent_is_refused(place, draw, photos, tmp_path, path):
    draw("a.png").rename(tmp_path / "secret.png")
    (tmp_path / "uploads" / "link.png").symlink_to(tmp_path / "secret.png")
    files = [{"path": path.format(uploads=tmp_path / "uploads"), "name": "a.png"}]
    with pytest.raises(ConfigError, match="not sent by a browser"):
        upload(place, {"name": NAME, "index": 0, "files": files})
    assert list(photos.iterdir()) == []
