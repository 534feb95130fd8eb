"""Layers that PEFT has wrapped, seen alike whatever the kind of adapter, in the words of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.loha.layer import LoHaLayer
from peft.tuners.lokr.layer import LoKrLayer
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from dreambooth.adapters.magnitude import Magnitude, find_magnitude
from dreambooth.adapters.weight_change import ALPHA, MAGNITUDE, Kind, module_rank, weight_change

ADAPTER = "default"  # PEFT can hold several by name; we hold one
_LAYER_TYPES: Mapping[Kind, type] = {"lora": LoraLayer, "loha": LoHaLayer, "lokr": LoKrLayer}
_LORA_NAMES = {"lora_down.weight": "lora_A", "lora_up.weight": "lora_B"}  # file → PEFT; of others they agree


@dataclass(frozen=True)
class AdaptedLayer:
    """A linear layer or convolution wrapped by PEFT."""

    layer: Any  # PEFT's layer and nn.Module at once, which mypy cannot say

    @property
    def kind(self) -> Kind:
        """Which product is added to the weight."""
        return next(kind for kind, layer_type in _LAYER_TYPES.items() if isinstance(self.layer, layer_type))

    @property
    def factors(self) -> dict[str, nn.Parameter]:
        """The matrices whose product is added, by their names in files."""
        if self.kind == "lora":
            return {name: getattr(self.layer, inner)[ADAPTER].weight for name, inner in _LORA_NAMES.items()}
        names: tuple[str, ...] = self.layer.adapter_layer_names
        return {name: held[ADAPTER] for name in names if ADAPTER in (held := getattr(self.layer, name))}

    @property
    def magnitude(self) -> Magnitude | None:
        """What makes it a DoRA."""
        return find_magnitude(self.layer)

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything that learns, by its name in files."""
        magnitude = self.magnitude
        return self.factors if magnitude is None else {**self.factors, MAGNITUDE: magnitude.weight}

    @property
    def rank(self) -> int | None:
        """What alpha is divided by; None when nothing is factored."""
        return module_rank(self.factors)

    @property
    def alpha(self) -> float:
        """The scale in the measure that files use."""
        held = self.layer.lora_alpha if self.kind == "lora" else self.layer.alpha
        return float(held[ADAPTER])

    @property
    def weight(self) -> Tensor:
        """The weight of the layer itself, as it is in memory."""
        weight: Tensor = self.layer.get_base_layer().weight
        return weight.detach()

    def tensors(self) -> dict[str, Tensor]:
        """What a file holds of it; live tensors, without gradient."""
        weights = {name: parameter.detach() for name, parameter in self.parameters.items()}
        return {**weights, ALPHA: torch.tensor(self.alpha)}

    def change(self) -> Tensor:
        """What the factors add to the weight, before any magnitude; fp32."""
        factors = {name: factor.detach() for name, factor in self.factors.items()}
        return weight_change({**factors, ALPHA: torch.tensor(self.alpha)}, self.weight)

    def set_alpha(self, alpha: float) -> None:
        """Scale by alpha / rank; not at all where nothing is factored, as LoKr's readers do."""
        held = self.layer.lora_alpha if self.kind == "lora" else self.layer.alpha
        held[ADAPTER] = alpha
        self.layer.scaling[ADAPTER] = alpha / self.rank if self.rank else 1.0

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the values of a file, which has the same names; a 1x1 kernel may be missing."""
        for name, parameter in self.parameters.items():
            parameter.copy_(tensors[name].reshape(parameter.shape))
        if ALPHA in tensors:
            self.set_alpha(tensors[ALPHA].item())
        else:
            self.set_alpha(float(self.rank or 1))

    def replace_factors(self, tensors: Mapping[str, Tensor]) -> None:
        """Hold other factors than those it was made with: the shapes of LoHa and LoKr have many forms."""
        device = self.weight.device
        for name in self.layer.adapter_layer_names:
            held = getattr(self.layer, name)
            if ADAPTER in held:
                del held[ADAPTER]
            if name in tensors:
                held[ADAPTER] = nn.Parameter(tensors[name].to(device, torch.float32))


def adapted_layers(module: nn.Module) -> dict[str, AdaptedLayer]:
    """The adapted layers of a part, by their dotted path."""
    types = tuple(_LAYER_TYPES.values())
    return {path: AdaptedLayer(layer) for path, layer in module.named_modules() if isinstance(layer, types)}
