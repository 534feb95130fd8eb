"""How values of kohya's scripts and their form become ours where the two count or name differently."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path
from typing import Any

from dreambooth.migration.places import Becomes, Convert, Old, Unfit, WithoutMeaning, to_number

OPTIMIZERS = {
    "adamw": "adamw",
    "adamw8bit": "adamw_8bit",
    "pagedadamw8bit": "paged_adamw_8bit",
    "lion": "lion",
    "lion8bit": "lion_8bit",
    "pagedlion8bit": "paged_lion_8bit",
    "adafactor": "adafactor",
    "came": "came",
    "prodigy": "prodigy",
    "dadaptation": "dadapt_adam",
    "dadaptadam": "dadapt_adam",
    "dadaptsgd": "dadapt_sgd",
    "adamwschedulefree": "schedule_free_adamw",
    "radamschedulefree": "schedule_free_radam",
    "sgdschedulefree": "schedule_free_sgd",
    "dadaptlion": "pytorch_optimizer.DAdaptLion",
    "dadaptadan": "pytorch_optimizer.DAdaptAdan",
    "dadaptadagrad": "pytorch_optimizer.DAdaptAdaGrad",
    "pagedadamw": "bitsandbytes.optim.PagedAdamW",
    "pagedadamw32bit": "bitsandbytes.optim.PagedAdamW32bit",
    "ademamix8bit": "bitsandbytes.optim.AdEMAMix8bit",
    "pagedademamix8bit": "bitsandbytes.optim.PagedAdEMAMix8bit",
}  # by our name, or by that of a class
ARGUMENTS = {"decouple": "weight_decouple", "use_bias_correction": "bias_correction"}
SCHEDULES = {
    "constant": "constant",
    "constant_with_warmup": "constant",
    "linear": "linear",
    "cosine": "cosine",
    "cosine_with_min_lr": "cosine",
    "cosine_with_restarts": "cosine_with_restarts",
    "polynomial": "polynomial",
}
SAMPLERS = {
    "ddim": "ddim",
    "euler": "euler",
    "k_euler": "euler",
    "euler_a": "euler_a",
    "k_euler_a": "euler_a",
    "dpmsolver": "dpmpp_2m",
    "dpmsolver++": "dpmpp_2m",
}
ADAPTERS = {
    "standard": "lora",
    "kohya locon": "lora",
    "kohya loha": "loha",
    "kohya lokr": "lokr",
    "lycoris/locon": "lora",
    "lycoris/loha": "loha",
    "lycoris/lokr": "lokr",
    "networks.lora": "lora",
    "networks.loha": "loha",
    "networks.lokr": "lokr",
}
ALGORITHMS = {"lora": "lora", "locon": "lora", "loha": "loha", "lokr": "lokr"}
DTYPES = {"float": "fp32", "fp32": "fp32", "fp16": "fp16", "bf16": "bf16"}
UNSET = ("", 0, False, None)  # what their form writes where nothing was entered
COLOUR_PROBABILITY = 0.33  # of their colour augmentation
FLIP_PROBABILITY = 0.5


def trains_adapter(old: Old) -> bool:
    """Whether the file is of an adapter: only those name a network."""
    return any(old.values.get(key) for key in ("network_module", "LoRA_type", "network_dim"))


def named(table: dict[str, str], what: str) -> Convert:
    """A name of theirs by ours."""

    def convert(value: Any, _: Old) -> str:  # noqa: ANN401 - like the others here: whatever stands in the file
        if str(value).lower() not in table:
            raise Unfit(f"{value} is not available here; {what} stays as it is")
        return table[str(value).lower()]

    return convert


def optimizer(value: object, _: Old) -> Becomes:
    """By our name, or a class by its dotted path."""
    name = OPTIMIZERS.get(str(value).lower(), str(value))
    if name in OPTIMIZERS.values() and "." not in name:
        return {"optimizer.name": name}
    if "." in name:
        return {"optimizer.name": "custom", "optimizer.class_name": name}
    raise Unfit(f"{name} is not available here; name a class by its dotted path in optimizer.class_name")


def arguments(value: object, _: Old) -> Becomes:
    """A list of key=value as one line, by the names that our optimizers have; the decay has a setting."""
    words = value if isinstance(value, list) else str(value).split()
    told = dict(str(word).partition("=")[::2] for word in words)
    plain = {ARGUMENTS.get(name, name): _literal(text) for name, text in told.items()}
    decay = {"optimizer.weight_decay": plain.pop("weight_decay")} if "weight_decay" in plain else {}
    return {**decay, "optimizer.arguments": ", ".join(f"{name}={text!r}" for name, text in plain.items())}


def _literal(text: str) -> Any:  # noqa: ANN401 - whatever an optimizer may take
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        raise Unfit(f"{text!r} is not a plain value") from None


def adapter(value: object, old: Old) -> str:
    """Which kind of adapter a network module, or the form's name for one, is."""
    name = str(value).lower()
    if name == "lycoris.kohya":
        found = re.search(r"algo=(\w+)", " ".join(map(str, old.values.get("network_args") or [])))
        name = found[1].lower() if found else "lora"
        if name in ALGORITHMS:
            return ALGORITHMS[name]
    if name not in ADAPTERS:
        raise Unfit(f"{value} is not available here; choose lora, loha or lokr")
    return ADAPTERS[name]


def rate(part: str) -> Convert:
    """A learning rate: of the adapter when the file is of one; 0 or nothing was not set."""

    def convert(value: Any, old: Old) -> Becomes:  # noqa: ANN401
        if value in UNSET:
            raise WithoutMeaning("was not set")
        section = "lora" if trains_adapter(old) else "optimizer"
        return {f"{section}.{part}": _number(value)}

    return convert


