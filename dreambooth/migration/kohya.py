"""Options of kohya's scripts (toml) and of the form for them (JSON), and what becomes of each.

Names without a place here are told; nothing is left out without a word.
"""

from __future__ import annotations

from dreambooth.migration import kohya_values as values
from dreambooth.migration.places import Dropped, Kept, Place, always, to

SOURCE = Kept("create: the model has its source already")
RUNNING = always("how their program runs and loads; nothing to learn by")
ENCODED_ONCE = always("pictures are encoded once and kept, whoever loads them")
DESCRIBED = Dropped("what somebody wrote about the file; write it where you publish")

TRAINING: dict[str, Place] = {
    "seed": to("seed", convert=values.whole),
    "network_module": to("adapter", convert=values.adapter),
    "LoRA_type": to("adapter", convert=values.adapter, superseded_by="network_module"),
    "network_dim": to("lora.rank", convert=values.whole),
    "network_alpha": to("lora.alpha", convert=values.number),
    "network_dropout": to("lora.dropout", convert=values.number),
    "conv_dim": to("lora.conv_rank", convert=values.whole),
    "conv_alpha": to("lora.conv_alpha", convert=values.number),
    "rank_dropout": to("lora.rank_dropout", convert=values.number),
    "module_dropout": to("lora.module_dropout", convert=values.number),
    "factor": to("lora.lokr_factor", convert=values.whole),
    "dora_wd": to("lora.dora", convert=values.flag),
    "scale_weight_norms": to("lora.max_norm", convert=values.number),
    "loraplus_lr_ratio": to("lora.loraplus_ratio", convert=values.number),
    "loraplus_unet_lr_ratio": to(
        "lora.loraplus_ratio", convert=values.number, superseded_by="loraplus_lr_ratio"
    ),
    "network_weights": to("lora.start_file", convert=values.existing),
    "network_train_unet_only": to("parts.text_encoder_fraction", convert=values.unet_only),
    "network_train_text_encoder_only": to(
        "parts.train_unet", "parts.text_encoder_fraction", convert=values.text_encoder_only
    ),
    "train_text_encoder": to(
        "parts.text_encoder_fraction", convert=values.share_if_on(1.0), superseded_by="network_module"
    ),
    "stop_text_encoder_training": to("parts.text_encoder_fraction", convert=values.text_encoder_stop),
    "max_train_steps": to("duration.max_steps", convert=values.whole, superseded_by="max_train_epochs"),
    "max_train_epochs": to("duration.num_epochs", convert=values.whole),
    "epoch": to("duration.num_epochs", convert=values.whole, superseded_by="max_train_epochs"),
    "optimizer_type": to("optimizer.name", "optimizer.class_name", convert=values.optimizer),
    "optimizer": to(
        "optimizer.name",
        "optimizer.class_name",
        convert=values.optimizer,
        superseded_by="optimizer_type",
    ),
    "optimizer_args": to("optimizer.arguments", "optimizer.weight_decay", convert=values.arguments),
    "learning_rate": to(
        "optimizer.unet_lr",
        "optimizer.text_encoder_lr",
        "lora.unet_lr",
        "lora.text_encoder_lr",
        convert=values.shared_rate,
    ),
    "unet_lr": to("lora.unet_lr", "optimizer.unet_lr", convert=values.rate("unet_lr")),
    "text_encoder_lr": to(
        "lora.text_encoder_lr", "optimizer.text_encoder_lr", convert=values.rate("text_encoder_lr")
    ),
    "learning_rate_te": to(
        "lora.text_encoder_lr", "optimizer.text_encoder_lr", convert=values.rate("text_encoder_lr")
    ),
    "learning_rate_te1": to(
        "lora.text_encoder_lr", "optimizer.text_encoder_lr", convert=values.rate("text_encoder_lr")
    ),
    "learning_rate_te2": to(
        "lora.text_encoder_2_lr", "optimizer.text_encoder_2_lr", convert=values.rate("text_encoder_2_lr")
    ),
    "max_grad_norm": to("optimizer.max_grad_norm", convert=values.number),
    "lr_scheduler": to("schedule.name", convert=values.named(values.SCHEDULES, "the schedule")),
    "lr_scheduler_num_cycles": to("schedule.num_cycles", convert=values.whole),
    "lr_scheduler_power": to("schedule.power", convert=values.number),
    "lr_scheduler_min_lr_ratio": to("schedule.min_lr_fraction", convert=values.number),
    "lr_warmup_steps": to("schedule.warmup_steps", "schedule.warmup_fraction", convert=values.warmup),
    "lr_warmup": to("schedule.warmup_fraction", convert=values.warmup_percent),
    "loss_type": to(
        "loss.kind",
        convert=values.named({name: name for name in ("l2", "l1", "huber", "smooth_l1")}, "the loss"),
    ),
    "huber_schedule": to("loss.huber_schedule", convert=values.text),
    "huber_c": to("loss.huber_c", convert=values.number),
    "min_snr_gamma": to("loss.min_snr_gamma", convert=values.number),
    "debiased_estimation_loss": to("loss.debiased", convert=values.flag),
    "scale_v_pred_loss_like_noise_pred": to("loss.like_noise", convert=values.flag),
    "prior_loss_weight": to("preservation.weight", convert=values.number),
    "zero_terminal_snr": to("noise.zero_terminal_snr", convert=values.flag),
    "min_timestep": to("noise.min_timestep", convert=values.whole),
    "max_timestep": to("noise.max_timestep", convert=values.whole),
    "noise_offset": to("noise.offset_noise", convert=values.number),
    "noise_offset_random_strength": to("noise.offset_random", convert=values.flag),
    "multires_noise_iterations": to("noise.pyramid_levels", "noise.pyramid_discount", convert=values.pyramid),
    "ip_noise_gamma": to("noise.input_perturbation", convert=values.number),
    "mixed_precision": to("precision.mixed_precision", convert=values.text),
    "gradient_checkpointing": to("precision.gradient_checkpointing", convert=values.flag),
    "xformers": to("precision.attention", convert=values.choice_if_on("precision.attention", "xformers")),
}

