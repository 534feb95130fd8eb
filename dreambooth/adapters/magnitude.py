"""DoRA (arXiv:2402.09353): the length of what each input adds to a layer's outputs is learnt for itself.

PEFT's own learns a length for every output. The paper's equation 5, and A1111, which reads nothing else, has
one for every input; ComfyUI and Forge read both, but take the lengths of outputs from the wrong weight. So
ours is by inputs, and works with every kind of adapter. Files of either form can be used.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dreambooth.adapters.weight_change import is_of_outputs, lengths, magnitude_like

_NAME = "magnitude"


class Magnitude(nn.Module):
    """The lengths, held beside the factors of a PEFT layer, whose inputs or outputs they scale."""

    def __init__(self, layer: Any, weight: Tensor) -> None:  # noqa: ANN401 - PEFT's layer of any kind
        super().__init__()
        base: Tensor = layer.get_base_layer().weight
        self.weight = nn.Parameter(magnitude_like(weight, base).to(base.device, torch.float32))
        layer.register_module(_NAME, self)
        if is_of_outputs(self.weight, base):
            layer.register_forward_hook(self._scale_outputs)
        else:
            layer.register_forward_pre_hook(self._scale_inputs)

    def factors(self, layer: Any) -> Tensor:  # noqa: ANN401
        """What each input or output is multiplied by; the lengths count as constants (section 4.3)."""
        base = layer.get_base_layer().weight
        with torch.no_grad(), torch.autocast(base.device.type, enabled=False):
            (adapter,) = layer.active_adapters
            found = lengths(base.float() + layer.get_delta_weight(adapter), self.weight)
        return self.weight / found

    def _scale_inputs(self, layer: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:  # noqa: ANN401
        if layer.disable_adapters:
            return inputs
        return (inputs[0] * _along_channels(self.factors(layer), inputs[0], layer), *inputs[1:])

    def _scale_outputs(self, layer: Any, _: object, outputs: Tensor) -> Tensor:  # noqa: ANN401
        if layer.disable_adapters:
            return outputs
        factors = _along_channels(self.factors(layer), outputs, layer)
        bias = layer.get_base_layer().bias
        if bias is None:
            return outputs * factors
        bias = _along_channels(bias, outputs, layer)
        return (outputs - bias) * factors + bias


def _along_channels(values: Tensor, activations: Tensor, layer: Any) -> Tensor:  # noqa: ANN401
    """A number for every channel, to multiply activations (…, C) of linear layers or (B, C, h, w)."""
    is_linear = isinstance(layer.get_base_layer(), nn.Linear)
    shape = (-1,) if is_linear else (1, -1, 1, 1)
    return values.to(activations.dtype).reshape(shape)


def add_magnitude(layer: Any) -> None:  # noqa: ANN401
    """Begin with the lengths that the layer's weight has, which changes nothing."""
    base = layer.get_base_layer().weight.detach().float()
    by_inputs = base.new_empty(1, base.shape[1])
    Magnitude(layer, lengths(base, by_inputs))


def find_magnitude(layer: nn.Module) -> Magnitude | None:
    """The lengths of a layer, or None when it is no DoRA."""
    held = getattr(layer, _NAME, None)
    return held if isinstance(held, Magnitude) else None
