"""The picture that sums up a training."""

import io

import pytest
from PIL import Image

from dreambooth.training.summary import Series, Summary, draw_summary, series_of, smoothed

STEPS = [{"step": step, "loss": loss} for step, loss in ((1, 0.5), (2, None), (3, 0.3), (2, 0.4), (3, 0.2))]


def drawn(samples=(), losses=(0.5, 0.4)) -> Image.Image:
    series = Series("instance", "#000000", range(1, len(losses) + 1), losses)
    summary = Summary(title="a $b", subtitle="", samples=samples, losses=[series], memory=[series])
    return Image.open(io.BytesIO(draw_summary(summary)))


def test_step_that_was_told_again_counts_as_told_last():
    series = series_of(STEPS, "loss", "loss", "#000000")
    assert (series.steps, series.values) == ([1, 2, 3], [0.5, 0.4, 0.2])


def test_what_was_never_measured_is_left_out():
    assert series_of(STEPS, "prior_loss", "prior", "#000000").steps == []


def test_smoothing_keeps_a_constant_and_the_values_of_a_short_run():
    assert smoothed([0.5] * 1000) == pytest.approx([0.5] * 1000)
    assert smoothed([0.1, 0.9, 0.2]) == [0.1, 0.9, 0.2]
    assert max(smoothed([0.0, 1.0] * 500)[100:]) < 0.6


def test_samples_stand_beside_the_graphs():
    sample = Image.new("RGB", (64, 64), (255, 0, 255))
    alone, beside = drawn(), drawn([sample] * 5)
    assert beside.width > alone.width
    assert beside.height == alone.height
    colours = {colour for _, colour in beside.convert("RGB").getcolors(1 << 24)}
    assert (255, 0, 255) in colours


def test_run_of_one_step_is_drawn():
    assert drawn(losses=(0.5,)).width > 100
