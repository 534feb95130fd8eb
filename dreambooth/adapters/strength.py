"""How strongly an adapter works, for every kind: a share of all that it changes, as webuis weight a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from dreambooth.adapters.lora import named_layers
from dreambooth.models.family import Model


def set_strength(model: Model, strength: float) -> None:
    """Let the adapters that a model has change it by ``strength`` of what they would; call it once."""
    for adapted in named_layers(model).values():
        _Share(adapted.layer, strength)


@contextmanager
def without_adapters(model: Model) -> Iterator[None]:
    """The model as it is without the adapters that it has; whether they learn stays as it is.

    PEFT's own switch would also let weights learn, or no longer.
    """
    layers = [adapted.layer for adapted in named_layers(model).values()]
    for layer in layers:
        layer._disable_adapters = True
    try:
        yield
    finally:
        for layer in layers:
            layer._disable_adapters = False


class _Share:
    """Between a layer's own output and the adapted one; what a DoRA changes is no multiple of its factors.

    The layer's first hook sees the inputs before a DoRA scales them, and its last hook the adapted output.
    """

    def __init__(self, layer: Any, strength: float) -> None:  # noqa: ANN401 - PEFT's layer of any kind
        self.strength = strength
        self.inputs: tuple[Tensor, ...] = ()
        layer.register_forward_pre_hook(self._remember, prepend=True)
        layer.register_forward_hook(self._mix)

    def _remember(self, _: object, inputs: tuple[Tensor, ...]) -> None:
        self.inputs = inputs

    def _mix(self, layer: Any, _: object, adapted: Tensor) -> Tensor:  # noqa: ANN401
        plain: Tensor = layer.get_base_layer()(*self.inputs)
        self.inputs = ()
        return plain + self.strength * (adapted - plain)
