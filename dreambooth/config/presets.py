"""Named sets of settings: for what there is to learn, and for the memory there is to learn it in.

A preset sets what it names and leaves everything else alone. What a small and a large model need differs, so
a preset is for certain families.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dreambooth.config.option import Value
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import concept_from_json, config_to_json, with_values

SMALL = ("sd1", "sd2")
LARGE = ("sdxl",)
ALL = (*SMALL, *LARGE)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Settings by dotted name, and fields that every concept gets."""

    name: str
    told: str  # one sentence: for whom it is
    families: tuple[str, ...] = ALL
    values: Mapping[str, Value]
    concept_values: Mapping[str, Value] = field(default_factory=dict)


def with_preset(config: TrainConfig, preset: Preset) -> TrainConfig:
    """The settings with those of a preset; raises ConfigError when one is no setting, or not allowed."""
    concepts = tuple(
        concept_from_json({**config_to_json(concept), **preset.concept_values}) for concept in config.concepts
    )
    return with_values(replace(config, concepts=concepts), preset.values)


def presets_for(family: str) -> tuple[Preset, ...]:
    """The presets that come with the trainer, for models of this family."""
    return tuple(preset for preset in PRESETS if family in preset.families)


_LORA: Mapping[str, Value] = {
    "adapter": "lora",
    "lora.rank": 16,
    "lora.alpha": 16.0,
    "lora.conv_rank": 0,
    "lora.conv_alpha": 0.0,
    "lora.unet_lr": 1e-4,
    "lora.text_encoder_lr": 5e-5,
    "ema.enabled": False,
    "data.batch_size": 1,
    "data.gradient_accumulation_steps": 1,
    "data.cache_latents": True,
    "precision.mixed_precision": "auto",
    "precision.gradient_checkpointing": False,
    "parts.train_unet": True,
    "parts.text_encoder_fraction": 0.0,
}
_SMALL_LORA: Mapping[str, Value] = {
    **_LORA,
    "lora.rank": 8,
    "lora.alpha": 8.0,
    "precision.gradient_checkpointing": True,
}
_PERSON_TOLD = "One person from ten to thirty pictures, beside class images that keep other people apart."
_PERSON: Mapping[str, Value] = {
    "method": "dreambooth",
    "duration.num_epochs": 150,
    "duration.max_steps": 0,
    "parts.train_unet": True,
    "preservation.weight": 1.0,
}
_FULL: Mapping[str, Value] = {
    "adapter": "none",
    "optimizer.name": "adamw",
    "optimizer.unet_lr": 2e-6,
    "optimizer.text_encoder_lr": 1e-6,
    "ema.enabled": False,
    "data.batch_size": 1,
    "data.gradient_accumulation_steps": 1,
    "data.cache_latents": True,
    "precision.mixed_precision": "auto",
    "precision.gradient_checkpointing": False,
    "parts.train_unet": True,
    "parts.text_encoder_fraction": 0.0,
}
_LEAN_FULL: Mapping[str, Value] = {
    **_FULL,
    "optimizer.name": "adamw_8bit",
    "precision.gradient_checkpointing": True,
}

_UNWANTED = "(bad anatomy:1.3), (bad hands:1.3), (watermark:1.3), (cropped:1.2), (((text)))"  # of drawings

