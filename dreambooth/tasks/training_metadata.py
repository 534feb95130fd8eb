"""What a LoRA file tells about its training: kohya's words, as far as they are true of ours."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.lora import LoraConfig
from dreambooth.config.lr_curve import count_warmup_steps
from dreambooth.config.resolution import largest_resolution, resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ModelRecord
from dreambooth.data.buckets import training_sizes
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.quotas import count_shown
from dreambooth.data.roots.folders import PRESERVATION
from dreambooth.text.reading import CHUNK_TOKENS
from dreambooth.training.groups import part_lr
from dreambooth.training.optimizers import describe_optimizer
from dreambooth.training.run import Run


def training_metadata(run: Run, record: ModelRecord) -> dict[str, str]:
    """All of it, of a training of the model of ``record``; nothing when the file is not to tell."""
    config = run.learner.config
    if not config.saving.metadata:
        return {}
    told = {
        "sd_model_name": record.source,
        "new_sd_model_hash": record.source_hash or None,
        **_progress(run),
        **_rates(run),
        **_loss(run),
        **_pictures(config, run.dataset),
        "network_args": _network_args(config),
    }
    return {f"ss_{name}": _as_text(value) for name, value in told.items()}


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _progress(run: Run) -> dict[str, Any]:
    learner, data = run.learner, run.learner.config.data
    return {
        "session_id": run.folder.path.name,
        "training_started_at": run.folder.config_file.stat().st_mtime,
        "training_finished_at": time.time(),
        "seed": learner.config.seed,
        "steps": run.step,
        "max_train_steps": learner.num_steps,
        "epoch": run.num_epochs,
        "num_epochs": -(-learner.num_steps // run.steps_per_epoch),
        "num_batches_per_epoch": run.steps_per_epoch * data.gradient_accumulation_steps,
        "gradient_accumulation_steps": data.gradient_accumulation_steps,
        "gradient_checkpointing": learner.config.precision.gradient_checkpointing,
        "mixed_precision": _precision(run),
        "full_fp16": False,
    }


def _precision(run: Run) -> str:
    dtype = run.learner.device.autocast_dtype
    return {"torch.bfloat16": "bf16", "torch.float16": "fp16"}.get(str(dtype), "no")


def _rates(run: Run) -> dict[str, Any]:
    config, parts = run.learner.config, run.learner.parameters
    lora, optimizer = config.lora, config.optimizer
    texts = [part_lr(lora, part) for part in parts if part != "unet"]
    return {
        "learning_rate": lora.unet_lr,
        "unet_lr": lora.unet_lr if "unet" in parts else None,
        "text_encoder_lr": texts[0] if len(set(texts)) == 1 else texts or None,
        "lr_scheduler": config.schedule.name,
        "lr_warmup_steps": count_warmup_steps(config.schedule, run.learner.num_steps),
        "optimizer": describe_optimizer(optimizer),
        "max_grad_norm": optimizer.max_grad_norm,
        "network_dropout": lora.dropout or None,
        "scale_weight_norms": lora.max_norm or None,
    }


def _loss(run: Run) -> dict[str, Any]:
    config, reading = run.learner.config, run.learner.reading
    is_huber = config.loss.kind in ("huber", "smooth_l1")
    return {
        "prior_loss_weight": config.preservation.weight,
        "min_snr_gamma": config.loss.min_snr_gamma or None,
        "noise_offset": config.noise.offset_noise or None,
        "noise_offset_random_strength": config.noise.offset_random,
        "multires_noise_discount": config.noise.pyramid_discount or None,
        "multires_noise_iterations": config.noise.pyramid_levels if config.noise.pyramid_discount else None,
        "ip_noise_gamma": config.noise.input_perturbation or None,
        "debiased_estimation": config.loss.debiased,
        "scale_v_pred_loss_like_noise_pred": config.loss.like_noise,
        "min_timestep": config.noise.min_timestep,
        "max_timestep": config.noise.max_timestep,
        "huber_schedule": config.loss.huber_schedule if is_huber else None,
        "huber_c": config.loss.huber_c if is_huber else None,
        "zero_terminal_snr": run.learner.model.architecture.has_zero_terminal_snr,
        "loss_type": config.loss.kind,
        "cache_latents": config.data.cache_latents,
        "caption_dropout_rate": config.captions.dropout_probability,
        "caption_dropout_every_n_epochs": config.captions.dropout_every_epochs,
        "caption_tag_dropout_rate": config.captions.tag_dropout_probability,
        "clip_skip": reading.clip_skip if reading.clip_skip > 1 else None,
        "max_token_length": reading.max_tokens if reading.max_tokens > CHUNK_TOKENS else None,
        "weighted_captions": reading.weighted,
    }


def _pictures(config: TrainConfig, dataset: Dataset) -> dict[str, Any]:
    data, augment = config.data, config.augment
    resolution = largest_resolution(config)
    resolutions = {resolution_of(config, concept) for concept in config.concepts}
    sizes = [size for each in resolutions for size in training_sizes(data, each)]
    sides = [side for size in sizes for side in (size.width_px, size.height_px)]
    flips = [example.options.flip_p for example in dataset.instances if example.options.flip_p is not None]
    return {
        "num_train_images": count_shown(dataset.instances),
        "num_reg_images": len(dataset.classes),
        "resolution": (resolution, resolution),
        "batch_size_per_device": data.batch_size,
        "total_batch_size": data.batch_size * config.machines.num_processes,
        "enable_bucket": data.use_buckets,
        "bucket_no_upscale": data.bucket_no_upscale,
        "min_bucket_reso": min(sides),
        "max_bucket_reso": max(sides),
        "flip_aug": augment.flip_probability > 0 or any(flips),
        "color_aug": augment.colour_probability > 0,
        "random_crop": augment.crop != "center",
        "shuffle_caption": config.captions.shuffle_tags,
        "keep_tokens": config.captions.keep_tags if config.captions.shuffle_tags else 0,
        "dataset_dirs": _folders(_by_folder(config, dataset.instances)),
        "reg_dataset_dirs": _folders(_by_folder(config, dataset.classes)),
        "tag_frequency": {
            folder: tag_frequency(example.prompt for example in examples)
            for folder, examples in _by_folder(config, dataset.instances).items()
        },
        "bucket_info": {"buckets": _buckets(dataset.instances)},
    }


def _by_folder(config: TrainConfig, examples: Sequence[Example]) -> dict[str, list[Example]]:
    """By the name of the folder alone: where it lies is nobody's business."""
    found: dict[str, list[Example]] = {}
    for example in examples:
        folder = _folder_of(config.concepts[example.concept], example)
        found.setdefault(Path(folder).name or example.image.parent.name, []).append(example)
    return found


