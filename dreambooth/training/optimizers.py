"""Builds the optimizer that was asked for; never another one."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from dreambooth.config.arguments import parse_arguments
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.optimizer_kinds import KINDS, OptimizerKind
from dreambooth.training.errors import MissingPackage, OptimizerFault
from dreambooth.training.groups import Group
from dreambooth.training.optimizer_state import optimizer_to_tensors
from dreambooth.training.separate import Separate

Optimizer = torch.optim.Optimizer
TRIED_SHAPE = (8, 8)


def build_optimizer(config: OptimizerConfig, groups: Sequence[Group]) -> Optimizer:
    """An optimizer of these groups, which keep their names and their full learning rates as ``base_lr``.

    Raises MissingPackage or OptimizerFault. One that estimates its rate does so for each group apart, so that
    every learning rate counts: the field's own estimate one for all, and heed the rate of the first.
    """
    for group in groups:
        for parameter in group.parameters:
            _refuse_device(config, parameter.device)
    build = _constructor(config)
    told = [
        {
            "params": list(group.parameters),
            "lr": group.lr,
            "base_lr": group.lr,
            "name": group.name,
            "is_text": group.is_text,
            "weight_decay": _weight_decay(config, group),
        }
        for group in groups
    ]
    return Separate(build, told) if KINDS[config.name].estimates_rate else build(told)


def try_optimizer(config: OptimizerConfig, device: torch.device) -> None:
    """Take and keep a step of one small weight: what cannot work is refused before a model is loaded.

    The step is taken on the CPU, since the device may still be a webui's. What bitsandbytes can do on the
    device is shown by ``doctor``.
    """
    _refuse_device(config, device)
    build = _constructor(config)
    weight = nn.Parameter(torch.zeros(TRIED_SHAPE))
    optimizer = build([{"params": [weight], "lr": 1e-6}])
    if KINDS[config.name].class_name.startswith("bitsandbytes."):
        return
    weight.grad = torch.full_like(weight, 1e-3)
    try:
        optimizer.step()
    except Exception as error:  # whatever somebody else's class raises
        raise OptimizerFault(f"{_called(config)} cannot take a step: {error}") from error
    optimizer_to_tensors(optimizer)


def _refuse_device(config: OptimizerConfig, device: torch.device) -> None:
    if KINDS[config.name].is_paged and device.type != "cuda":
        raise OptimizerFault(f"{config.name} needs CUDA; choose {config.name.removeprefix('paged_')}")


def describe_optimizer(config: OptimizerConfig) -> str:
    """Its class with all that it is told, as in a line of Python."""
    found, arguments = _find_class(config)
    told = ", ".join(f"{name}={value!r}" for name, value in sorted(arguments.items()))
    return f"{found.__module__}.{found.__qualname__}({told})"


def set_lrs(optimizer: Optimizer, *, unet: float, text: float) -> dict[str, float]:
    """Give every group its share of the full learning rate; returns by name the rates that this comes to."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * (text if group["is_text"] else unet)
    return {group["name"]: effective_lr(group) for group in optimizer.param_groups}


def set_base_lrs(optimizer: Optimizer, groups: Sequence[Group]) -> None:
    """Other full learning rates for the same groups, from the next step on."""
    rates = {group.name: group.lr for group in groups}
    for group in optimizer.param_groups:
        group["base_lr"] = rates[group["name"]]


def is_average(optimizer: Optimizer) -> bool:
    """Whether it shows other weights than those that learn, as schedule-free optimizers do."""
    return callable(getattr(optimizer, "train", None)) and callable(getattr(optimizer, "eval", None))


def effective_lr(group: Mapping[str, Any]) -> float:
    """The rate of a group; times the estimate ``d`` of those that estimate one and begin it at ``d0``."""
    return float(group["lr"] * group["d"]) if group.get("estimates_rate") else float(group["lr"])


def _called(config: OptimizerConfig) -> str:
    return config.class_name if config.name == "custom" else config.name


def _weight_decay(config: OptimizerConfig, group: Group) -> float:
    has_own = group.is_text and config.text_encoder_weight_decay >= 0
    return config.text_encoder_weight_decay if has_own else config.weight_decay


def _find_class(config: OptimizerConfig) -> tuple[type[Optimizer], dict[str, Any]]:
    """The class and what it is told besides its groups."""
    kind = KINDS[config.name]
    found = _load_class(config.class_name if config.name == "custom" else kind.class_name, config.name)
    return found, _arguments(config, kind, inspect.signature(found).parameters)


def _constructor(config: OptimizerConfig) -> Callable[[list[dict[str, Any]]], Optimizer]:
    kind = KINDS[config.name]
    found, arguments = _find_class(config)

    def build(told: list[dict[str, Any]]) -> Optimizer:
        try:
            optimizer: Optimizer = found(told, **arguments)
        except Exception as error:  # whatever somebody else's class raises
            raise OptimizerFault(f"{_called(config)} refuses its arguments: {error}") from error
        if is_average(optimizer):
            optimizer.train()  # type: ignore[attr-defined]
        for group in optimizer.param_groups:
            group["estimates_rate"] = kind.estimates_rate or {"d", "d0"} <= optimizer.defaults.keys()
        return optimizer

    return build


def _arguments(
    config: OptimizerConfig, kind: OptimizerKind, known: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """What the class is told besides its groups; what was typed counts before the fields."""
    typed = parse_arguments(config.arguments)
    if unknown := [name for name in typed if name not in known]:
        names = [
            name
            for name, parameter in known.items()
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
            and name not in ("params", "lr", "weight_decay")
        ]
        raise OptimizerFault(
            f"optimizer.arguments: {_called(config)} knows no {', '.join(unknown)}; it knows "
            f"{', '.join(names) or 'none'}"
        )
    own: dict[str, Any] = {"weight_decay": config.weight_decay}
    if config.name == "custom":
        return {name: value for name, value in {**own, **_set_betas(config)}.items() if name in known} | typed
    own |= kind.arguments
    if kind.betas:
        firsts = [config.beta1, config.beta2, *kind.betas[2:]]
        given = zip(firsts, kind.betas, strict=False)
        own["betas"] = tuple(usual if value is None or value < 0 else value for value, usual in given)
    if kind.momentum is not None:
        own["momentum"] = kind.momentum if config.beta1 < 0 else config.beta1
    if kind.has_epsilon:
        own["eps"] = config.epsilon
    return own | typed


def _set_betas(config: OptimizerConfig) -> dict[str, Any]:
    """Betas for a class of which nothing is known, where both were set."""
    return {"betas": (config.beta1, config.beta2)} if min(config.beta1, config.beta2) >= 0 else {}


def _load_class(path: str, name: str) -> type[Optimizer]:
    module_name, _, class_name = path.rpartition(".")
    package = module_name.partition(".")[0]
    try:
        module = importlib.import_module(module_name)
    except (ImportError, OSError) as error:
        asked = f"the optimizer {path}" if name == "custom" else name
        raise MissingPackage(
            f"{asked} needs the package {package}, which does not load here ({error}); install it, or choose "
            "the optimizer adamw"
        ) from None
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Optimizer)):
        raise OptimizerFault(f"optimizer.class_name: {module_name} has no optimizer {class_name}")
    return found
