"""The picture of an epoch's sizes."""

import numpy as np
import pytest
from PIL import Image

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import epoch_steps
from dreambooth.data.bucket_picture import Bucket, draw_buckets, draw_cut, gather_buckets, turned_corners
from dreambooth.data.crops import Crop
from dreambooth.data.examples import build_examples


@pytest.fixture
def gather(tmp_path, save_picture):
    """The sizes of an epoch over three square pictures and two wide ones."""

    def gather_all(**augment) -> list[Bucket]:
        for number in range(3):
            save_picture(f"dog/{number}.png", size=(64, 64))
        for number in range(2):
            save_picture(f"dog/wide {number}.png", size=(128, 48))
        config = TrainConfig(
            concepts=(Concept(instance_data_dir=str(tmp_path / "dog"), repeats=3),),
            data=DataConfig(resolution=64, bucket_step_px=8, batch_size=2),
            augment=AugmentConfig(**augment),
        )
        dataset = build_examples(config, [tmp_path / "none"])
        return gather_buckets([batch for step in epoch_steps(dataset, config, 0) for batch in step], 2)

    return gather_all


def test_sizes_are_counted_with_their_batches(gather):
    square, wide = gather()
    assert (str(square.size), square.num_pictures, square.num_shown) == ("64×64", 3, 9)
    assert (square.num_batches, square.num_smaller) == (5, 1)
    assert (str(wide.size), wide.num_batches, wide.num_smaller) == ("96×40", 3, 0)
    assert [item.example.image.name for item in wide.items] == ["wide 0.png", "wide 1.png"]


def test_drawing_has_a_row_for_each_size(gather):
    one, both = draw_buckets(gather()[:1]), draw_buckets(gather())
    assert one.width == both.width
    assert both.height > 1.5 * one.height
    assert len(both.getcolors(100_000)) > 20


def test_what_is_cut_off_is_pale_and_what_is_seen_is_not(gather):
    _, wide = gather()
    cut = np.asarray(draw_cut(wide.items[0], 128), dtype=int)
    middle, edge = cut[24, 64], cut[1, 64]
    assert cut.shape == (48, 128, 3)
    assert edge.sum() > middle.sum()


def test_what_a_mask_leaves_out_is_tinted(gather, tmp_path):
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    (tmp_path / "dog").mkdir()
    mask.save(tmp_path / "dog" / "0-masklabel.png")
    square, _ = gather(masks="file")
    left, right = (draw_cut(square.items[0], 64).getpixel((x, 32)) for x in (10, 54))
    assert left != right
    left, right = (draw_cut(square.items[1], 64).getpixel((x, 32)) for x in (10, 54))
    assert left == right


def test_corners_turn_with_the_picture():
    level = turned_corners(Crop(0, 0, 4, 2), 0)
    assert level == [(0, 0), (4, 0), (4, 2), (0, 2)]
    upright = turned_corners(Crop(0, 0, 4, 2), 90)
    assert [(round(x), round(y)) for x, y in upright] == [(3, -1), (3, 3), (1, 3), (1, -1)]


def test_picture_that_went_away_leaves_its_place_empty(gather, tmp_path):
    buckets = gather()
    (tmp_path / "dog" / "0.png").unlink()
    assert draw_buckets(buckets).width
