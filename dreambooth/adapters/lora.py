"""LoRA and its kin on a loaded model: add, read, set, leave out, limit, merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.fit import find_difference
from dreambooth.adapters.injection import inject
from dreambooth.adapters.kohya_names import Place, kohya_modules, kohya_name
from dreambooth.adapters.layers import AdaptedLayer, adapted_layers
from dreambooth.adapters.magnitude import Magnitude
from dreambooth.adapters.sizes import layer_sizes
from dreambooth.adapters.weight_change import (
    MAGNITUDE,
    Kind,
    group_keys,
    module_kind,
    module_rank,
)
from dreambooth.config.adapter_sizes import Size
from dreambooth.config.lora import LoraConfig
from dreambooth.models.family import Model

_TRAINABLE: tuple[Kind, ...] = ("lora", "loha", "lokr")


def named_layers(model: Model) -> dict[str, AdaptedLayer]:
    """The adapted layers of all parts, by their names in files."""
    return {
        kohya_name(model.architecture, Place(part, path)): layer
        for part, module in model.parts.items()
        for path, layer in adapted_layers(module).items()
    }


def add_lora(model: Model, kind: Kind, config: LoraConfig, parts: Iterable[str], seed: int) -> None:
    """Put adapters, which change nothing yet, on the chosen parts; afterwards they alone require gradients.

    They are fp32 whatever the model is. The same seed gives the same first weights; torch's global random
    state stays as it was.
    """
    chosen = set(parts)
    if not chosen:
        raise AdapterError("choose at least one part for the adapter")
    if named_layers(model):
        raise AdapterError("the model has an adapter already")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for part, module in model.parts.items():
            module.requires_grad_(requires_grad=False)
            if part in chosen:
                sizes = layer_sizes(config, model.architecture, part, module)
                if not sizes:
                    raise AdapterError(
                        f"lora.block_ranks and lora.block_lr_factors leave no block of the {part}"
                    )
                inject(module, kind, sizes, config)
                require_adapter_gradients(module)


def require_adapter_gradients(module: nn.Module) -> None:
    """Let the adapters of a part learn, and nothing else of it; PEFT leaves out what is ours."""
    for layer in adapted_layers(module).values():
        for parameter in layer.parameters.values():
            parameter.requires_grad = True


def lora_weights(model: Model) -> dict[str, Tensor]:
    """The adapter by the names of its file; the tensors are the live ones, without gradient."""
    return {
        f"{name}.{suffix}": tensor
        for name, layer in named_layers(model).items()
        for suffix, tensor in layer.tensors().items()
    }


def load_lora_weights(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Copy weights into the adapters that the model has; kinds, ranks and alphas must be exactly theirs."""
    if difference := find_difference(lora_weights(model), tensors):
        raise AdapterError(f"this adapter does not fit: {difference}")
    given = group_keys(tensors)
    for name, layer in named_layers(model).items():
        layer.load({suffix: tensors[key] for suffix, key in given[name].items()})


def attach_lora(model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Add the adapters that a file describes, with its weights; each layer with its own kind and rank."""
    if named_layers(model):
        raise AdapterError("the model has an adapter already")
    places = kohya_modules(model.architecture)
    by_layer: dict[Place, dict[str, Tensor]] = {}
    for name, keys in group_keys(tensors).items():
        if name not in places:
            raise AdapterError(f"this adapter is for another kind of model: there is no {name}")
        by_layer[places[name]] = {suffix: tensors[key] for suffix, key in keys.items()}
    for part, module in model.parts.items():
        module.requires_grad_(requires_grad=False)
        layers = {place.path: held for place, held in by_layer.items() if place.part == part}
        with torch.random.fork_rng(devices=[]):
            _attach_to(module, layers)
        require_adapter_gradients(module)


def _attach_to(module: nn.Module, layers: Mapping[str, Mapping[str, Tensor]]) -> None:
    kinds = {path: module_kind(held) for path, held in layers.items()}
    for path, held in layers.items():
        if kinds[path] not in _TRAINABLE or "lora_mid.weight" in held or "diff_b" in held:
            raise AdapterError(
                f"{path} is changed in a way that can only be merged, not used beside the model"
            )
    for kind in _TRAINABLE:
        chosen = {path: held for path, held in layers.items() if kinds[path] == kind}
        sizes = {path: Size(module_rank(held) or 1, 1.0) for path, held in chosen.items()}
        inject(module, kind, sizes, LoraConfig())
        for path, held in chosen.items():
            _fill(AdaptedLayer(module.get_submodule(path)), held)


def _fill(adapted: AdaptedLayer, held: Mapping[str, Tensor]) -> None:
    if adapted.kind != "lora":
        adapted.replace_factors(held)
    if MAGNITUDE in held:
        Magnitude(adapted.layer, held[MAGNITUDE])
    adapted.load(held)


@torch.no_grad()
def limit_norms(model: Model, max_norm: float) -> None:
    """Shrink what an adapter adds to a layer to at most this Frobenius norm (kohya's scale_weight_norms).

    Each of its matrices takes the same share, of a LoRA's two the square root. Layers that do not learn any
    more are left alone.
    """
    for layer in named_layers(model).values():
        if not all(weight.requires_grad for weight in layer.factors.values()):
            continue
        norm = layer.change().norm()
        if norm > max_norm:
            matrices = [weight for name, weight in layer.factors.items() if not name.endswith(("_t1", "_t2"))]
            for weight in matrices:
                weight.mul_((max_norm / norm) ** (1 / len(matrices)))
