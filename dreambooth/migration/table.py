"""Every setting of the old extension's ``db_config.json``, and what becomes of it.

To teach a new setting of ours to the migration, change its line here from ``not_yet`` to ``to``.
"""

from __future__ import annotations

from dreambooth.migration import conversions
from dreambooth.migration.places import Dropped, Kept, Place, always, not_yet, to

CONCEPTS = Kept("concepts, field by field")
PATH = always("paths inside a model folder are relative here")
HAD_NO_EFFECT = always("had no effect in the old extension either")
SAVED_DURING = ("saving.save_every_epochs", "saving.save_every_steps", "saving.during")

# The last generation, of 2023 to 2025: 106 keys.
LATEST: dict[str, Place] = {
    "attention": always("torch's own attention is as lean; precision.attention has the choice"),
    "cache_latents": to("data.cache_latents"),
    "clip_skip": to("captions.clip_skip", convert=conversions.clip_skip),
    "concepts_list": CONCEPTS,
    "concepts_path": CONCEPTS,
    "custom_model_name": to("saving.name"),
    "deterministic": always("every run is: the same seed gives the same weights"),
    "disable_class_matching": always("class images are counted whatever their prompt and size"),
    "disable_logging": always("curves are always written"),
    "dream_detail_preservation": to("loss.dream_detail_preservation", convert=conversions.dream_exponent),
    "dynamic_img_norm": to("augment.dynamic_normalisation"),
    "ema_predict": HAD_NO_EFFECT,
    "epoch": Kept("lifetime_epochs"),
    "epoch_pause_frequency": to("duration.pause_every_epochs"),
    "epoch_pause_time": to("duration.pause_seconds"),
    "freeze_clip_normalization": HAD_NO_EFFECT,
    "freeze_spectral_norm": not_yet("frozen spectral norms"),
    "full_mixed_precision": always("weights that learn stay in fp32"),
    "gradient_accumulation_steps": to("data.gradient_accumulation_steps"),
    "gradient_checkpointing": to("precision.gradient_checkpointing"),
    "gradient_set_to_none": always("always so"),
    "graph_smoothing": always("curves are TensorBoard files; it smooths them itself"),
    "half_model": to("saving.dtype", convert=conversions.half_precision),
    "has_ema": Kept("the report"),
    "hflip": to("augment.flip_probability", convert=conversions.flip_probability),
    "infer_ema": always("with ema.enabled the average is what checkpoints hold"),
    "initial_revision": HAD_NO_EFFECT,
    "input_pertubation": always("had no effect in the old extension; noise.input_perturbation has"),
    "learning_rate": to("optimizer.unet_lr", "optimizer.text_encoder_lr", convert=conversions.learning_rate),
    "learning_rate_min": to("schedule.min_lr_fraction", convert=conversions.min_lr_fraction),
    "lifetime_revision": HAD_NO_EFFECT,
    "lora_learning_rate": to("lora.unet_lr", convert=conversions.adapter_rate),
    "lora_model_name": Kept("the report; LoRA files of the old extension are not taken over"),
    "lora_txt_learning_rate": to("lora.text_encoder_lr", convert=conversions.adapter_rate),
    "lora_txt_rank": to("lora.text_encoder_rank"),
    "lora_unet_rank": to("lora.rank", "lora.alpha", convert=conversions.rank),
    "lora_use_buggy_requires_grad": HAD_NO_EFFECT,
    "lora_weight": always("a LoRA's strength is chosen where it is used; training was not scaled by it"),
    "lr_cycles": to("schedule.num_cycles"),
    "lr_factor": always("schedules begin with the warm-up only"),
    "lr_power": to("schedule.power"),
    "lr_scale_pos": always("made up for epochs that were counted twice"),
    "lr_scheduler": to("schedule.name", convert=conversions.schedule),
    "lr_warmup_steps": to("schedule.warmup_steps", convert=conversions.warmup_steps),
    "max_token_length": to("captions.max_tokens", convert=conversions.max_tokens),
    "min_snr_gamma": to("loss.min_snr_gamma"),
    "mixed_precision": to("precision.mixed_precision", convert=conversions.precision),
    "model_dir": PATH,
    "model_name": Kept("the report; a model's name is that of its folder"),
    "model_path": PATH,
    "model_type": Kept("the report; the weights themselves tell what the model is"),
    "noise_scheduler": always("all of them added noise alike"),
    "num_train_epochs": to("duration.num_epochs"),
    "offset_noise": to("noise.offset_noise"),
    "optimizer": to(
        "optimizer.name",
        "optimizer.class_name",
        "optimizer.arguments",
        convert=conversions.optimizer,
    ),
    "pad_tokens": Dropped("prompts are always padded", (True,)),
    "pretrained_model_name_or_path": PATH,
    "pretrained_vae_name_or_path": Dropped(
        "the VAE in working/ is the model's; `create --vae` takes another"
    ),
    "prior_loss_scale": to(
        "preservation.final_weight", "preservation.fall_fraction", convert=conversions.falling_prior_weight
    ),
    "prior_loss_target": always("belongs to prior_loss_scale"),
    "prior_loss_weight": to("preservation.weight"),
    "prior_loss_weight_min": always("belongs to prior_loss_scale"),
    "resolution": to("data.resolution"),
    "revision": Kept("lifetime_steps; it counted images, we count updates of the weights"),
    "sample_batch_size": always("the trainer chooses how many pictures it draws at once"),
    "sanity_prompt": to("samples.sanity_prompt"),
    "sanity_seed": to("samples.sanity_seed"),
    "save_ckpt_after": to("saving.at_end", convert=conversions.saved_at("after", "ckpt")),
    "save_ckpt_cancel": to("saving.on_stop", convert=conversions.saved_at("cancel", "ckpt")),
    "save_ckpt_during": to(*SAVED_DURING, convert=conversions.checkpoint_box),
    "save_ema": always("with ema.enabled the average is what checkpoints hold"),
    "save_embedding_every": to(
        "saving.save_every_epochs", "saving.save_every_steps", convert=conversions.save_every
    ),
    "save_lora_after": to("saving.at_end", convert=conversions.saved_at("after", "lora")),
    "save_lora_cancel": to("saving.on_stop", convert=conversions.saved_at("cancel", "lora")),
    "save_lora_during": to(*SAVED_DURING, convert=conversions.lora_box),
    "save_lora_for_extra_net": always("every LoRA file is one that webuis read"),
    "save_preview_every": to(
        "samples.sample_every_epochs", "samples.sample_every_steps", convert=conversions.sample_every
    ),
    "save_safetensors": always("always so"),
    "save_state_after": to("saving.at_end", convert=conversions.saved_at("after")),
    "save_state_cancel": to("saving.on_stop", convert=conversions.saved_at("cancel")),
    "save_state_during": to(*SAVED_DURING, convert=conversions.snapshots_during),
    "scheduler": to("samples.sampler", convert=conversions.sampler),
    "shared_diffusers_path": Kept("the report; the model gets weights of its own"),
    "shuffle_tags": to("captions.shuffle_tags"),
    "snapshot": Dropped("states of the old extension cannot be resumed"),
    "split_loss": always("always so"),
    "src": Kept("source"),
    "stop_text_encoder": to("parts.text_encoder_fraction", convert=conversions.text_encoder_fraction),
    "strict_tokens": to("captions.strict_tokens"),
    "tenc_grad_clip_norm": to(
        "optimizer.text_encoder_max_grad_norm", convert=conversions.text_encoder_clipping
    ),
    "tenc_weight_decay": to("optimizer.text_encoder_weight_decay"),
    "tomesd": not_yet("token merging; it made previews faster"),
    "train_batch_size": to("data.batch_size"),
    "train_imagic": not_yet("Imagic"),
    "train_unet": to("parts.train_unet", "parts.text_encoder_fraction", convert=conversions.unet_box),
    "train_unfrozen": HAD_NO_EFFECT,
    "txt_learning_rate": to("optimizer.text_encoder_lr", convert=conversions.adapter_rate),
    "use_concepts": CONCEPTS,
    "use_dream": to("loss.dream"),
    "use_ema": to("ema.enabled", convert=conversions.average),
    "use_lora": to("adapter", convert=conversions.adapter),
    "use_lora_extended": to("lora.conv_rank", convert=conversions.extended),
    "use_shared_src": Kept("the report; the model gets weights of its own"),
    "use_subdir": always("checkpoints lie in the model's folder"),
    "v2": Kept("the report; the weights themselves tell what the model is"),
    "weight_decay": to("optimizer.weight_decay"),
}
