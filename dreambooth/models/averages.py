"""The averaged weights that a model keeps beside its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch import Tensor

from dreambooth.models.errors import CheckpointError
from dreambooth.models.names import EMA_PREFIX, Home, ema_name, names_of
from dreambooth.models.source import Source, expected_shapes
from dreambooth.models.streaming import Planned


def with_average(source: Source) -> Source:
    """The model whose U-Net is the average that it holds; raises CheckpointError when it holds none."""
    names, expected = names_of(source.architecture), expected_shapes(source.architecture)["unet"]
    averaged: dict[str, Planned] = {}
    for name in names.origins("unet", expected):
        held = source.extra.get(ema_name(name))
        if held is None:
            raise CheckpointError(
                f"{source.name} holds no average beside its weights: train with ema.enabled and "
                "ema.placement=beside; with main its weights are the average"
            )
        for home in names.find(name):
            if home.part == "unet" and home.key in expected:
                shape = expected[home.key]
                averaged[home.key] = Planned(held.dtype, shape, partial(_take, held, home, shape))
    extra = {name: plan for name, plan in source.extra.items() if not name.startswith(EMA_PREFIX)}
    return replace(source, parts={**source.parts, "unet": averaged}, extra=extra)


def _take(held: Planned, home: Home, shape: tuple[int, ...]) -> Tensor:
    return home.take(held.make()).reshape(shape)