PRESETS: tuple[Preset, ...] = (
    Preset(
        name="LoRA, small card (8 GB)",
        told="A small file beside the model, with the least memory; a third slower.",
        families=SMALL,
        values=_SMALL_LORA,
    ),
    Preset(
        name="LoRA, small card (12 GB)",
        told="A small file beside an SDXL, at three quarters of its resolution, with the least memory.",
        families=LARGE,
        values={**_SMALL_LORA, "data.resolution": 768, "data.bucket_step_px": 64},
    ),
    Preset(
        name="LoRA, usual",
        told="What most people want: a likeness in a small file that mixes with others.",
        families=SMALL,
        values=_LORA,
    ),
    Preset(
        name="LoRA, usual (16 GB)",
        told="What most people want: a likeness in a small file that mixes with others.",
        families=LARGE,
        values={
            **_LORA,
            "data.resolution": 1024,
            "data.bucket_step_px": 64,
            "precision.gradient_checkpointing": True,
        },
    ),
    Preset(
        name="Full model, 12 GB",
        told="All weights learn, with a rounded optimizer (bitsandbytes) and checkpointing.",
        families=SMALL,
        values=_LEAN_FULL,
    ),
    Preset(
        name="Full model, 24 GB",
        told="All weights learn, exactly: the closest likeness, and a checkpoint as large as the source.",
        families=SMALL,
        values=_FULL,
    ),
    Preset(
        name="Full model, 40 GB",
        told="All weights of an SDXL learn, with a rounded optimizer (bitsandbytes) and checkpointing.",
        families=LARGE,
        values={
            **_LEAN_FULL,
            "optimizer.unet_lr": 1e-6,
            "optimizer.text_encoder_lr": 5e-7,
            "data.resolution": 1024,
            "data.bucket_step_px": 64,
        },
    ),
    Preset(
        name="Person",
        told=_PERSON_TOLD,
        families=SMALL,
        values={**_PERSON, "parts.text_encoder_fraction": 0.3},
        concept_values={"num_class_images_per": 5},
    ),
    Preset(
        name="Person",
        told=_PERSON_TOLD,
        families=LARGE,
        values={**_PERSON, "parts.text_encoder_fraction": 0.0},
        concept_values={"num_class_images_per": 5},
    ),
    Preset(
        name="Object or style",
        told="One thing or one manner of drawing from a few pictures, without class images.",
        values={
            "method": "dreambooth",
            "duration.num_epochs": 100,
            "duration.max_steps": 0,
            "parts.train_unet": True,
            "parts.text_encoder_fraction": 0.0,
        },
        concept_values={"num_class_images_per": 0},
    ),
    Preset(
        name="Character (tagged pictures)",
        told="A drawn character from about twenty tagged pictures, trained until you stop it: previews and "
        "saves every 10 epochs tell when. Name the token; class images come from the same tags.",
        families=SMALL,
        values={
            **_LEAN_FULL,
            "method": "hybrid",
            "optimizer.unet_lr": 1e-6,
            "duration.num_epochs": 1_000_000,
            "duration.max_steps": 0,
            "saving.save_every_epochs": 10,
            "saving.keep_last": 5,
            "samples.sample_every_epochs": 10,
            "samples.sampler": "ddim",
            "samples.judge_saves": True,
        },
        concept_values={
            "instance_prompt": "[filewords]",
            "class_prompt": "[filewords]",
            "class_negative_prompt": _UNWANTED,
            "save_sample_negative_prompt": _UNWANTED,
            "num_class_images_per": 10,
        },
    ),
    Preset(
        name="Style or larger set (fine-tune)",
        told="Fifty pictures or more with captions: these alone are the prompts, without a token.",
        values={
            "method": "finetune",
            "duration.num_epochs": 20,
            "duration.max_steps": 0,
            "schedule.name": "cosine",
            "schedule.warmup_steps": 100,
            "captions.dropout_probability": 0.1,
            "parts.train_unet": True,
            "parts.text_encoder_fraction": 0.0,
        },
        concept_values={
            "instance_prompt": "[filewords]",
            "instance_token": "",
            "num_class_images_per": 0,
        },
    ),
    Preset(
        name="Hybrid",
        told="One subject in many scenes that captions describe: the prompts become [filewords].",
        values={
            "method": "hybrid",
            "duration.num_epochs": 80,
            "duration.max_steps": 0,
            "captions.shuffle_tags": False,
            "captions.dropout_probability": 0.0,
            "parts.train_unet": True,
        },
        concept_values={"instance_prompt": "[filewords]"},
    ),
)
