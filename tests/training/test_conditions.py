"""What the U-Net is told beside the noisy latents."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from dreambooth.data.batches import Batch, Item
from dreambooth.data.buckets import Size
from dreambooth.data.crops import Placement
from dreambooth.data.examples import Example
from dreambooth.data.images import hash_file
from dreambooth.data.latents import LatentSource
from dreambooth.data.looks import Look
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Frame
from dreambooth.models.load import load_model
from dreambooth.training.conditions import frame_of, keep_last, training_hole, whole_picture
from tests.models.tiny import FAMILIES, write_tiny


@pytest.fixture
def make_item(tmp_path):
    """A white picture of the first size as it is trained at the second."""

    def make(original, size, *, flipped=False) -> Item:
        path = tmp_path / "white.png"
        Image.new("RGB", original, "white").save(path)
        example = Example(
            image=path,
            original_size=Size(*original),
            size=Size(*size),
            content_hash=hash_file(path),
            caption="",
            prompt="",
            concept=0,
            is_class=False,
            loss_weight=1,
            repeats=1,
        )
        return Item(example, flipped=flipped, prompt="")

    return make


@pytest.mark.parametrize(
    ("original", "size", "left", "top"),
    [
        ((1000, 500), (512, 512), 256, 0),
        ((500, 1000), (512, 512), 0, 256),
        ((640, 640), (512, 512), 0, 0),
        ((800, 600), (576, 448), 11, 0),
    ],
)
def test_frame_is_the_part_that_was_really_taken(make_item, original, size, left, top):
    frame = frame_of(make_item(original, size))
    assert (frame.original_width, frame.original_height) == original
    assert (frame.left, frame.top, frame.width, frame.height) == (left, top, *size)


def test_frame_follows_a_crop_that_is_not_in_the_middle(make_item):
    look = Look(Placement(across=0.125))
    item = make_item((1000, 500), (512, 512))
    assert frame_of(replace(item, look=look)).left == 64
    assert frame_of(replace(item, look=look, flipped=True)).left == 448
    turned = frame_of(replace(item, look=Look(rotation_degrees=45)))
    assert (turned.left, turned.top) == (468, 106)  # seen √2 times as large, of the middle


def test_whole_picture_has_its_own_size():
    frame = Frame.whole(height=64, width=96)
    assert (frame.original_height, frame.original_width, frame.top, frame.left) == (64, 96, 0, 0)


@pytest.fixture(scope="module")
def inpainting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inpainting")
    create_working(
        read_source(write_tiny(folder / "tiny.safetensors", FAMILIES["sd1 inpainting"])), folder / "working"
    )
    return load_model(folder / "working")


def test_hole_in_a_batch_is_grey_and_comes_from_the_step_alone(inpainting, make_item):
    seen = []

    def encode(pictures):
        seen.append(pictures)
        latents = pictures[:, :1, ::8, ::8].expand(-1, 4, -1, -1)
        return latents, torch.zeros_like(latents)

    batch = Batch((make_item((64, 64), (64, 64)),) * 3)
    latents = LatentSource(encode, "vae", None)
    holes = [training_hole(inpainting, latents, batch, ("seed", step, 0)) for step in (1, 1, 2)]
    masks = holes[0][:, :1]
    assert holes[0].shape == (3, 5, 8, 8)
    assert torch.equal(holes[0][:, 1:], (1 - masks).expand(-1, 4, -1, -1))
    assert torch.equal(holes[0], holes[1])
    assert not torch.equal(holes[0], holes[2])


@torch.no_grad()
def test_drawing_out_of_nothing_is_one_hole(inpainting):
    told = whole_picture(
        inpainting, inpainting.encode_captions(["a", "b"]), torch.device("cpu"), height=64, width=96
    )
    grey = inpainting.encode_pictures(torch.zeros(1, 3, 64, 96)).mean
    assert told.hole.shape == (2, 5, 8, 12)
    assert torch.equal(told.hole[:, :1], torch.ones(2, 1, 8, 12))
    assert torch.equal(told.hole[:1, 1:], grey)


def test_of_kept_text_states_the_first_are_forgotten():
    kept = dict.fromkeys("abcde", 0)
    keep_last(kept, 3)
    assert list(kept) == ["c", "d", "e"]
    keep_last(kept, 3)
    assert list(kept) == ["c", "d", "e"]
