"""Every setting of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dreambooth.config.option import option

Method = Literal["dreambooth", "finetune", "hybrid"]
SCHEDULES = Literal["constant", "linear", "cosine", "cosine_with_restarts", "polynomial"]


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One subject or dataset with its prompts; the names are those of the old extension."""

    instance_data_dir: str = option(
        "", "Instance folder", "Your pictures; searched with all its sub-folders."
    )
    instance_prompt: str = option(
        "[filewords]",
        "Instance prompt",
        "What to call your pictures; [filewords] stands for each picture's caption.",
    )
    instance_token: str = option("", "Instance token", "A rare word that will mean your subject, e.g. sks.")
    class_token: str = option("", "Class token", "The ordinary word for what your subject is, e.g. dog.")
    class_data_dir: str = option(
        "",
        "Class folder",
        "Your own pictures of ordinary things of the class; generated ones are kept with the model.",
    )
    class_prompt: str = option(
        "[filewords]",
        "Class prompt",
        "What class pictures are called and drawn from, without the token; {red|blue} makes some of each.",
    )
    class_negative_prompt: str = option(
        "", "Class negative prompt", "What generated class pictures should avoid."
    )
    num_class_images_per: int = option(
        0, "Class images per instance image", "0: no prior preservation.", low=0, high=1000
    )
    class_guidance_scale: float = option(
        7.5, "Class guidance scale", "Classifier-free guidance while generating class images.", low=1, high=30
    )
    class_infer_steps: int = option(40, "Class steps", "Sampler steps of a class image.", low=1, high=500)
    repeats: int = option(
        1, "Repeats", "How often an epoch shows each of these pictures.", low=1, high=10_000
    )
    save_sample_prompt: str = option(
        "",
        "Sample prompt",
        "What previews show; empty: the instance prompt, [filewords] from the first picture.",
    )
    save_sample_negative_prompt: str = option("", "Sample negative prompt", "What previews should avoid.")
    n_save_sample: int = option(1, "Samples", "Previews of this concept each time.", low=0, high=100)
    sample_seed: int = option(
        -1, "Sample seed", "-1: a fixed one drawn from the run's seed.", low=-1, high=2**32
    )
    save_guidance_scale: float = option(
        7.5, "Sample guidance scale", "Classifier-free guidance.", low=1, high=30
    )
    save_infer_steps: int = option(20, "Sample steps", "Sampler steps of a preview.", low=1, high=500)


