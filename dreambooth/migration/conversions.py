"""How values of the old extension become values of ours where the two count or name differently."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dreambooth.config.option import Value
from dreambooth.migration.places import Becomes, Convert, Old, Unfit, WithoutMeaning, to_number

OPTIMIZERS = {
    "8bit adamw": "adamw_8bit",
    "8bit adam": "adamw_8bit",
    "torch adamw": "adamw",
    "adamw": "adamw",
    "paged 8bit adamw": "paged_adamw_8bit",
    "lion": "lion",
    "8bit lion": "lion_8bit",
    "paged 8bit lion": "paged_lion_8bit",
    "adafactor": "adafactor",
    "came": "came",
    "prodigy": "prodigy",
    "adamw dadaptation": "dadapt_adam",
    "sgd dadaptation": "dadapt_sgd",
    "sophia": "sophia",
    "adan dadaptation": "pytorch_optimizer.DAdaptAdan",
    "lion dadaptation": "pytorch_optimizer.DAdaptLion",
    "apollo": "pytorch_optimizer.ApolloDQN",
    "tiger": "pytorch_optimizer.Tiger",
}  # by our name, or by that of a class
SCHEDULES = {
    "constant": "constant",
    "constant_with_warmup": "constant",
    "linear_with_warmup": "linear",
    "cosine": "cosine",
    "cosine_annealing": "cosine",
    "cosine_with_restarts": "cosine_with_restarts",
    "cosine_annealing_with_restarts": "cosine_with_restarts",
    "polynomial": "polynomial",
    "rex": "rex",
}
WITHOUT_WARMUP = ("constant", "linear", "cosine_annealing", "cosine_annealing_with_restarts", "rex")
SAMPLERS = {
    "ddim": "ddim",
    "euler": "euler",
    "eulerdiscrete": "euler",
    "euler-ancestral": "euler_a",
    "eulerancestraldiscrete": "euler_a",
    "dpm": "dpmpp_2m",
    "dpmsolvermultistep": "dpmpp_2m",
    "unipcmultistep": "unipc",
}
OLD_SAVE_EVERY_EPOCHS = 25  # its default
OLD_RANK = 4  # its default
OLD_NUM_EPOCHS = 100  # its default, as those of the next two
OLD_PRIOR_LOSS_TARGET = 100
OLD_LEAST_PRIOR_WEIGHT = 0.1


def _look_up(value: object, table: dict[str, str], what: str) -> str:
    if not isinstance(value, str):
        raise Unfit(f"{value!r} is not the name of {what}")
    if value.lower() not in table:
        raise Unfit(f"{value} is not available yet; {what} stays at its default")
    return table[value.lower()]


def optimizer(value: Any, _: Old) -> Becomes:  # noqa: ANN401 - like the others here: whatever stands in the file
    """Its name here, or its class; its Adafactor scaled the rate by the size of the weights."""
    ours = _look_up(value, OPTIMIZERS, "the optimizer")
    if "." in ours:
        return {"optimizer.name": "custom", "optimizer.class_name": ours}
    if ours == "adafactor":
        return {"optimizer.name": ours, "optimizer.arguments": "scale_parameter=True"}
    return {"optimizer.name": ours}


def eight_bit(value: object, _: Old) -> str:
    """The check box that there was before the list of optimizers."""
    return "adamw_8bit" if to_flag(value) else "adamw"


def flip_probability(value: object, _: Old) -> float:
    """Half of the showings, where pictures were mirrored at all."""
    return 0.5 if to_flag(value) else 0.0


def crop(value: object, _: Old) -> str:
    """The middle, or any part: without the check box pictures were cut at random."""
    return "center" if to_flag(value) else "random"


def to_flag(value: object) -> bool:
    """A yes or no; raises Unfit."""
    if not isinstance(value, bool):
        raise Unfit(f"{value!r} is neither true nor false")
    return value


def inverse(value: object, _: Old) -> bool:
    """Of a setting that meant the opposite."""
    return not to_flag(value)


def _refuse_foreign_rate(old: Old) -> None:
    """Rates of other optimizers, up to 1.0, would destroy a model under AdamW."""
    name = old.text("optimizer").lower()
    if name and name not in OPTIMIZERS:
        raise WithoutMeaning(f"is a rate for {old.text('optimizer')}, which is not available yet")


def text_encoder_clipping(value: object, _: Old) -> float:
    """Its longest gradient; 0 was no clipping of its own, which is as the U-Net's here."""
    return to_number(value) or -1


