"""Which weights learn at which rate: one group for each part, and more where an adapter asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from dreambooth.adapters.layers import adapted_layers
from dreambooth.adapters.sizes import block_values, lr_factors
from dreambooth.config.lora import LoraConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.models.architecture import Architecture
from dreambooth.models.family import Model

SECOND = "text_encoder_2"


@dataclass(frozen=True)
class Group:
    """Weights that share a learning rate; its name is its part's, and how it differs from it."""

    name: str
    lr: float
    parameters: tuple[nn.Parameter, ...]

    @property
    def is_text(self) -> bool:
        """Whether these are weights of a text encoder."""
        return not self.name.startswith("unet")


def learning_groups(
    config: TrainConfig, model: Model, parameters: Mapping[str, Mapping[str, nn.Parameter]]
) -> list[Group]:
    """All that learns (part → name → parameter), in groups; the same settings give the same order."""
    if config.adapter == "none":
        return [
            Group(part, part_lr(config.optimizer, part), tuple(named.values()))
            for part, named in parameters.items()
        ]
    return [group for part in parameters for group in _adapter_groups(config.lora, model, part)]


def refuse_what_is_not_there(config: TrainConfig, architecture: Architecture) -> None:
    """Raise when settings name parts, blocks or layers that the model does not have."""
    if config.noise.zero_terminal_snr and architecture.predicts == "epsilon":
        raise ConfigError(
            "noise.zero_terminal_snr: this model predicts the noise, and of nothing but noise there is "
            "nothing to learn: set it to false, or create the model with --predicts v_prediction"
        )
    if config.loss.like_noise and architecture.predicts == "epsilon":
        raise ConfigError("loss.like_noise: this model predicts the noise itself: set it to false")
    section = "optimizer" if config.adapter == "none" else "lora"
    rates = config.optimizer if config.adapter == "none" else config.lora
    if rates.text_encoder_2_lr >= 0 and SECOND not in architecture.texts:
        raise ConfigError(f"{section}.text_encoder_2_lr: this model has no second text encoder; set -1")
    skip = config.captions.clip_skip
    if architecture.family == "sdxl" and skip != 1:
        raise ConfigError("captions.clip_skip: SDXL always reads the layer before the last; set 1")
    if skip > (most := min(text.layers for text in architecture.text_encoders)):
        raise ConfigError(f"captions.clip_skip: the text encoder has {most} layers; {skip} is too many")
    if config.adapter != "none":
        for setting in ("block_ranks", "block_lr_factors"):
            block_values(config.lora, architecture, setting)


def part_lr(rates: OptimizerConfig | LoraConfig, part: str) -> float:
    """The learning rate of a part; the second text encoder follows the first unless it is told otherwise."""
    if part == "unet":
        return rates.unet_lr
    has_own = part == SECOND and rates.text_encoder_2_lr >= 0
    return rates.text_encoder_2_lr if has_own else rates.text_encoder_lr


def _adapter_groups(config: LoraConfig, model: Model, part: str) -> list[Group]:
    """One group, and of these one for the second matrices of a LoRA+ and for every factor of a block."""
    layers = adapted_layers(model.parts[part])
    has_blocks = part == "unet" and config.block_lr_factors.strip()
    factors = lr_factors(config, model.architecture, layers) if has_blocks else dict.fromkeys(layers, 1.0)
    gathered: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for path, layer in layers.items():
        for name, parameter in layer.parameters.items():
            is_fast = config.loraplus_ratio != 1 and name == "lora_up.weight"
            gathered.setdefault((is_fast, factors[path]), []).append(parameter)
    return [
        Group(
            name=part + (".up" if is_fast else "") + (f".x{factor:g}" if factor != 1 else ""),
            lr=part_lr(config, part) * factor * (config.loraplus_ratio if is_fast else 1.0),
            parameters=tuple(held),
        )
        for (is_fast, factor), held in gathered.items()
    ]
