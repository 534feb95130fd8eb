"""Pictures for the page: which of them it may see, and as what."""

import base64
import io
import time

import pytest
from PIL import Image

from dreambooth.actions.pictures import show
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def show_when_ready(place):
    """Asks for one picture until it is no longer pending."""

    def ask(path, side_px=32, **values):
        while True:
            answer = show(place, {"paths": [str(path)], "side_px": side_px, **values})
            shown = answer["pictures"][str(path)]
            if "pending" not in shown:
                return shown
            time.sleep(0.02)

    return ask


def opened(shown) -> Image.Image:
    head, data = shown["data"].split(",", 1)
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert head == f"data:image/{picture.format.lower()};base64"
    return picture


def test_small_picture_tells_the_size_of_the_whole_one(show_when_ready, draw):
    shown = show_when_ready(draw("a.png", size=(128, 64)))
    assert opened(shown).size == (32, 16)
    assert (shown["width"], shown["height"]) == (128, 64)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_whole_picture_is_the_file_itself(show_when_ready, draw, name):
    path = draw(name)
    shown = show_when_ready(path, side_px=0)
    assert base64.b64decode(shown["data"].split(",", 1)[1]) == path.read_bytes()
    assert opened(shown).size == (64, 64)


def test_whole_picture_of_a_format_that_no_browser_shows_becomes_png(show_when_ready, draw):
    assert opened(show_when_ready(draw("a.tif"), side_px=0)).format == "PNG"


@pytest.mark.parametrize(
    "name", ['it\'s "so".png', "<script>alert(1)<script>.png", "🐕 dog.png", "two  words .png"]
)
def test_any_name_is_found(show_when_ready, draw, name):
    assert opened(show_when_ready(draw(name))).size == (32, 32)


def test_damaged_picture_has_a_fault(show_when_ready, photos):
    (photos / "a.png").write_text("no picture")
    assert show_when_ready(photos / "a.png") == {"fault": "not a picture that Pillow can read, or damaged"}


def test_replaced_picture_is_shown_anew(show_when_ready, draw):
    assert opened(show_when_ready(draw("a.png", colour="red"))).convert("RGB").getpixel((30, 9))[0] > 200
    assert opened(show_when_ready(draw("a.png", colour="blue"))).convert("RGB").getpixel((30, 9))[2] > 200


@pytest.mark.parametrize("kind", ["instance", "library", "form", "upload"])
def test_pictures_of_open_folders_are_shown(show_when_ready, place, draw, tmp_path, kind):
    folder, values = {
        "instance": (tmp_path / "photos", {}),
        "library": (place.library.folder(NAME).samples, {}),
        "form": (tmp_path / "typed", {"folders": [str(tmp_path / "typed")]}),
        "upload": (tmp_path / "uploads", {}),
    }[kind]
    folder.mkdir(parents=True, exist_ok=True)
    draw("a.png").rename(folder / "b.png")
    assert "data" in show_when_ready(folder / "b.png", **values)


@pytest.mark.parametrize("detour", ["secret.png", "photos/../secret.png", "photos-too/a.png"])
def test_pictures_elsewhere_are_refused(show_when_ready, draw, tmp_path, detour):
    (tmp_path / "photos-too").mkdir()
    for path in ("secret.png", "photos-too/a.png"):
        draw("a.png").rename(tmp_path / path)
    assert "none of the folders" in show_when_ready(f"{tmp_path}/{detour}")["fault"]


def test_file_that_is_no_picture_is_refused(show_when_ready, place):
    fault = show_when_ready(place.library.folder(NAME).config_file)["fault"]
    assert fault == "db_config.json is not named as a picture"


def test_too_many_pictures_are_refused(place):
    with pytest.raises(ConfigError, match="at most 500"):
        show(place, {"paths": ["a.png"] * 501, "side_px": 32})
