"""Settings that only earlier files have, of November 2022 to September 2023."""

from __future__ import annotations

from dreambooth.migration import conversions
from dreambooth.migration.places import Dropped, Kept, Place, always, not_yet, to

D_ADAPTATION = always("belongs to D-Adaptation")

EARLIER: dict[str, Place] = {
    "adam_beta1": to("optimizer.beta1"),
    "adam_beta2": to("optimizer.beta2"),
    "adam_epsilon": to("optimizer.epsilon"),
    "adam_weight_decay": to("optimizer.weight_decay", superseded_by="weight_decay"),
    "adamw_weight_decay": to("optimizer.weight_decay", superseded_by="weight_decay"),
    "adaptation_beta1": D_ADAPTATION,
    "adaptation_beta2": D_ADAPTATION,
    "adaptation_d0": D_ADAPTATION,
    "adaptation_eps": D_ADAPTATION,
    "adaptation_growth_rate": D_ADAPTATION,
    "adaptation_momentum": D_ADAPTATION,
    "center_crop": to("augment.crop", convert=conversions.crop),
    "deis_train_scheduler": always("all of them added noise alike"),
    "enable_tomesd": not_yet("token merging; it made previews faster"),
    "half_lora": to("saving.dtype", convert=conversions.half_precision, superseded_by="half_model"),
    "lora_rank": to("lora.rank", "lora.alpha", convert=conversions.rank, superseded_by="lora_unet_rank"),
    "lora_txt_weight": always("a LoRA's strength is chosen where it is used"),
    "max_grad_norm": to("optimizer.max_grad_norm"),
    "max_train_steps": to("duration.max_steps"),
    "min_learning_rate": to(
        "schedule.min_lr_fraction", convert=conversions.min_lr_fraction, superseded_by="learning_rate_min"
    ),
    "name": Kept("the report; a model's name is that of its folder"),
    "not_cache_latents": to("data.cache_latents", convert=conversions.inverse, superseded_by="cache_latents"),
    "output_dir": always("paths inside a model folder are relative here"),
    "save_class_txt": always("every class image has its caption beside it"),
    "save_use_epochs": always("tells what the frequencies of saving count"),
    "save_use_global_counts": to("saving.count_lifetime"),
    "scale_lr": to(
        "optimizer.unet_lr", "optimizer.text_encoder_lr", convert=conversions.scaled_learning_rate
    ),
    "seed": to("seed", convert=conversions.seed),
    "shuffle_after_epoch": always("every epoch has an order of its own"),
    "tf32_enable": not_yet("a switch for TF32"),
    "total_steps": Kept("lifetime_steps"),
    "train_conditioning": always("had no effect in the old extension either"),
    "train_text_encoder": to(
        "parts.text_encoder_fraction",
        convert=conversions.whole_text_encoder,
        superseded_by="stop_text_encoder",
    ),
    "train_text_encoder_steps": Dropped("set parts.text_encoder_fraction, a share of the steps"),
    "unfreeze_model": always("had no effect in the old extension either"),
    "use_8bit_adam": to("optimizer.name", convert=conversions.eight_bit, superseded_by="optimizer"),
    "use_cpu": to("precision.device", convert=conversions.device),
    "with_prior_preservation": always("the number of class images tells"),
}
