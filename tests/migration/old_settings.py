"""Settings as the three generations of the old extension wrote them, made up from facts about its files."""

from __future__ import annotations

import re
from typing import Any

LATEST_KEYS = re.findall(
    r"\w+",
    """
weight_decay attention cache_latents clip_skip concepts_list concepts_path custom_model_name
deterministic disable_class_matching disable_logging ema_predict epoch epoch_pause_frequency
epoch_pause_time freeze_clip_normalization full_mixed_precision gradient_accumulation_steps
gradient_checkpointing gradient_set_to_none graph_smoothing half_model has_ema hflip infer_ema
initial_revision input_pertubation learning_rate learning_rate_min lifetime_revision
lora_learning_rate lora_model_name lora_txt_learning_rate lora_txt_rank lora_unet_rank lora_weight
lora_use_buggy_requires_grad lr_cycles lr_factor lr_power lr_scale_pos lr_scheduler lr_warmup_steps
max_token_length min_snr_gamma use_dream dream_detail_preservation freeze_spectral_norm
mixed_precision model_dir model_name model_path model_type noise_scheduler num_train_epochs
offset_noise optimizer pad_tokens pretrained_model_name_or_path pretrained_vae_name_or_path
prior_loss_scale prior_loss_target prior_loss_weight prior_loss_weight_min resolution revision
sample_batch_size sanity_prompt sanity_seed save_ckpt_after save_ckpt_cancel save_ckpt_during
save_ema save_embedding_every save_lora_after save_lora_cancel save_lora_during
save_lora_for_extra_net save_preview_every save_safetensors save_state_after save_state_cancel
save_state_during scheduler shared_diffusers_path shuffle_tags snapshot split_loss src
stop_text_encoder strict_tokens dynamic_img_norm tenc_weight_decay tenc_grad_clip_norm tomesd
train_batch_size train_imagic train_unet train_unfrozen txt_learning_rate use_concepts use_ema
use_lora use_lora_extended use_shared_src use_subdir v2
""",
)


def old_concept(**fields: Any) -> dict[str, Any]:
    """A concept as the later generations wrote it."""
    return {
        "class_data_dir": "",
        "class_guidance_scale": 7.5,
        "class_infer_steps": 40,
        "class_negative_prompt": "",
        "class_prompt": "a photo of a robot",
        "class_token": "robot",
        "instance_data_dir": "",
        "instance_prompt": "a photo of a sks robot",
        "instance_token": "sks",
        "is_valid": True,
        "n_save_sample": 1,
        "num_class_images_per": 0,
        "sample_seed": -1,
        "save_guidance_scale": 7.5,
        "save_infer_steps": 20,
        "save_sample_negative_prompt": "",
        "save_sample_prompt": "[filewords]",
        "save_sample_template": "",
        **fields,
    }


def first_generation(photos: str, **changes: Any) -> dict[str, Any]:
    """Of November and December 2022: steps are updates, frequencies count them, the concept stands alone."""
    return {
        "model_name": "robot",
        "model_dir": "/webui/models/dreambooth/robot",
        "pretrained_model_name_or_path": "/webui/models/dreambooth/robot/working",
        "src": "/webui/models/Stable-diffusion/toy.ckpt",
        "scheduler": "euler-ancestral",
        "total_steps": 0,
        "revision": 600,
        "has_ema": False,
        "v2": False,
        "instance_data_dir": photos,
        "instance_prompt": "a photo of a sks robot",
        "instance_token": "",
        "class_token": None,
        "class_data_dir": "",
        "class_prompt": "a photo of a robot",
        "class_negative_prompt": None,
        "num_class_images": 6,
        "class_guidance_scale": 7.5,
        "class_infer_steps": 60,
        "file_prompt_contents": "Description",
        "save_sample_prompt": "",
        "save_sample_template": "",
        "n_save_sample": 4,
        "sample_seed": -1,
        "save_guidance_scale": 7.5,
        "save_infer_steps": 60,
        "resolution": 64,
        "use_8bit_adam": True,
        "adam_beta1": 0.8,
        "adam_weight_decay": 0.02,
        "learning_rate": 1e-6,
        "scale_lr": False,
        "lr_scheduler": "linear",
        "lr_warmup_steps": 7,
        "max_train_steps": 800,
        "max_grad_norm": 2,
        "num_train_epochs": 1,
        "train_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": True,
        "not_cache_latents": True,
        "train_text_encoder": True,
        "center_crop": True,
        "hflip": True,
        "prior_loss_weight": 1,
        "mixed_precision": "no",
        "attention": "flash_attention",
        "half_model": False,
        "use_ema": True,
        "use_cpu": True,
        "pad_tokens": True,
        "max_token_length": 75,
        "save_embedding_every": 500,
        "save_preview_every": 250,
        "save_class_txt": True,
        "concepts_list": [],
        **changes,
    }