def adapter_rate(value: object, old: Old) -> float:
    """A learning rate of the LoRA."""
    _refuse_foreign_rate(old)
    return to_number(value)


def learning_rate(value: object, old: Old) -> Becomes:
    """Of the U-Net; the text encoder had none of its own before May 2023. May have been multiplied."""
    _refuse_foreign_rate(old)
    rate = to_number(value) * (old.images_per_update if old.flag("scale_lr") else 1)
    rates: dict[str, Value] = {"optimizer.unet_lr": rate}
    if "txt_learning_rate" not in old.values:
        rates["optimizer.text_encoder_lr"] = rate
    return rates


def scaled_learning_rate(value: object, old: Old) -> Becomes:
    """The box that multiplied the learning rate by the images of an update."""
    if not to_flag(value) or "learning_rate" not in old.values:
        raise WithoutMeaning("the learning rate is taken as it stands")
    return learning_rate(old.values["learning_rate"], old)


def schedule(value: object, old: Old) -> str:
    """Its name here. What was called linear rose until 2023 changed it; before, it fell as ours does."""
    if value == "linear" and "lr_factor" not in old.values:
        return "linear"
    if value == "linear":
        raise Unfit("a rising rate is not available; set schedule.warmup_steps instead")
    return _look_up(value, SCHEDULES, "the schedule")


def warmup_steps(value: object, old: Old) -> int:
    """Counted in images by the old extension, in updates here."""
    name, steps = old.text("lr_scheduler"), to_number(value)
    if name in WITHOUT_WARMUP and "lr_factor" in old.values:
        raise WithoutMeaning(f"the schedule {name} had no warm-up")
    return math.ceil(steps if old.is_of_2022 else steps / old.images_per_update)


def min_lr_fraction(value: object, old: Old) -> float:
    """The least rate as a share of the rate; only one kind of schedule had it."""
    if not old.text("lr_scheduler").startswith("cosine_annealing"):
        raise WithoutMeaning("only the cosine_annealing schedules had a least rate")
    _refuse_foreign_rate(old)
    rate = old.number("lora_learning_rate" if old.flag("use_lora") else "learning_rate", 0)
    if rate <= 0:
        raise Unfit("is a share of a learning rate that the file does not tell")
    return min(1.0, to_number(value) / rate)


def text_encoder_fraction(value: object, old: Old) -> float:
    """The share of the epochs; before mid January 2023 their number, -1 for all of them."""
    share = to_number(value)
    if not old.flag("train_unet", default=True):
        return 1.0
    if 0 <= share <= 1:
        return float(share)
    return 1.0 if share < 0 else min(1.0, share / max(1.0, old.number("num_train_epochs", 1)))


def unet_box(value: object, _: Old) -> Becomes:
    """Whether the U-Net learns; without it the text encoder learnt from beginning to end."""
    if to_flag(value):
        return {"parts.train_unet": True}
    return {"parts.train_unet": False, "parts.text_encoder_fraction": 1.0}


def whole_text_encoder(value: object, _: Old) -> float:
    """The check box that there was before the share."""
    return 1.0 if to_flag(value) else 0.0


def rank(value: object, _: Old) -> Becomes:
    """The old extension trained LoRA unscaled, which is an alpha equal to the rank."""
    number = to_number(value)
    if number != int(number):
        raise Unfit(f"{value!r} is not a whole number")
    return {"lora.rank": int(number), "lora.alpha": float(number)}


def extended(value: object, old: Old) -> int:
    """The check box of convolutions, which had the rank of the other layers of the U-Net."""
    if not to_flag(value):
        return 0
    return int(to_number(old.values.get("lora_unet_rank", OLD_RANK)))


def adapter(value: object, _: Old) -> str:
    """The check box of LoRA."""
    return "lora" if to_flag(value) else "none"


def average(value: object, old: Old) -> bool:
    """The old extension kept no average while it trained a LoRA, whatever the box said."""
    wanted = to_flag(value)
    if wanted and old.flag("use_lora"):
        raise WithoutMeaning("a LoRA was trained without an average")
    return wanted


def half_precision(value: object, _: Old) -> str:
    """Of checkpoints."""
    return "fp16" if to_flag(value) else "fp32"


def device(value: object, _: Old) -> str:
    """The check box of the slow way."""
    return "cpu" if to_flag(value) else "auto"