@dataclass(frozen=True, kw_only=True)
class DurationConfig:
    """How long to train."""

    num_epochs: int = option(
        100, "Epochs", "How often every instance image is shown (times its repeats).", low=1, high=1_000_000
    )
    max_steps: int = option(
        0,
        "Steps",
        "Train this many optimizer steps, whatever the epochs say; 0: by epochs.",
        low=0,
        high=10**9,
    )


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """How pictures become batches."""

    resolution: int = option(
        512,
        "Resolution",
        "Side of a square training picture in pixels; others keep its area.",
        low=32,
        high=4096,
    )
    use_buckets: bool = option(
        True, "Aspect buckets", "Train pictures in about their own shape; off: everything is cropped square."
    )
    bucket_step_px: int = option(
        64, "Bucket step", "Sides are multiples of this many pixels.", low=8, high=512, advanced=True
    )
    batch_size: int = option(
        1, "Batch size", "Instance images per pass; class images come on top.", low=1, high=512
    )
    gradient_accumulation_steps: int = option(
        1, "Gradient accumulation", "Passes per optimizer step.", low=1, high=1024, advanced=True
    )
    horizontal_flip: bool = option(
        False,
        "Horizontal flip",
        "Show every picture mirrored half of the time; not for text or asymmetric faces.",
    )
    shuffle_tags: bool = option(
        False, "Shuffle tags", "Reorder the caption's comma-separated parts after the first, anew each time."
    )
    caption_dropout_probability: float = option(
        0.0, "Caption dropout", "Share of pictures shown with an empty caption.", low=0, high=1, advanced=True
    )
    cache_latents: bool = option(
        True, "Cache latents", "Encode every picture once and keep the result on disk, keyed by its content."
    )


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """What moves the weights."""

    name: Literal["adamw", "adamw_8bit"] = option(
        "adamw", "Optimizer", "adamw: exact. adamw_8bit: a quarter of the optimizer memory."
    )
    unet_lr: float = option(
        2e-6,
        "U-Net learning rate",
        "Of the full model, usually 1e-6 … 5e-6; a LoRA has its own.",
        low=0,
        high=10,
    )
    text_encoder_lr: float = option(
        1e-6, "Text encoder learning rate", "Usually half of the U-Net's.", low=0, high=10
    )
    text_encoder_2_lr: float = option(
        -1,
        "Second text encoder learning rate",
        "Of a model with two; -1: as of the first.",
        low=-1,
        high=10,
        advanced=True,
    )
    weight_decay: float = option(
        0.01, "Weight decay", "Pulls weights towards zero.", low=0, high=1, advanced=True
    )
    beta1: float = option(0.9, "Beta 1", "Memory of the gradient.", low=0, high=0.9999, advanced=True)
    beta2: float = option(0.999, "Beta 2", "Memory of its square.", low=0, high=0.99999, advanced=True)
    epsilon: float = option(1e-8, "Epsilon", "Keeps the division finite.", low=1e-12, high=1, advanced=True)
    max_grad_norm: float = option(
        1.0, "Gradient clipping", "Longest gradient; 0: not clipped.", low=0, high=1000, advanced=True
    )


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How the learning rate changes over the run, counted in optimizer steps."""

    name: SCHEDULES = option("constant", "Schedule", "All but constant end at the last step.")
    warmup_steps: int = option(0, "Warm-up steps", "Linear rise from zero.", low=0, high=10**6)
    num_cycles: int = option(1, "Cycles", "Of cosine_with_restarts.", low=1, high=100, advanced=True)
    power: float = option(1.0, "Power", "Of polynomial.", low=0.1, high=10, advanced=True)
    min_lr_fraction: float = option(
        0.0,
        "Final share",
        "Where the schedule ends, as a share of the learning rate.",
        low=0,
        high=1,
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class PartsConfig:
    """Which parts of the model learn."""

    train_unet: bool = option(True, "Train the U-Net", "The part that draws.")
    text_encoder_fraction: float = option(
        0.0,
        "Text encoder share",
        "Share of the steps, from the start, that train the text encoder.",
        low=0,
        high=1,
    )


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What is minimised."""

    prior_loss_weight: float = option(
        1.0, "Prior loss weight", "Weight of a class image beside an instance image's 1.", low=0, high=100
    )
    min_snr_gamma: float = option(
        0.0, "Min-SNR gamma", "Balances the timesteps (usually 5); 0: off.", low=0, high=100, advanced=True
    )
    check_prediction: bool = option(
        True,
        "Check the prediction type",
        "Stop before the first step when the model answers as if it predicted the other, noise or velocity.",
        advanced=True,
    )
    offset_noise: float = option(
        0.0,
        "Offset noise",
        "Lets the model learn very dark and bright pictures (about 0.1); 0: off.",
        low=0,
        high=1,
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class EmaConfig:
    """A moving average of the U-Net's trained weights."""

    enabled: bool = option(False, "Use EMA", "Average the weights over time; previews show the average.")
    decay: float = option(
        0.9999, "EMA decay", "Reached after a warm-up.", low=0, high=0.999999, advanced=True
    )
    placement: Literal["main", "beside"] = option(
        "main",
        "Average in checkpoints",
        "main: in the place of the weights. beside: as EMA next to the weights, which trains on better.",
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class PrecisionConfig:
    """Where and how exactly to compute."""

    device: Literal["auto", "cuda", "mps", "cpu"] = option(
        "auto", "Device", "auto: the GPU when there is one."
    )
    mixed_precision: Literal["auto", "no", "bf16", "fp16"] = option(
        "auto",
        "Mixed precision",
        "auto: bf16 on a GPU that has it, else fp16; no on a CPU. Weights stay fp32.",
    )
    gradient_checkpointing: bool = option(
        False, "Gradient checkpointing", "Less memory, a third slower.", advanced=True
    )
    attention: Literal["sdpa", "xformers"] = option(
        "sdpa", "Attention", "sdpa: torch's own. xformers: when it is installed, on CUDA.", advanced=True
    )


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Adapters: what is learnt beside the layers instead of in them."""

    rank: int = option(16, "Rank", "Higher learns more and makes a larger file.", low=1, high=512)
    alpha: float = option(
        16.0,
        "Alpha",
        "The adapter is scaled by alpha / rank; equal to the rank: not scaled.",
        low=0.01,
        high=4096,
    )
    conv_rank: int = option(
        0,
        "Convolution rank",
        "Of the 3x3 convolutions, which then learn too, with all of their blocks (LoCon); 0: none learns.",
        low=0,
        high=512,
    )
    conv_alpha: float = option(
        0.0, "Convolution alpha", "0: scaled as the other layers.", low=0, high=4096, advanced=True
    )
    text_encoder_rank: int = option(
        0, "Text encoder rank", "0: as of the U-Net.", low=0, high=512, advanced=True
    )
    text_encoder_alpha: float = option(
        0.0, "Text encoder alpha", "0: scaled as the U-Net.", low=0, high=4096, advanced=True
    )
    dora: bool = option(
        False,
        "DoRA",
        "Learn the length of what each input adds apart from its direction; slower, often closer to a full "
        "training.",
    )
    lokr_factor: int = option(
        -1,
        "LoKr factor",
        "About how large the first of the two factors of a LoKr is; -1: as large as the second.",
        low=-1,
        high=512,
        advanced=True,
    )
    dropout: float = option(
        0.0,
        "Dropout",
        "Share of the adapter's inputs left out; only of a LoRA.",
        low=0,
        high=0.9,
        advanced=True,
    )
    rank_dropout: float = option(
        0.0,
        "Rank dropout",
        "Share of a LoRA's ranks, or of the outputs of a LoHa or LoKr, left out of a step.",
        low=0,
        high=0.9,
        advanced=True,
    )
    module_dropout: float = option(
        0.0,
        "Layer dropout",
        "Share of the adapted layers left out of a step.",
        low=0,
        high=0.9,
        advanced=True,
    )
    max_norm: float = option(
        0.0,
        "Largest norm",
        "What a layer's adapter adds is shrunk to this length after every step (about 1); 0: not limited.",
        low=0,
        high=1000,
        advanced=True,
    )
    loraplus_ratio: float = option(
        1.0,
        "LoRA+ ratio",
        "How much faster the second matrix of a LoRA learns than the first (about 16); 1: equally fast.",
        low=1,
        high=1000,
        advanced=True,
    )
    block_ranks: str = option(
        "",
        "Ranks of blocks",
        "Of the U-Net where they differ, e.g. in=4, mid=8, out3-5=32; alpha follows; 0: no adapter there.",
        advanced=True,
    )
    block_lr_factors: str = option(
        "",
        "Learning rates of blocks",
        "Factors of the learning rate of U-Net blocks, e.g. in=0.5, out9-11=2; 0: no adapter there.",
        advanced=True,
    )
    unet_lr: float = option(
        1e-4, "U-Net learning rate", "Of the adapter; the full model's is optimizer.unet_lr.", low=0, high=10
    )
    text_encoder_lr: float = option(
        5e-5, "Text encoder learning rate", "Of the adapter on the text encoder.", low=0, high=10
    )
    text_encoder_2_lr: float = option(
        -1,
        "Second text encoder learning rate",
        "Of a model with two; -1: as of the first.",
        low=-1,
        high=10,
        advanced=True,
    )
    start: Literal["continue", "fresh"] = option(
        "continue",
        "Start",
        "continue: go on with the model's adapter when it has one. fresh: begin a new one.",
    )
    start_file: str = option(
        "",
        "Begin with",
        "An adapter file whose weights a fresh adapter begins with; of the same kind and ranks.",
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class SavingConfig:
    """What is written, and when."""

    save_every_epochs: int = option(
        0, "Save every (epochs)", "Checkpoint and state; 0: off.", low=0, high=10**6
    )
    save_every_steps: int = option(
        0, "Save every (steps)", "Checkpoint and state; 0: off.", low=0, high=10**9
    )
    state_every_steps: int = option(
        500,
        "Keep state every (steps)",
        "What a crash can cost you at most; 0: only at saves.",
        low=0,
        high=10**9,
        advanced=True,
    )
    keep_last: int = option(
        3, "Checkpoints kept", "Older ones of this run are removed; 0: keep all.", low=0, high=10**4
    )
    dtype: Literal["fp16", "bf16", "fp32"] = option(
        "fp16", "Precision", "Of saved checkpoints and LoRA files."
    )
    save_at_end: bool = option(True, "Checkpoint at the end", "Write the finished checkpoint or LoRA.")
    metadata: bool = option(
        True,
        "Describe the training",
        "A LoRA file tells settings, folder names and every caption's words; off: only what programs need "
        "to read it.",
    )


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Previews during training."""

    sample_every_epochs: int = option(0, "Sample every (epochs)", "0: off.", low=0, high=10**6)
    sample_every_steps: int = option(0, "Sample every (steps)", "0: off.", low=0, high=10**9)
    sample_at_end: bool = option(True, "Sample at the end", "One last set of previews.")
    sampler: Literal["ddim", "euler", "euler_a", "dpmpp_2m", "unipc"] = option(
        "ddim", "Sampler", "Of previews and class images."
    )
    sanity_prompt: str = option(
        "", "Sanity prompt", "One more preview, always the same, that shows how far the model drifts."
    )
    sanity_seed: int = option(420420, "Sanity seed", "Its seed.", low=0, high=2**32, advanced=True)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that a training run is asked to do."""

    method: Method = option(
        "dreambooth",
        "Method",
        "dreambooth: your pictures under one prompt, beside class images. finetune: captions only. "
        "hybrid: captions linked to the instance token.",
    )
    adapter: Literal["none", "lora", "loha", "lokr"] = option(
        "none",
        "Adapter",
        "none: the full model learns. lora: a small file beside the model learns. loha, lokr: files of other "
        "products, which learn more for their size and are slower.",
    )
    seed: int = option(0, "Seed", "Every random number of the run comes from it.", low=0, high=2**32)
    concepts: tuple[Concept, ...] = ()
    duration: DurationConfig = field(default_factory=DurationConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    parts: PartsConfig = field(default_factory=PartsConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    ema: EmaConfig = field(default_factory=EmaConfig)
    precision: PrecisionConfig = field(default_factory=PrecisionConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    saving: SavingConfig = field(default_factory=SavingConfig)
    samples: SampleConfig = field(default_factory=SampleConfig)