def _folder_of(concept: Concept, example: Example) -> str:
    if example.is_class:
        return concept.class_data_dir
    if example.options.is_preservation:
        return concept.preservation_data_dir or PRESERVATION
    return concept.instance_data_dir


def _folders(examples: Mapping[str, Sequence[Example]]) -> dict[str, Any]:
    return {
        folder: {"n_repeats": held[0].repeats, "img_count": len(held)} for folder, held in examples.items()
    }


def tag_frequency(prompts: Iterable[str]) -> dict[str, int]:
    """How often each part of a prompt between commas was trained, over one epoch without repeats.

    >>> tag_frequency(["sks dog, Grass", "sks dog"])
    {'sks dog': 2, 'grass': 1}
    """
    tags = (tag.strip().lower() for prompt in prompts for tag in prompt.split(","))
    return dict(Counter(tag for tag in tags if tag))


def _buckets(examples: Sequence[Example]) -> dict[str, Any]:
    counts: Counter[tuple[int, int]] = Counter()
    for example in examples:
        counts[example.size.width_px, example.size.height_px] += example.repeats
    return {
        str(number): {"resolution": list(size), "count": count}
        for number, (size, count) in enumerate(sorted(counts.items()))
    }


def _network_args(config: TrainConfig) -> dict[str, str]:
    """Settings of the adapter that its tensors do not show; those that are as ever are left out."""
    usual, lora = asdict(LoraConfig()), asdict(config.lora)
    names = {
        "rank_dropout": "rank_dropout",
        "module_dropout": "module_dropout",
        "loraplus_ratio": "loraplus_lr_ratio",
        "block_ranks": "block_ranks",
        "block_lr_factors": "block_lr_factors",
    }
    if config.adapter == "lokr":
        names["lokr_factor"] = "factor"
    return {theirs: str(lora[ours]) for ours, theirs in names.items() if lora[ours] != usual[ours]}
