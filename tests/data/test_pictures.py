"""One picture from disk."""

import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from dreambooth.data.errors import PictureError
from dreambooth.data.pictures import UPRIGHT, load_picture


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(side: int) -> bytes:
    """A whole 1-bit PNG, all black."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + side // 8) * side), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright(tmp_path, orientation, suffix):
    upright = Image.new("RGB", (32, 16), "white")
    upright.paste((0, 0, 0), (0, 0, 16, 8))  # black only in the upper left
    undo = UPRIGHT.get(orientation)
    redo = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = upright if undo is None else upright.transpose(redo.get(undo, undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"a.{suffix}", exif=exif)
    picture = load_picture(tmp_path / f"a.{suffix}")
    assert picture.size == (32, 16)
    assert np.abs(np.asarray(picture, float) - np.asarray(upright, float)).mean() < 4


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("RGBA", (255, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 255), (255, 0, 0)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("LA", (0, 0), (255, 255, 255)),
        ("LA", (9, 255), (9, 9, 9)),
        ("L", 77, (77, 77, 77)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 65_535, (255, 255, 255)),
        ("I;16", 257 * 40, (40, 40, 40)),
    ],
)
def test_every_mode_becomes_8_bit_rgb(tmp_path, mode, colour, shown):
    Image.new(mode, (16, 16), colour).save(tmp_path / "a.png")
    picture = load_picture(tmp_path / "a.png")
    assert picture.mode == "RGB"
    assert picture.getpixel((3, 3)) == shown


def test_transparent_palette_colour_is_white(tmp_path):
    picture = Image.new("P", (16, 16), 1)
    picture.putpalette([0, 0, 0, 0, 200, 0])
    picture.putpixel((0, 0), 0)
    picture.save(tmp_path / "a.png", transparency=0)
    assert load_picture(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)
    assert load_picture(tmp_path / "a.png").getpixel((9, 9)) == (0, 200, 0)


def test_cmyk_photograph_keeps_its_colour(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red, green, blue = load_picture(tmp_path / "a.jpg").getpixel((8, 8))
    assert red > 240
    assert max(green, blue) < 15


def test_16_bit_pgm_is_scaled_and_not_clipped(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5 16 16 65535\n" + struct.pack(">256H", *[257 * 40] * 256))
    assert load_picture(tmp_path / "a.pgm").getpixel((0, 0)) == (40, 40, 40)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_of_unknown_range_are_refused(tmp_path, mode):
    Image.new(mode, (16, 16), 70_000).save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match="no agreed range"):
        load_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_animation_shows_its_first_frame(tmp_path, suffix):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    assert load_picture(tmp_path / f"a.{suffix}").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("side", [20_000, 13_360])  # beyond Pillow's own limit, and between ours and its
def test_picture_of_hundreds_of_megapixels_is_refused_undecoded(tmp_path, side):
    (tmp_path / "a.png").write_bytes(huge_png(side))
    with pytest.raises(PictureError, match="million pixels; make a smaller copy"):
        load_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tif", "bmp"])
def test_damaged_files_are_refused_and_nothing_worse(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"whole.{suffix}")
    whole = (tmp_path / f"whole.{suffix}").read_bytes()
    rng = np.random.default_rng(1)
    for trial in range(60):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if trial % 2 else whole)
        for place in rng.integers(0, min(len(damaged), 200), 4):
            damaged[place] = rng.integers(0, 256)
        path = tmp_path / f"damaged.{suffix}"
        path.write_bytes(damaged)
        with suppress(PictureError):
            assert load_picture(path).mode == "RGB"


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_truncated_photograph_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(PictureError, match="cannot be decoded"):
        load_picture(path)
