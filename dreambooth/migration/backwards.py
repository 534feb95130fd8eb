"""Our settings in the words of the old extension, for programs that were written for it.

What its words cannot say is left out, so that settings which come back as they went change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ModelRecord, config_to_json, value_of
from dreambooth.migration.concepts import FIELDS
from dreambooth.migration.conversions import OLD_SAVE_EVERY_EPOCHS
from dreambooth.migration.places import To, as_it_is
from dreambooth.migration.table import LATEST

OPTIMIZERS = {
    "adamw": "Torch AdamW",
    "adamw_8bit": "8bit AdamW",
    "paged_adamw_8bit": "Paged 8bit AdamW",
    "lion": "Lion",
    "lion_8bit": "8bit Lion",
    "paged_lion_8bit": "Paged 8bit Lion",
    "came": "CAME",
    "prodigy": "Prodigy",
    "dadapt_adam": "AdamW Dadaptation",
    "dadapt_sgd": "SGD Dadaptation",
    "sophia": "Sophia",
}
SCHEDULES = {
    "constant": "constant_with_warmup",
    "linear": "linear_with_warmup",
    "cosine": "cosine",
    "cosine_with_restarts": "cosine_with_restarts",
    "polynomial": "polynomial",
    "rex": "rex",
}
SAMPLERS = {
    "ddim": "ddim",
    "euler": "EulerDiscrete",
    "euler_a": "EulerAncestralDiscrete",
    "dpmpp_2m": "DPMSolverMultistep",
    "unipc": "UniPCMultistep",
}
MODEL_TYPES = {"sd1": "v1x", "sdxl": "SDXL"}
RESULT, SNAPSHOT = ("result", "both"), ("snapshot", "both")
PRECISIONS = ("no", "fp16", "bf16")
Told = tuple[str, Any]


def settings_to_old(config: TrainConfig) -> dict[str, Any]:
    """The settings that the old extension had as well, by its names; concepts apart."""
    parts = (_same, _training, _captions, _objective, _lora, _saving)
    return dict(told for part in parts for told in part(config))


def concept_to_old(concept: Concept) -> dict[str, Any]:
    """A concept by the old names."""
    return {field.name: getattr(concept, field.name) for field in fields(concept) if field.name in FIELDS}


def facts_to_old(record: ModelRecord) -> dict[str, Any]:
    """What is known of the model beside its settings; ``revision`` counted images."""
    data = record.config.data
    images = record.lifetime_steps * data.batch_size * data.gradient_accumulation_steps
    images *= record.config.machines.num_processes
    is_sd2 = record.family == "sd2"
    sd2 = "v2x" if record.native_resolution > 512 else "v2x-512"
    return {
        "src": record.source,
        "revision": images,
        "lifetime_revision": images,
        "epoch": record.lifetime_epochs,
        "v2": is_sd2,
        "model_type": sd2 if is_sd2 else MODEL_TYPES.get(record.family, "v1x"),
        "has_ema": False,
        "use_concepts": False,
        "concepts_path": "",
        "concepts_list": [concept_to_old(concept) for concept in record.config.concepts],
    }


def _same(config: TrainConfig) -> Iterator[Told]:
    """Settings that have the same value in both, whatever they are called."""
    values = config_to_json(config)
    for key, place in LATEST.items():
        if isinstance(place, To) and place.convert is as_it_is:
            yield key, value_of(values, place.settings[0])


def _training(config: TrainConfig) -> Iterator[Told]:
    images_per_update = config.data.batch_size * config.data.gradient_accumulation_steps
    if config.optimizer.name in OPTIMIZERS:
        yield "optimizer", OPTIMIZERS[config.optimizer.name]
    clipping = config.optimizer.text_encoder_max_grad_norm
    if clipping:
        yield "tenc_grad_clip_norm", max(0.0, clipping)
    yield "learning_rate", config.optimizer.unet_lr
    yield "txt_learning_rate", config.optimizer.text_encoder_lr
    if config.schedule.name in SCHEDULES:
        yield "lr_scheduler", SCHEDULES[config.schedule.name]
    yield "lr_warmup_steps", config.schedule.warmup_steps * images_per_update
    yield "stop_text_encoder", config.parts.text_encoder_fraction
    if config.parts.train_unet or config.parts.text_encoder_fraction == 1:
        yield "train_unet", config.parts.train_unet
    if config.precision.mixed_precision in PRECISIONS:
        yield "mixed_precision", config.precision.mixed_precision
    yield "use_ema", config.ema.enabled
    if config.augment.flip_probability in (0, 0.5):
        yield "hflip", config.augment.flip_probability > 0


def _objective(config: TrainConfig) -> Iterator[Told]:
    preservation = config.preservation
    yield "dream_detail_preservation", config.loss.dream_detail_preservation / 2
    yield "prior_loss_scale", preservation.final_weight >= 0
    if preservation.final_weight >= 0:
        yield "prior_loss_weight_min", preservation.final_weight
        yield "prior_loss_target", round(preservation.fall_fraction * config.duration.num_epochs)


def _captions(config: TrainConfig) -> Iterator[Told]:
    yield "clip_skip", config.captions.clip_skip
    yield "max_token_length", int(config.captions.max_tokens)


def _lora(config: TrainConfig) -> Iterator[Told]:
    lora = config.lora
    if config.adapter in ("none", "lora"):
        yield "use_lora", config.adapter == "lora"
    yield "lora_learning_rate", lora.unet_lr
    yield "lora_txt_learning_rate", lora.text_encoder_lr
    if lora.alpha == lora.rank:
        yield "lora_unet_rank", lora.rank
        if lora.conv_rank in (0, lora.rank):
            yield "use_lora_extended", lora.conv_rank > 0


def _saving(config: TrainConfig) -> Iterator[Told]:
    saving = config.saving
    for kind in ("ckpt", "lora"):
        if saving.during != "nothing" or not saving.save_every_epochs:
            yield f"save_{kind}_during", saving.save_every_epochs > 0 and saving.during in RESULT
        yield f"save_{kind}_after", saving.at_end in RESULT
        if saving.on_stop != "as_at_end":
            yield f"save_{kind}_cancel", saving.on_stop in RESULT
    yield "save_state_during", saving.save_every_epochs > 0 and saving.during in SNAPSHOT
    yield "save_state_after", saving.at_end in SNAPSHOT
    if saving.on_stop != "as_at_end":
        yield "save_state_cancel", saving.on_stop in SNAPSHOT
    yield "epoch_pause_frequency", config.duration.pause_every_epochs
    yield "epoch_pause_time", config.duration.pause_seconds
    yield "save_embedding_every", saving.save_every_epochs or OLD_SAVE_EVERY_EPOCHS
    yield "save_preview_every", config.samples.sample_every_epochs
    yield "scheduler", SAMPLERS[config.samples.sampler]
    if saving.dtype != "bf16":
        yield "half_model", saving.dtype == "fp16"
