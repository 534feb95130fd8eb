"""The disk that a training takes."""

import shutil
from dataclasses import replace

import pytest

from dreambooth.actions.plan_disk import count_saves, plan_disk
from dreambooth.actions.plan_facts import Steps
from dreambooth.jobs.shapes import read_shapes
from tests.conftest import MODEL, do
from tests.training.conftest import with_settings

STEPS = Steps(num_steps=100, num_epochs=10, per_epoch=10)


def test_result_is_as_large_as_told(begin, folder, config):
    for adapter in ("none", "lora"):
        config = with_settings(config, adapter=adapter, duration__max_steps=1, saving__dtype="fp16")
        told = plan_disk(config, read_shapes(folder), STEPS, folder.path).each
        end = do(begin(config))
        written = folder.checkpoints.joinpath(end["result"]["checkpoint"]).stat().st_size
        assert written == pytest.approx(told, rel=0.1)


def test_saves_are_counted_once_where_steps_and_epochs_meet(config):
    config = with_settings(config, saving__save_every_steps=20, saving__save_every_epochs=5)
    assert count_saves(config, STEPS) == 6  # 20, 40, 50, 60, 80, and the end
    assert count_saves(with_settings(config, saving__at_end="nothing"), STEPS) == 5


def test_only_the_last_are_kept(config, folder):
    config = with_settings(config, saving__save_every_steps=10, saving__keep_last=3)
    shapes = read_shapes(folder)
    assert (plan := plan_disk(config, shapes, STEPS, folder.path)).num_kept == 3
    assert plan.num_written == 10
    keep_all = with_settings(config, saving__keep_last=0)
    assert plan_disk(keep_all, shapes, STEPS, folder.path).num_kept == 10


def test_average_beside_makes_a_larger_file(config, folder):
    shapes = read_shapes(folder)
    ema = replace(config.ema, enabled=True, placement="beside")
    small = plan_disk(config, shapes, STEPS, folder.path)
    large = plan_disk(replace(config, ema=ema), shapes, STEPS, folder.path)
    assert large.each > small.each
    assert large.state > small.state


def test_free_space_is_that_of_the_models_disk(config, folder, library):
    free = shutil.disk_usage(library.folder(MODEL).path).free
    told = plan_disk(config, read_shapes(folder), None, folder.path)
    assert told.free == pytest.approx(free, rel=0.05)
    assert told.num_written is None
