"""Which pictures a folder holds."""

import hashlib
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from dreambooth.data.errors import DataError
from dreambooth.data.images import find_images


@contextmanager
def as_ordinary_user():
    """Root may read everything; tests of permissions must not run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that other users reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def names(found) -> list[str]:
    return [info.path.name for info in found.images]


def test_pictures_come_in_natural_order_with_all_sub_folders(tmp_path, save_picture):
    for name in ("b/1.png", "img10.png", "img2.JPG", "Img1.webp", "b/c/2.bmp"):
        save_picture(name)
    assert names(find_images(tmp_path)) == ["1.png", "2.bmp", "Img1.webp", "img2.JPG", "img10.png"]


def test_hidden_files_and_folders_are_passed_over(tmp_path, save_picture):
    for name in ("a.png", "._a.png", ".b.png", ".cache/c.png"):
        save_picture(name)
    found = find_images(tmp_path)
    assert names(found) == ["a.png"]
    assert found.skipped == ()


def test_marks_of_rejected_class_images_are_passed_over(tmp_path, save_picture):
    save_picture("class_2.png")
    (tmp_path / "class_1.rejected").touch()
    found = find_images(tmp_path)
    assert (names(found), found.skipped) == (["class_2.png"], ())


def test_size_is_that_of_the_upright_picture(tmp_path, save_picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save_picture("a.jpg", size=(48, 32), exif=exif)
    (info,) = find_images(tmp_path).images
    assert (info.width_px, info.height_px) == (32, 48)
    assert info.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_that_cannot_be_used_are_listed_with_a_reason(tmp_path, save_picture):
    save_picture("good.png", caption="a caption is no picture")
    save_picture("dot.png", size=(1, 1))
    save_picture("thin.png", size=(7, 400))
    (tmp_path / "empty.png").touch()
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
    (tmp_path / "notes.docx").touch()
    found = find_images(tmp_path)
    assert names(found) == ["good.png"]
    reasons = {skipped.path.name: skipped.reason for skipped in found.skipped}
    assert reasons.keys() == {"dot.png", "thin.png", "empty.png", "letter.jpg", "notes.docx"}
    assert reasons["dot.png"] == "1×1 px is too small, the shorter side needs 8 px"
    assert reasons["empty.png"] == "the file is empty"
    assert reasons["letter.jpg"] == "not a picture that Pillow can read, or damaged"
    assert reasons["notes.docx"].startswith(".docx: not a picture format")


def test_mark_of_a_rejected_class_image_is_passed_over(tmp_path, save_picture):
    save_picture("class_1.png")
    (tmp_path / "class_2.rejected").touch()
    assert find_images(tmp_path).skipped == ()


def test_picture_that_was_replaced_is_looked_at_again(tmp_path, save_picture):
    save_picture("a.png", size=(32, 32))
    (before,) = find_images(tmp_path).images
    save_picture("a.png", size=(48, 32))
    (after,) = find_images(tmp_path).images
    assert (after.width_px, after.content_hash != before.content_hash) == (48, True)


def test_empty_folder_has_no_pictures(tmp_path):
    assert find_images(tmp_path).images == ()


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        find_images(tmp_path / "nowhere")


def test_file_in_place_of_a_folder_is_refused(save_picture):
    with pytest.raises(DataError, match="a file, not a folder"):
        find_images(save_picture("a.png"))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions there are not modes")
def test_folder_without_permission_is_refused(open_folder):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o000)
    with as_ordinary_user(), pytest.raises(DataError, match="no permission to read"):
        find_images(closed)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions there are not modes")
def test_sub_folder_and_picture_without_permission_are_listed(open_folder):
    (open_folder / "closed").mkdir(mode=0o000)
    Image.new("RGB", (16, 16)).save(open_folder / "a.png")
    (open_folder / "a.png").chmod(0o000)
    with as_ordinary_user():
        found = find_images(open_folder)
    assert sorted(skipped.path.name for skipped in found.skipped) == ["a.png", "closed"]
    assert all("Permission denied" in skipped.reason for skipped in found.skipped)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_but_not_in_circles(tmp_path, save_picture):
    save_picture("elsewhere/a.png")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "link" / "circle").symlink_to(folder)
    (folder / "broken.png").symlink_to(folder / "gone.png")
    found = find_images(folder)
    assert names(found) == ["a.png"]
    assert [skipped.reason for skipped in found.skipped] == ["not a regular file"]
