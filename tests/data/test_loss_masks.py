"""Masks of pictures: found, refused, and cut as their pictures are."""

import pytest
import torch
from PIL import Image

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import Batch, Item
from dreambooth.data.crops import Placement
from dreambooth.data.errors import DataError
from dreambooth.data.examples import build_examples
from dreambooth.data.latents import LatentSource
from dreambooth.data.looks import PLAIN, Look


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dog").mkdir()
    return tmp_path / "dog"


@pytest.fixture
def put(folder):
    """Writes a picture with a half of it marked, the left one unless it is said otherwise."""

    def put_picture(name, mode="RGB", size=(64, 64), marked=(0, 0, 0.5, 1)):
        whole = 128 if mode == "RGB" else (200, 10, 10, 0) if mode == "RGBA" else 0
        picture = Image.new(mode, size, whole if mode != "RGB" else (128, 128, 128))
        left, top, right, bottom = (
            round(share * side) for share, side in zip(marked, (*size, *size), strict=True)
        )
        picture.paste(
            (10, 200, 10, 255) if mode == "RGBA" else 255 if mode == "L" else (9, 9, 9),
            (left, top, right, bottom),
        )
        picture.save(folder / name)

    return put_picture


@pytest.fixture
def build(folder, tmp_path):
    def build_all(**augment):
        config = TrainConfig(
            concepts=(Concept(instance_data_dir=str(folder)),),
            data=DataConfig(resolution=64, bucket_step_px=8),
            augment=AugmentConfig(**augment),
        )
        return build_examples(config, [tmp_path / "none"])

    return build_all


def masks_of(dataset, look=PLAIN, **item) -> torch.Tensor | None:
    """The masks of all examples as a step gets them."""
    source = LatentSource(lambda pixels: (pixels, pixels), "identity", None)
    item = {"flipped": False, "prompt": "", **item}
    return source.fetch_masks(Batch(tuple(Item(each, look=look, **item) for each in dataset.instances)))


LEFT_HALF = torch.tensor([1.0] * 4 + [0.0] * 4).expand(1, 1, 8, 8)


def test_mask_is_a_file_beside_the_picture_and_no_picture_itself(put, build):
    put("a.png")
    put("a-masklabel.png", "L")
    dataset = build(masks="file")
    assert [example.image.name for example in dataset.instances] == ["a.png"]
    assert torch.equal(masks_of(dataset), LEFT_HALF)
    assert masks_of(build()) is None


@pytest.mark.parametrize("name", ["a.mask.png", "a-masklabel.png"])
@pytest.mark.parametrize("masks", ["file", "both"])
def test_mask_goes_by_either_name_and_before_transparency(put, build, name, masks):
    put("a.png", "RGBA", marked=(0, 0, 1, 0.5))
    put(name, "L")
    assert torch.equal(masks_of(build(masks=masks)), LEFT_HALF)


@pytest.mark.parametrize("masks", ["alpha", "both"])
def test_opaque_part_is_learnt(put, build, masks):
    put("a.png", "RGBA")
    assert torch.equal(masks_of(build(masks=masks)), LEFT_HALF)


def test_mirrored_picture_has_a_mirrored_mask(put, build):
    put("a.png", "RGBA")
    assert torch.equal(masks_of(build(masks="alpha"), flipped=True), LEFT_HALF.flip(-1))


def test_mask_is_cut_where_its_picture_is(put, build):
    put("a.png", size=(256, 32))
    put("a.mask.png", "L", size=(256, 32))
    dataset = build(masks="file")
    (example,) = dataset.instances
    source = LatentSource(lambda pixels: (pixels, pixels), "identity", None)
    for across in (0, 0.4, 1):
        item = Item(example, flipped=False, prompt="", look=Look(Placement(across=across)))
        pixels, _ = source.fetch(Batch((item,)))
        dark = (pixels[:, :1] < -0.5).float()  # what the mask marks is dark in the picture
        shares = torch.nn.functional.avg_pool2d(dark, 8)
        assert (source.fetch_masks(Batch((item,))) - shares).abs().max() < 0.2


def test_mask_turns_with_its_picture(put, build):
    put("a.png")
    put("a.mask.png", "L")
    turned = masks_of(build(masks="file"), Look(rotation_degrees=30))
    assert turned[0, 0, 0, 3] < turned[0, 0, 7, 3]  # counterclockwise: the left half leans to the right below
    assert turned[0, 0, 4, 0] == 1


def test_mask_of_another_size_is_scaled_and_of_another_shape_refused(put, build):
    put("a.png")
    put("a.mask.png", "L", size=(32, 32))
    assert torch.equal(masks_of(build(masks="file")), LEFT_HALF)
    put("a.mask.png", "L", size=(64, 32))
    with pytest.raises(DataError, match=r"its mask a\.mask\.png is 64×32 px, of another shape"):
        build(masks="file")


def test_outside_may_count_a_little_and_some_showings_have_no_mask(put, build):
    put("a.png", "RGBA")
    dataset = build(masks="alpha", unmasked_weight=0.25)
    assert masks_of(dataset).unique().tolist() == [0.25, 1]
    assert masks_of(dataset, is_masked=False) is None


def test_picture_without_a_mask_counts_whole_beside_others(put, build):
    put("a.png")
    put("b.png")
    put("b.mask.png", "L")
    dataset = build(masks="file")
    assert masks_of(dataset).flatten(1).mean(1).tolist() == [1, 0.5]
    assert dataset.warnings == ("concept 0: 1 of 2 pictures have no mask and are learnt whole",)


def test_masks_without_effect_are_told(put, build):
    put("a.png")
    (warning,) = build(masks="alpha").warnings
    assert "augment.masks is alpha, and no picture has such a mask" in warning
    put("a.mask.png", "L", marked=(0, 0, 1, 1))
    (warning,) = build(masks="file").warnings
    assert "1 of 1 masks are white everywhere" in warning


def test_picture_of_which_nothing_would_be_learnt_is_left_out(put, build):
    put("a.png")
    put("b.png", "RGBA", marked=(0, 0, 0, 0))
    dataset = build(masks="alpha")
    assert [example.image.name for example in dataset.instances] == ["a.png"]
    assert dataset.skipped[0].reason == "it is transparent everywhere: nothing would be learnt from it"
    assert len(build(masks="alpha", unmasked_weight=0.1).instances) == 2
    put("a.mask.png", "L", marked=(0, 0, 0, 0))
    with pytest.raises(DataError, match=r"no picture can be used; a\.png: its mask a\.mask\.png is black"):
        build(masks="both")