def sampler(value: object, _: Old) -> str:
    """Its name here."""
    return _look_up(value, SAMPLERS, "the sampler")


def precision(value: object, _: Old) -> str:
    """``fp32`` was another word for ``no``."""
    if not isinstance(value, str):
        raise Unfit(f"{value!r} is not the name of a precision")
    return {"fp32": "no", "float32": "no"}.get(value, value)


def save_every(_: object, old: Old) -> Becomes:
    """How often a file is saved during training, when one of the check boxes for it was set."""
    is_wanted = what_was_saved(old, "during") != "nothing"
    every = to_number(old.values.get("save_embedding_every", OLD_SAVE_EVERY_EPOCHS)) if is_wanted else 0
    return _every("saving.save_every", every, old)


def sample_every(value: object, old: Old) -> Becomes:
    """How often previews are drawn."""
    return _every("samples.sample_every", to_number(value), old)


def _every(setting: str, count: float, old: Old) -> Becomes:
    counts_epochs = old.flag("save_use_epochs", default=not old.is_of_2022)
    return {f"{setting}_epochs" if counts_epochs else f"{setting}_steps": int(count)}


def checkpoint_box(value: object, old: Old) -> Becomes:
    """Whether checkpoints of the full model are saved during training."""
    to_flag(value)
    if old.flag("use_lora"):
        raise WithoutMeaning("a LoRA was trained; its own box counts")
    return snapshots_during(value, old)


def lora_box(value: object, old: Old) -> Becomes:
    """Whether LoRA files are saved during training."""
    to_flag(value)
    if not old.flag("use_lora"):
        raise WithoutMeaning("no LoRA was trained")
    return snapshots_during(value, old)


def snapshots_during(value: object, old: Old) -> Becomes:
    """How often anything is saved during training, and what."""
    to_flag(value)
    what = what_was_saved(old, "during")
    every = save_every(value, old)
    told = dict(every) if isinstance(every, Mapping) else {}
    return told if what == "nothing" else {**told, "saving.during": what}


def what_was_saved(old: Old, moment: str) -> str:
    """What the boxes of a moment (``during``, ``after``, ``cancel``) say, by our name for it."""
    kind = "lora" if old.flag("use_lora") else "ckpt"
    has_result = old.flag(f"save_{kind}_{moment}", default=True)
    has_snapshot = old.flag(f"save_state_{moment}")
    if has_snapshot:
        return "both" if has_result else "snapshot"
    return "result" if has_result else "nothing"


def saved_at(moment: str, kind: str = "") -> Convert:
    """How a box of a moment is converted; ``kind`` (``ckpt``, ``lora``) when it is for one kind alone."""

    def convert(value: object, old: Old) -> str:
        to_flag(value)
        if kind and (kind == "lora") != old.flag("use_lora"):
            is_lora = old.flag("use_lora")
            told = "a LoRA was trained; its own box counts" if is_lora else "no LoRA was trained"
            raise WithoutMeaning(told)
        return what_was_saved(old, moment)

    return convert


def seed(value: object, _: Old) -> int:
    """Of the run; -1 was a random one."""
    number = to_number(value)
    if number < 0:
        raise WithoutMeaning("was a random one")
    return int(number)


def dream_exponent(value: object, _: Old) -> float:
    """The old extension raised the variance of the noise to this power, the paper its root."""
    return 2 * to_number(value)


def falling_prior_weight(value: object, old: Old) -> Becomes:
    """The box by which the prior loss weight fell to a least one, over so many epochs."""
    if not to_flag(value):
        raise WithoutMeaning("the prior loss weight was constant")
    epochs = max(1.0, old.number("num_train_epochs", OLD_NUM_EPOCHS))
    share = old.number("prior_loss_target", OLD_PRIOR_LOSS_TARGET) / epochs
    return {
        "preservation.final_weight": old.number("prior_loss_weight_min", OLD_LEAST_PRIOR_WEIGHT),
        "preservation.fall_fraction": min(1.0, max(0.001, share)),
    }


def clip_skip(value: object, old: Old) -> int:
    """The layer of the text encoder; 0 meant the last one too."""
    if old.text("model_type") == "SDXL":
        raise WithoutMeaning("an SDXL model is always read before its last layer")
    return max(1, int(to_number(value)))


def max_tokens(value: object, _: Old) -> str:
    """Up to four chunks; in its last versions, captions were cut at 75 tokens whatever this said."""
    return str(int(to_number(value)))