def second_generation(photos: str, **changes: Any) -> dict[str, Any]:
    """Of February to June 2023, a LoRA."""
    return {
        "model_name": "robot",
        "model_dir": "C:\\webui\\models\\dreambooth\\robot",
        "pretrained_model_name_or_path": "C:\\webui\\models\\dreambooth\\robot\\working",
        "src": "C:\\webui\\models\\Stable-diffusion\\toy.safetensors",
        "scheduler": "ddim",
        "revision": 120,
        "epoch": 10,
        "v2": False,
        "has_ema": False,
        "concepts_list": [old_concept(instance_data_dir=photos, num_class_images_per=2)],
        "use_lora": True,
        "use_lora_extended": False,
        "lora_unet_rank": 8,
        "lora_txt_rank": 8,
        "lora_weight": 1,
        "lora_txt_weight": 1,
        "lora_learning_rate": 2e-4,
        "lora_txt_learning_rate": 3e-5,
        "lora_model_name": "robot_120.pt",
        "learning_rate": 2e-6,
        "adamw_weight_decay": 0.03,
        "optimizer": "8Bit Adam",
        "lr_scheduler": "constant_with_warmup",
        "lr_warmup_steps": 50,
        "lr_factor": 0.5,
        "stop_text_encoder": 0.75,
        "use_ema": True,
        "train_batch_size": 2,
        "gradient_accumulation_steps": 2,
        "num_train_epochs": 80,
        "resolution": 64,
        "offset_noise": 0.05,
        "tomesd": 0.5,
        "save_ckpt_during": True,
        "save_ckpt_after": True,
        "save_lora_during": False,
        "save_lora_after": False,
        "save_embedding_every": 25,
        "save_preview_every": 5,
        "half_model": True,
        "save_safetensors": True,
        **changes,
    }


def latest_generation(photos: str, **changes: Any) -> dict[str, Any]:
    """Of November 2023 and later: all 106 keys."""
    told = {
        **second_generation(photos),
        "attention": "xformers",
        "cache_latents": True,
        "clip_skip": 2,
        "concepts_path": "",
        "custom_model_name": "",
        "graph_smoothing": 50,
        "dream_detail_preservation": 0.5,
        "epoch_pause_frequency": 0,
        "epoch_pause_time": 0,
        "initial_revision": 0,
        "learning_rate_min": 1e-6,
        "lifetime_revision": 0,
        "lr_cycles": 1,
        "lr_power": 1.0,
        "lr_scale_pos": 0.5,
        "max_token_length": 75,
        "min_snr_gamma": 5,
        "mixed_precision": "bf16",
        "model_path": "",
        "model_type": "v1x",
        "noise_scheduler": "DDPM",
        "optimizer": "Torch AdamW",
        "pretrained_vae_name_or_path": "",
        "prior_loss_target": 100,
        "prior_loss_weight": 0.75,
        "prior_loss_weight_min": 0.1,
        "sample_batch_size": 1,
        "sanity_prompt": "a photo of a dog",
        "sanity_seed": 7,
        "shared_diffusers_path": "",
        "snapshot": "",
        "tenc_weight_decay": 0.01,
        "tenc_grad_clip_norm": 0,
        "txt_learning_rate": 5e-7,
        "use_lora": False,
        "weight_decay": 0.04,
    }
    plain = {key: told.get(key, key in ("pad_tokens", "train_unet", "split_loss")) for key in LATEST_KEYS}
    return {**plain, **changes}
