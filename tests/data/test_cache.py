"""Tensors on disk under what they were made from."""

import pytest
import torch

from dreambooth.data.buckets import Size
from dreambooth.data.cache import TensorCache, latent_key, tensors_hash
from dreambooth.data.looks import Look

KEY = "ab" * 32


def tensors(value: float = 1.0) -> dict[str, torch.Tensor]:
    return {"mean": torch.full((4, 8, 8), value), "std": torch.full((4, 8, 8), value, dtype=torch.bfloat16)}


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("ram_limit_bytes", [0, 2**20])
def test_kept_tensors_come_back_in_this_process_and_the_next(tmp_path, ram_limit_bytes):
    cache = TensorCache(tmp_path, ram_limit_bytes)
    assert cache.get(KEY) is None
    cache.put(KEY, tensors())
    assert same(cache.get(KEY), tensors())
    assert same(TensorCache(tmp_path).get(KEY), tensors())


def test_files_lie_in_folders_of_two_letters_and_nothing_is_left_beside(tmp_path):
    TensorCache(tmp_path).put(KEY, tensors())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / "ab" / f"{KEY}.safetensors"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[:-1],
        lambda data: b"\xff" * len(data),
        lambda data: data.replace(b"mean", b"mess"),
        lambda data: data[:-1] + b"!",
    ],
)
def test_damaged_file_is_missing_and_can_be_replaced(tmp_path, damage):
    TensorCache(tmp_path).put(KEY, tensors())
    cache = TensorCache(tmp_path)
    cache.file(KEY).write_bytes(damage(cache.file(KEY).read_bytes()))
    assert cache.get(KEY) is None
    cache.put(KEY, tensors(2))
    assert same(TensorCache(tmp_path).get(KEY), tensors(2))


def test_memory_stays_below_its_limit(tmp_path):
    one = sum(tensor.nbytes for tensor in tensors().values())
    cache = TensorCache(tmp_path, ram_limit_bytes=3 * one)
    keys = [f"{number:064x}" for number in range(5)]
    for key in keys:
        cache.put(key, tensors())
        assert same(cache.get(key), tensors())
    for key in keys:
        cache.file(key).unlink()
    assert [cache.get(key) is not None for key in keys] == [False, False, True, True, True]


def test_later_changes_of_a_tensor_do_not_reach_the_cache(tmp_path):
    cache = TensorCache(tmp_path)
    changing = tensors()
    cache.put(KEY, changing)
    changing["mean"].zero_()
    assert same(cache.get(KEY), tensors())


def test_key_depends_on_all_that_latents_depend_on():
    size = Size(64, 32)
    keys = {
        latent_key("picture", size, flipped=False, vae_hash="vae"),
        latent_key("another", size, flipped=False, vae_hash="vae"),
        latent_key("picture", Size(32, 64), flipped=False, vae_hash="vae"),
        latent_key("picture", size, flipped=True, vae_hash="vae"),
        latent_key("picture", size, flipped=False, vae_hash="other"),
        latent_key("picture", size, flipped=False, look=Look(rotation_degrees=1), vae_hash="vae"),
        latent_key("picture", size, flipped=False, look=Look(is_normalised=True), vae_hash="vae"),
    }
    assert len(keys) == 7
    assert latent_key("picture", size, flipped=False, vae_hash="vae") in keys


def test_hash_of_tensors_depends_on_names_types_shapes_and_values():
    weights = torch.arange(6.0)
    base = [("a", weights), ("b", torch.tensor(1.0))]
    assert tensors_hash(base) == tensors_hash(reversed(base))
    changed = [weights.view(2, 3), weights.half(), weights.bfloat16(), weights + 1e-6, weights.flip(0)]
    others = [[("a", other), base[1]] for other in changed] + [[("c", weights), base[1]], base[:1]]
    assert len({tensors_hash(tensors) for tensors in [base, *others]}) == 1 + len(others)