def shared_rate(value: Any, old: Old) -> Becomes:  # noqa: ANN401
    """The rate of every part that has none of its own."""
    section = "lora" if trains_adapter(old) else "optimizer"
    parts = {"unet_lr": ("unet_lr",), "text_encoder_lr": ("text_encoder_lr", "learning_rate_te")}
    free = [ours for ours, theirs in parts.items() if all(old.values.get(key) in UNSET for key in theirs)]
    if not free:
        raise WithoutMeaning("each part has a rate of its own")
    return dict.fromkeys((f"{section}.{part}" for part in free), _number(value))


def warmup(value: Any, _: Old) -> Becomes:  # noqa: ANN401
    """Steps, or below 1 a share of them."""
    number = _number(value)
    if 0 < number < 1:
        return {"schedule.warmup_fraction": number}
    return {"schedule.warmup_steps": int(number)}


def warmup_percent(value: Any, _: Old) -> Becomes:  # noqa: ANN401
    """Of the form: percent of all steps."""
    return {"schedule.warmup_fraction": _number(value) / 100}


def resolution(value: Any, _: Old) -> int:  # noqa: ANN401
    """One side, or two of them: the side of a square of the same area."""
    sides = [int(part) for part in re.findall(r"\d+", str(value))]
    if not sides:
        raise Unfit(f"{value!r} names no size")
    return round(math.sqrt(sides[0] * sides[-1]) / 64) * 64 if len(sides) > 1 else sides[0]


def whole(value: Any, _: Old) -> int:  # noqa: ANN401
    """A whole number, which their form keeps as text at times."""
    return int(_number(value))


def number(value: Any, _: Old) -> float:  # noqa: ANN401
    """A number, which their form keeps as text at times."""
    return _number(value)


def text(value: Any, _: Old) -> str:  # noqa: ANN401
    """A text."""
    return str(value)


def flag(value: object, _: Old) -> bool:
    """A yes or no."""
    return str(value).lower() in ("true", "1", "yes")


def unless(value: object, old: Old) -> bool:
    """The opposite of a yes or no."""
    return not flag(value, old)


def share_if_on(share: float) -> Convert:
    """A share where theirs is a yes."""

    def convert(value: Any, old: Old) -> float:  # noqa: ANN401
        return share if flag(value, old) else 0.0

    return convert


def choice_if_on(setting: str, choice: str) -> Convert:
    """A choice where theirs is a yes; nothing where it is a no."""

    def convert(value: Any, old: Old) -> Becomes:  # noqa: ANN401
        if not flag(value, old):
            raise WithoutMeaning("was not set")
        return {setting: choice}

    return convert


def pyramid(value: Any, old: Old) -> Becomes:  # noqa: ANN401
    """Levels of noise that shrink by a discount; 0 levels: off, whatever the discount."""
    levels = int(_number(value))
    if levels == 0:
        return {"noise.pyramid_discount": 0.0}
    discount = old.values.get("multires_noise_discount") or 0.3
    return {"noise.pyramid_levels": min(levels, 10), "noise.pyramid_discount": _number(discount)}


def kept_saves(value: Any, old: Old) -> int:  # noqa: ANN401
    """How many files are kept of the last so many epochs."""
    every = old.values.get("save_every_n_epochs") or 1
    return max(1, math.ceil(_number(value) / _number(every)))


def text_encoder_stop(value: Any, old: Old) -> Becomes:  # noqa: ANN401
    """Percent of the steps in the form, steps in the scripts; -1: it learns to the end."""
    stop = _number(value)
    if stop < 0:
        return {"parts.text_encoder_fraction": 0.0}
    if stop == 0:
        return {"parts.text_encoder_fraction": 1.0}
    steps = _number(old.values.get("max_train_steps") or 0)
    if "stop_text_encoder_training_pct" in old.values or not steps:
        return {"parts.text_encoder_fraction": min(1.0, stop / 100)}
    return {"parts.text_encoder_fraction": min(1.0, stop / steps)}


def unet_only(value: Any, old: Old) -> Becomes:  # noqa: ANN401
    """Whether the text encoder stays as it is."""
    return {"parts.text_encoder_fraction": 0.0 if flag(value, old) else 1.0}


def text_encoder_only(value: Any, old: Old) -> Becomes:  # noqa: ANN401
    """Whether the U-Net stays as it is."""
    if not flag(value, old):
        raise WithoutMeaning("was not set")
    return {"parts.train_unet": False, "parts.text_encoder_fraction": 1.0}


def existing(value: Any, _: Old) -> str:  # noqa: ANN401
    """A file or folder, when it is on this machine."""
    if not Path(str(value)).exists():
        raise Unfit(f"{value} is not on this machine")
    return str(value)


def first_prompt(value: Any, _: Old) -> str:  # noqa: ANN401
    """The first line that is no comment, without their flags."""
    lines = [line.strip() for line in str(value).splitlines() if line.strip() and not line.startswith("#")]
    if not lines or lines[0].lower().endswith((".txt", ".toml", ".json")):
        raise Unfit("prompts in a file are not read; write the first one into the concept")
    return re.split(r"\s--\w", lines[0])[0].strip()


def _number(value: object) -> float:
    try:
        return to_number(float(value)) if isinstance(value, str) else to_number(value)
    except ValueError:
        raise Unfit(f"{value!r} is not a number") from None
