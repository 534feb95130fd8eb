"""An optimizer's memory as tensors and plain values, and back, bit for bit. Never a pickle.

Values of a weight are kept as ``INDEX.NAME`` by its place, those of a group as ``groups.INDEX.NAME``. Of a
group only what the optimizer itself has changed is kept, such as an estimated rate; what was set comes from
the settings, which may have been changed before the run goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from dreambooth.training.errors import OptimizerFault
from dreambooth.training.separate import Separate

TOLD = {"params", "lr", "base_lr", "name", "is_text", "weight_decay", "estimates_rate"}
PAGED = ("state1", "state2")  # what bitsandbytes keeps where main memory and the GPU can both reach it


class _Packing:
    """Values taken apart into tensors by name, and plain values that say where each tensor was."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.seen: set[int] = set()

    def pack(self, value: object, name: str) -> object:
        """The value as JSON can hold it; raises OptimizerFault for what only a pickle could."""
        if isinstance(value, Tensor):
            return self._pack_tensor(value, name)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, torch.dtype):
            return {"is": "dtype", "name": str(value).removeprefix("torch.")}
        if isinstance(value, list | tuple | deque):
            items = [self.pack(each, f"{name}.{index}") for index, each in enumerate(value)]
            longest = {"longest": value.maxlen} if isinstance(value, deque) else {}
            return {"is": type(value).__name__, "items": items, **longest}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"is": "dict", "items": {k: self.pack(v, f"{name}.{k}") for k, v in value.items()}}
        if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of numpy's
            return self.pack(value.item(), name)
        raise OptimizerFault(
            f"the optimizer keeps a {type(value).__name__} ({name}), which no state can hold; choose another"
        )

    def _pack_tensor(self, tensor: Tensor, name: str) -> dict[str, object]:
        is_known = tensor.data_ptr() in self.seen  # bitsandbytes shares tables; a file holds no tensor twice
        self.seen.add(tensor.data_ptr())
        self.tensors[name] = tensor.detach().clone() if is_known else tensor.detach()
        return {"is": "tensor", "on": "weight" if tensor.device.type != "cpu" else "cpu"}


def optimizer_to_tensors(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The optimizer's memory as named tensors, and what else is needed to put it together again."""
    packing = _Packing()
    values: dict[str, Any] = {}
    for index, parameter in enumerate(_parameters(optimizer)):
        for name, value in optimizer.state.get(parameter, {}).items():
            values[f"{index}.{name}"] = packing.pack(value, f"{index}.{name}")
    for index, group in enumerate(optimizer.param_groups):
        for name, value in _changed_values(optimizer, group).items():
            values[f"groups.{index}.{name}"] = packing.pack(value, f"groups.{index}.{name}")
    return packing.tensors, values


def load_optimizer(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> None:
    """Put the memory back into a freshly built optimizer of the same parameters."""
    parameters = _parameters(optimizer)
    for key, packed in {**_unnamed(tensors, values), **values}.items():
        first, name = key.split(".", 1)
        if first == "groups":
            number, name = name.split(".", 1)
            group = optimizer.param_groups[int(number)]
            group[name] = _unpack(packed, key, tensors, group["params"][0].device)
            continue
        parameter = parameters[int(first)]
        value = _unpack(packed, key, tensors, parameter.device)
        if getattr(optimizer, "is_paged", False) and name in PAGED:
            value = _as_paged(optimizer, parameter, value)
        optimizer.state[parameter][name] = value


def _unnamed(tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> dict[str, Any]:
    """Of states of version 0.1, in which values did not tell where tensors were: all stood by themselves."""
    if any(isinstance(value, dict) for value in values.values()):
        return {}
    return {name: {"is": "tensor", "on": "weight"} for name in tensors}


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _changed_values(optimizer: torch.optim.Optimizer, group: Mapping[str, Any]) -> dict[str, Any]:
    """What the optimizer wrote into a group; untouched, a value is the very object that it was given."""
    usual = optimizer.inner[0].defaults if isinstance(optimizer, Separate) else optimizer.defaults
    return {
        name: value
        for name, value in group.items()
        if name not in TOLD and (name not in usual or value is not usual[name])
    }


def _unpack(packed: object, name: str, tensors: Mapping[str, Tensor], device: torch.device) -> Any:  # noqa: ANN401
    if not isinstance(packed, dict):
        return packed
    kind = packed["is"]
    if kind == "tensor":
        tensor = tensors[name].clone()  # the state's files can then be removed
        return tensor if packed["on"] == "cpu" else tensor.to(device)
    if kind == "dtype":
        return getattr(torch, packed["name"])
    if kind == "dict":
        return {k: _unpack(v, f"{name}.{k}", tensors, device) for k, v in packed["items"].items()}
    items = [_unpack(each, f"{name}.{i}", tensors, device) for i, each in enumerate(packed["items"])]
    if kind == "deque":
        return deque(items, packed["longest"])
    return tuple(items) if kind == "tuple" else items


def _as_paged(optimizer: Any, parameter: Tensor, saved: Tensor) -> Tensor:  # noqa: ANN401 - bitsandbytes' own
    """The same numbers where the optimizer would keep them, outside of what the GPU has for the rest."""
    buffer: Tensor = optimizer.get_state_buffer(parameter, dtype=saved.dtype)
    if parameter.is_cuda:
        torch.cuda.synchronize(parameter.device)
    buffer.copy_(saved)
    return buffer
