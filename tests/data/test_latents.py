"""Latents of pictures, cached or not."""

from dataclasses import replace

import pytest
import torch

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import Batch, Item
from dreambooth.data.cache import TensorCache
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Example, build_examples
from dreambooth.data.latents import LatentSource
from dreambooth.data.looks import Look


class Encoder:
    """A real convolution as VAE, which counts its pictures and may be killed after some."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.layer = torch.nn.Conv2d(3, 8, 8, stride=8)
        torch.nn.init.normal_(self.layer.weight, generator=torch.Generator().manual_seed(0))
        torch.nn.init.zeros_(self.layer.bias)
        self.num_encoded = 0
        self.dies_after = dies_after

    def __call__(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.num_encoded == self.dies_after:
            raise KeyboardInterrupt
        self.num_encoded += len(pixels)
        mean, log_std = self.layer(pixels).chunk(2, dim=1)
        return mean, log_std.clamp(-3, 0).exp()


@pytest.fixture
def dataset(tmp_path, save_picture):
    for number, size in enumerate([(64, 64), (200, 100), (70, 70)]):
        save_picture(f"dog/{number}.png", size=size, colour=(number * 60, 90, 30))
    config = TrainConfig(
        concepts=(Concept(instance_data_dir=str(tmp_path / "dog")),),
        data=DataConfig(resolution=64, bucket_step_px=8),
    )
    return build_examples(config, [tmp_path / "none"])


def item(dataset, number, *, flipped=False) -> Item:
    return Item(dataset.instances[number], flipped=flipped, prompt="")


@pytest.fixture
def batch(dataset):
    return Batch((item(dataset, 0), item(dataset, 2, flipped=True)))


def both(_: Example) -> tuple[bool, ...]:
    """Shown mirrored and as it is."""
    return False, True


def never(_: Example) -> tuple[bool, ...]:
    """Never mirrored."""
    return (False,)


def ignore(done: int, total: int) -> None:
    pass


def equal(one, other) -> bool:
    return all(map(torch.equal, one, other))


def test_cached_latents_are_those_encoded_on_the_fly(tmp_path, dataset, batch):
    cached = LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache"))
    cached.fill(dataset, flips=both, progress=ignore)
    mean, std = cached.fetch(batch)
    assert mean.shape == std.shape == (2, 4, 8, 8)
    assert not mean.requires_grad
    assert equal((mean, std), LatentSource(Encoder(), "vae", None).fetch(batch))


def test_full_cache_needs_no_encoder(tmp_path, dataset, batch):
    LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache")).fill(dataset, flips=both, progress=ignore)
    encoder = Encoder()
    again = LatentSource(encoder, "vae", TensorCache(tmp_path / "cache"))
    again.fill(dataset, flips=both, progress=ignore)
    again.fetch(batch)
    assert encoder.num_encoded == 0


def test_another_vae_finds_nothing(tmp_path, dataset):
    LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache")).fill(
        dataset, flips=never, progress=ignore
    )
    encoder = Encoder()
    LatentSource(encoder, "other", TensorCache(tmp_path / "cache")).fill(
        dataset, flips=never, progress=ignore
    )
    assert encoder.num_encoded == 3


@pytest.mark.parametrize("dies_after", range(6))
def test_interrupted_filling_goes_on_with_the_same_result(tmp_path, dataset, batch, dies_after):
    killed = LatentSource(Encoder(dies_after), "vae", TensorCache(tmp_path / "cache"))
    with pytest.raises(KeyboardInterrupt):
        killed.fill(dataset, flips=both, progress=ignore)
    encoder = Encoder()
    resumed = LatentSource(encoder, "vae", TensorCache(tmp_path / "cache"))
    resumed.fill(dataset, flips=both, progress=ignore)
    assert encoder.num_encoded == 6 - dies_after
    assert equal(resumed.fetch(batch), LatentSource(Encoder(), "vae", None).fetch(batch))


def test_progress_goes_from_nothing_to_all(tmp_path, dataset):
    told = []
    source = LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache"))
    source.fill(dataset, flips=never, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_flipped_latents_are_those_of_the_mirrored_picture(dataset):
    source = LatentSource(lambda pixels: (pixels, pixels), "identity", None)
    plain, mirrored = source.fetch(Batch((item(dataset, 1), item(dataset, 1, flipped=True))))[0]
    assert torch.equal(plain.flip(-1), mirrored)


def test_picture_that_changed_meanwhile_is_refused(batch, save_picture):
    save_picture("dog/0.png", size=(64, 64), colour="white")
    with pytest.raises(DataError, match="has changed since the run began"):
        LatentSource(Encoder(), "vae", None).fetch(batch)


TURNED = (Look(rotation_degrees=3), Look(rotation_degrees=7))


def test_variants_are_cached_beside_the_plain_pictures(tmp_path, dataset):
    source = LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache"))
    source.fill(dataset, flips=both, progress=ignore, looks=lambda _: TURNED)
    batch = Batch((replace(item(dataset, 0), look=TURNED[0]), replace(item(dataset, 2), look=TURNED[1])))
    encoder = Encoder()
    cached = LatentSource(encoder, "vae", TensorCache(tmp_path / "cache"))
    assert equal(cached.fetch(batch), LatentSource(Encoder(), "vae", None).fetch(batch))
    assert encoder.num_encoded == 0
    assert source.encode.num_encoded == 3 * 2 * 2


def test_look_that_will_not_come_again_is_not_kept(tmp_path, dataset):
    source = LatentSource(Encoder(), "vae", TensorCache(tmp_path / "cache"))
    once = replace(item(dataset, 0), look=replace(TURNED[0], is_kept=False))
    assert equal(source.fetch(Batch((once,))), source.fetch(Batch((once,))))
    assert source.encode.num_encoded == 2
    assert not (tmp_path / "cache").exists()