PICTURES: dict[str, Place] = {
    "resolution": to("data.resolution", convert=values.resolution),
    "max_resolution": to("data.resolution", convert=values.resolution, superseded_by="resolution"),
    "train_batch_size": to("data.batch_size", convert=values.whole),
    "gradient_accumulation_steps": to("data.gradient_accumulation_steps", convert=values.whole),
    "enable_bucket": to("data.use_buckets", convert=values.flag),
    "bucket_reso_steps": to("data.bucket_step_px", convert=values.whole),
    "min_bucket_reso": to("data.bucket_min_px", convert=values.whole),
    "max_bucket_reso": to("data.bucket_max_px", convert=values.whole),
    "bucket_no_upscale": to("data.bucket_no_upscale", convert=values.flag),
    "cache_latents": to("data.cache_latents", convert=values.flag),
    "flip_aug": to("augment.flip_probability", convert=values.share_if_on(values.FLIP_PROBABILITY)),
    "color_aug": to("augment.colour_probability", convert=values.share_if_on(values.COLOUR_PROBABILITY)),
    "random_crop": to("augment.crop", convert=values.choice_if_on("augment.crop", "random")),
    "alpha_mask": to("augment.masks", convert=values.choice_if_on("augment.masks", "alpha")),
    "shuffle_caption": to("captions.shuffle_tags", convert=values.flag),
    "keep_tokens": to("captions.keep_tags", convert=values.whole),
    "keep_tokens_separator": to("captions.keep_tags_separator", convert=values.text),
    "caption_separator": to("captions.tag_separator", convert=values.text),
    "secondary_separator": to("captions.secondary_separator", convert=values.text),
    "enable_wildcard": to("captions.wildcards", convert=values.flag),
    "caption_prefix": to("captions.prefix", convert=values.text),
    "caption_suffix": to("captions.suffix", convert=values.text),
    "caption_dropout_rate": to("captions.dropout_probability", convert=values.number),
    "caption_dropout_every_n_epochs": to("captions.dropout_every_epochs", convert=values.whole),
    "caption_tag_dropout_rate": to("captions.tag_dropout_probability", convert=values.number),
    "weighted_captions": to("captions.prompt_weights", convert=values.flag),
    "clip_skip": to("captions.clip_skip", convert=values.whole),
    "max_token_length": to("captions.max_tokens", convert=values.text),
}

