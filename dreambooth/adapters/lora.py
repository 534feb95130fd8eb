"""LoRA (arXiv:2106.09685) on a loaded model: add, read, set, leave out, merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import peft
import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from dreambooth.adapters.kohya_names import ALPHA, DOWN, LAYERS, PREFIXES, UP, kohya_module
from dreambooth.config.settings import LoraConfig
from dreambooth.models.family import Model
from dreambooth.models.working import read_part

ADAPTER = "default"  # PEFT can hold several by name; we hold one


class LoraError(Exception):
    """A LoRA does not fit; the message is one sentence for the user."""


@dataclass(frozen=True)
class AdaptedLayer:
    """A linear layer or 1x1 convolution wrapped by PEFT; alpha / rank · up · down is added to its weight."""

    layer: Any  # LoraLayer and nn.Module at once, which mypy cannot say

    @property
    def down(self) -> nn.Parameter:
        """Linear (rank, in), convolution (rank, in, 1, 1)."""
        weight: nn.Parameter = self.layer.lora_A[ADAPTER].weight
        return weight

    @property
    def up(self) -> nn.Parameter:
        """Linear (out, rank), convolution (out, rank, 1, 1)."""
        weight: nn.Parameter = self.layer.lora_B[ADAPTER].weight
        return weight

    @property
    def scale(self) -> float:
        """alpha / rank."""
        return float(self.layer.scaling[ADAPTER])

    @property
    def alpha(self) -> float:
        """The scale in the measure that files use."""
        return float(self.layer.lora_alpha[ADAPTER])

    def load(self, down: Tensor, up: Tensor, alpha: float) -> None:
        """Take over values of the same shapes."""
        self.down.copy_(down)
        self.up.copy_(up)
        self.layer.lora_alpha[ADAPTER] = alpha
        self.layer.scaling[ADAPTER] = alpha / down.shape[0]


def adapted_layers(module: nn.Module) -> dict[str, AdaptedLayer]:
    """The adapted layers of a part, by their dotted path."""
    return {
        path: AdaptedLayer(layer) for path, layer in module.named_modules() if isinstance(layer, LoraLayer)
    }


def named_layers(model: Model) -> dict[str, AdaptedLayer]:
    """The adapted layers of all parts, by their names in files."""
    return {
        kohya_module(part, path): layer
        for part, module in model.parts.items()
        for path, layer in adapted_layers(module).items()
    }


def add_lora(
    model: Model, config: LoraConfig, *, train_unet: bool, train_text_encoder: bool, seed: int
) -> None:
    """Put adapters, which change nothing yet, on the chosen parts; afterwards they alone require gradients.

    They are fp32 whatever the model is. The same seed gives the same first weights; torch's global random
    state stays as it was.
    """
    chosen = {"unet"} if train_unet else set()
    chosen |= set(model.text_parts) if train_text_encoder else set()
    if not chosen:
        raise LoraError("choose at least one part for the LoRA")
    if named_layers(model):
        raise LoraError("the model has a LoRA already")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for part, module in model.parts.items():
            module.requires_grad_(requires_grad=False)
            if part in chosen:
                _inject(module, config, LAYERS[part])


def _inject(module: nn.Module, config: LoraConfig, layers: tuple[str, ...]) -> None:
    told = peft.LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # annotated int, but only ever divided by the rank
        lora_dropout=config.dropout,
        target_modules=list(layers),
    )
    peft.inject_adapter_in_model(told, module, adapter_name=ADAPTER)
    for adapted in adapted_layers(module).values():
        adapted.down.data = adapted.down.data.float()
        adapted.up.data = adapted.up.data.float()


def lora_weights(model: Model) -> dict[str, Tensor]:
    """The adapter by the names of its file; the tensors are the live ones, without gradient."""
    weights: dict[str, Tensor] = {}
    for name, adapted in named_layers(model).items():
        weights[f"{name}.{DOWN}"] = adapted.down.detach()
        weights[f"{name}.{UP}"] = adapted.up.detach()
        weights[f"{name}.{ALPHA}"] = torch.tensor(adapted.alpha)
    return weights


@torch.no_grad()
def load_lora_weights(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Copy weights into the adapters that the model has; names and shapes must be exactly theirs."""
    expected = {name: tensor.shape for name, tensor in lora_weights(model).items()}
    if {name: tensor.shape for name, tensor in tensors.items()} != expected:
        raise LoraError("this LoRA is for another kind of model, or has another rank or other layers")
    for name, adapted in named_layers(model).items():
        alpha = tensors[f"{name}.{ALPHA}"].item()
        adapted.load(tensors[f"{name}.{DOWN}"], tensors[f"{name}.{UP}"], alpha)


def attach_lora(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Add the adapters that a LoRA file describes, with its weights."""
    downs = {name: tensor for name, tensor in tensors.items() if name.endswith(DOWN)}
    ranks = {tensor.shape[0] for tensor in downs.values()}
    if len(ranks) != 1:
        raise LoraError(f"only a LoRA of one rank can be used; this one has {sorted(ranks) or 'none'}")
    has = {part: any(name.startswith(f"{prefix}_") for name in downs) for part, prefix in PREFIXES.items()}
    if not any(has.values()):
        raise LoraError("this LoRA is for another kind of model")
    config = LoraConfig(rank=ranks.pop())
    add_lora(model, config, train_unet=has["unet"], train_text_encoder=has["text_encoder"], seed=0)
    load_lora_weights(model, tensors)


@contextmanager
def without_lora(model: Model) -> Iterator[None]:
    """The model as it is without its adapters; what required gradients does so again afterwards."""
    layers = [adapted.layer for adapted in named_layers(model).values()]
    learning = [weight for layer in layers for weight in layer.parameters() if weight.requires_grad]
    for layer in layers:
        layer.enable_adapters(enabled=False)
    try:
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(enabled=True)
            layer.requires_grad_(requires_grad=False)
        for weight in learning:
            weight.requires_grad_(requires_grad=True)


def lora_change(down: Tensor, up: Tensor, scale: float) -> Tensor:
    """What an adapter adds to the weight of a linear layer or a 1x1 convolution, in fp32."""
    change = scale * up.flatten(1).float() @ down.flatten(1).float()
    return change.reshape(*up.shape[:1], *down.shape[1:])


@torch.no_grad()
def merged_weights(model: Model) -> dict[str, dict[str, Tensor]]:
    """Part → diffusers key → tensor, for parts with adapters: the weights in ``working`` and those added.

    They come from there since frozen weights in memory may have been rounded; changed ones are fp32.
    """
    merged: dict[str, dict[str, Tensor]] = {}
    for part, module in model.parts.items():
        layers = adapted_layers(module)
        if not layers:
            continue
        merged[part] = dict(read_part(model.working, part))
        for path, adapted in layers.items():
            change = lora_change(adapted.down, adapted.up, adapted.scale)
            merged[part][f"{path}.weight"] = merged[part][f"{path}.weight"].float() + change.cpu()
    return merged
