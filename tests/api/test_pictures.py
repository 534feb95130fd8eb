"""Pictures over HTTP: those of a model and of its jobs, and no other file."""

import pytest
from PIL import Image

IMAGES = "/v1/models/toy/images"


@pytest.fixture
def sample(folder):
    """A preview of the model."""
    path = folder.samples / "sample_4-0.png"
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path)
    return path


def test_previews_are_listed_and_served(client, sample):
    file = client.get("/v1/models/toy/samples").json()["samples"][0]["file"]
    answer = client.get(IMAGES, params={"file": file})
    assert (answer.headers["content-type"], answer.content) == ("image/png", sample.read_bytes())


def test_head_of_a_picture_has_no_body(client, sample):
    answer = client.head(IMAGES, params={"file": f"samples/{sample.name}"})
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "file",
    [
        "../../outside.png",
        "samples/../../../outside.png",
        "/etc/hostname",
        "{outside}",
        "..\\..\\outside.png",
        "samples/\0.png",
        "samples",
        "db_config.json",
        ".",
        "samples//x.png",
        "file:///etc/hostname",
        "samples/" + "a" * 5000 + ".png",
        "link.png",
    ],
)
def test_no_other_file_is_served(client, folder, sample, tmp_path, file):
    outside = tmp_path / "outside.png"
    outside.write_bytes(sample.read_bytes())
    (folder.path / "link.png").symlink_to(outside)
    answer = client.get(IMAGES, params={"file": file.format(outside=outside)})
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e", "toy%2f..", "..%2ftoy", "%00", "toy%00", "a" * 300, "con%2e"]
)
def test_no_other_folder_passes_for_a_model(client, sample, name):
    for what in ("", "/settings", "/concepts", "/samples", "/saves", f"/images?file=samples/{sample.name}"):
        assert client.get(f"/v1/models/{name}{what}").status_code == 404