SAVING: dict[str, Place] = {
    "output_name": to("saving.name", convert=values.text),
    "output_dir": to("saving.copy_to", convert=values.existing),
    "save_precision": to("saving.dtype", convert=values.named(values.DTYPES, "the precision")),
    "save_every_n_epochs": to("saving.save_every_epochs", convert=values.whole),
    "save_every_n_steps": to("saving.save_every_steps", convert=values.whole),
    "save_last_n_epochs": to("saving.keep_last", convert=values.kept_saves),
    "no_metadata": to("saving.metadata", convert=values.unless),
    "sample_every_n_epochs": to("samples.sample_every_epochs", convert=values.whole),
    "sample_every_n_steps": to("samples.sample_every_steps", convert=values.whole),
    "sample_sampler": to("samples.sampler", convert=values.named(values.SAMPLERS, "the sampler")),
}

# Of the first concept.
CONCEPT: dict[str, Place] = {
    "train_data_dir": to("instance_data_dir", convert=values.existing),
    "in_json": to("instance_data_dir", convert=values.existing),
    "dataset_config": to("instance_data_dir", convert=values.existing),
    "reg_data_dir": to("class_data_dir", convert=values.existing),
    "dataset_repeats": to("repeats", convert=values.whole),
    "sample_prompts": to("save_sample_prompt", convert=values.first_prompt),
}

OTHERS: dict[str, Place] = {
    **dict.fromkeys(("pretrained_model_name_or_path", "v2", "v_parameterization", "sdxl"), SOURCE),
    **dict.fromkeys(
        (
            "cache_latents_to_disk",
            "vae_batch_size",
            "max_data_loader_n_workers",
            "persistent_data_loader_workers",
        ),
        ENCODED_ONCE,
    ),
    **dict.fromkeys(
        (
            "lowram",
            "highvram",
            "no_half_vae",
            "logging_dir",
            "log_with",
            "save_model_as",
            "sdpa",
            "mem_eff_attn",
            "caption_extension",
            "num_cpu_threads_per_process",
            "tokenizer_cache_dir",
            "save_state",
            "save_state_on_train_end",
            "prior_loss",
            "network_args",
            "algo",
            "multires_noise_discount",
            "stop_text_encoder_training_pct",
            "dataset_class",
            "debug_dataset",
            "config_file",
            "output_config",
            "skip_cache_check",
            "cache_info",
            "use_safetensors",
            "model_list",
            "train_text_encoder_only",
            "extra_accelerate_launch_args",
            "gpu_ids",
            "multi_gpu",
            "num_machines",
            "num_processes",
        ),
        RUNNING,
    ),
    **dict.fromkeys(
        (
            "training_comment",
            "metadata_title",
            "metadata_author",
            "metadata_description",
            "metadata_license",
            "metadata_tags",
        ),
        DESCRIBED,
    ),
    "vae": Dropped("another VAE: `convert` writes a checkpoint with it, to be the source"),
    "resume": Dropped("their states cannot be gone on from; begin with their file in lora.start_file"),
    "full_fp16": Dropped("weights that learn stay in fp32"),
    "full_bf16": Dropped("weights that learn stay in fp32"),
    "fp8_base": Dropped("the frozen model is kept in half precision at the least"),
    "v_pred_like_loss": Dropped("no such weight of the loss is here", (0, 0.0, "", None)),
    "adaptive_noise_scale": Dropped("offset noise has one strength here", (0, 0.0, "", None)),
    "token_warmup_step": Dropped("captions are whole from the first step", (0, "", None)),
    "token_warmup_min": always("goes with token_warmup_step"),
    "face_crop_aug_range": Dropped("crops around faces are not made; crop the pictures beforehand"),
    "torch_compile": Dropped("models are not compiled"),
}

KOHYA: dict[str, Place] = {**TRAINING, **PICTURES, **SAVING, **OTHERS}
TELLING = {
    "network_dim",
    "network_module",
    "train_batch_size",
    "pretrained_model_name_or_path",
    "train_data_dir",
}
