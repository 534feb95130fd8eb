"""No control without effect: the value of every setting reaches the trainer and changes what it should."""

from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from dreambooth.adapters.lora_file import read_lora
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import count_steps
from dreambooth.jobs.start import prepare_training
from dreambooth.training.class_images import ClassJob, generate_class_images
from dreambooth.training.device import choose_device
from dreambooth.training.errors import DeviceError, MissingPackage
from dreambooth.training.samples import planned_previews
from tests.conftest import do, draw_photos
from tests.training.conftest import averaged_hash, examples_of, train_steps, with_fields, with_settings

ALL_THREE = {"data.batch_size": 3}
TEXT = {"parts.text_encoder_fraction": 1}
ADAPTER = {"adapter": "lora", "lora.rank": 2, "lora.unet_lr": 1e-3}
AVERAGE = {"ema.enabled": True}

# Settings that change the weights: name → (another value, what else must be set for it to matter).
WEIGHTS = {
    "adapter": ("lora", {}),
    "seed": (1, {}),
    "data.batch_size": (2, {}),
    "data.gradient_accumulation_steps": (2, {}),
    "augment.flip_probability": (1, ALL_THREE),
    "captions.shuffle_tags": (True, ALL_THREE),
    "captions.dropout_probability": (1, {}),
    "optimizer.name": ("adamw_8bit", {}),
    "optimizer.unet_lr": (1e-4, {}),
    "optimizer.text_encoder_lr": (1e-4, TEXT),
    "optimizer.weight_decay": (0.5, {}),
    "optimizer.beta1": (0.5, {}),
    "optimizer.beta2": (0.9, {}),
    "optimizer.epsilon": (1e-3, {}),
    "optimizer.max_grad_norm": (1e-6, {}),
    "schedule.name": ("cosine", {}),
    "schedule.warmup_steps": (1, {}),
    "schedule.num_cycles": (3, {"schedule.name": "cosine_with_restarts"}),
    "schedule.power": (2, {"schedule.name": "polynomial"}),
    "schedule.min_lr_fraction": (0.5, {"schedule.name": "linear"}),
    "parts.train_unet": (False, TEXT),
    "parts.text_encoder_fraction": (1, {}),
    "ema.enabled": (True, {}),
    "ema.decay": (0, AVERAGE),
    "precision.mixed_precision": ("bf16", {}),
    "lora.rank": (4, ADAPTER),
    "lora.alpha": (1, ADAPTER),
    "lora.conv_rank": (2, ADAPTER),
    "lora.conv_alpha": (8, {**ADAPTER, "lora.conv_rank": 2}),
    "lora.text_encoder_rank": (3, {**ADAPTER, **TEXT}),
    "lora.text_encoder_alpha": (3, {**ADAPTER, **TEXT}),
    "lora.dora": (True, ADAPTER),
    "lora.lokr_factor": (4, {**ADAPTER, "adapter": "lokr"}),
    "lora.dropout": (0.5, ADAPTER),
    "lora.rank_dropout": (0.5, ADAPTER),
    "lora.module_dropout": (0.5, ADAPTER),
    "lora.max_norm": (1e-4, ADAPTER),
    "lora.loraplus_ratio": (16, ADAPTER),
    "lora.block_ranks": ("mid=1", ADAPTER),
    "lora.block_lr_factors": ("mid=0.5", ADAPTER),
    "lora.unet_lr": (1e-4, ADAPTER),
    "lora.text_encoder_lr": (1e-3, {**ADAPTER, **TEXT}),
}

# Settings that change what is learnt from: name → another value.
EXAMPLES = {
    "method": "hybrid",
    "data.resolution": 128,
    "data.use_buckets": False,
    "data.bucket_step_px": 32,
    "concept.instance_data_dir": "other",
    "concept.instance_prompt": "a sks robot [filewords]",
    "concept.class_data_dir": "other",
    "concept.class_prompt": "a robot",
    "concept.num_class_images_per": 1,
    "concept.repeats": 2,
}
HYBRID_EXAMPLES = {"concept.instance_token": "zwx", "concept.class_token": "robot"}

STEPS = {"duration.num_epochs": 7, "duration.max_steps": 5}

PREVIEWS = {
    "concept.save_sample_negative_prompt": "bad",
    "concept.n_save_sample": 2,
    "concept.sample_seed": 5,
    "concept.save_guidance_scale": 2.0,
    "concept.save_infer_steps": 9,
    "samples.sampler": "euler",
    "samples.sanity_prompt": "a cat",
    "samples.sanity_seed": 7,
}

CLASS_PICTURES = {
    "concept.class_negative_prompt": "a red robot",
    "concept.class_guidance_scale": 1.0,
    "concept.class_infer_steps": 3,
}

# What is due, in a run of eight steps over three pictures: name → (value, saves, samples, states).
DUE = {
    "saving.save_every_steps": (3, [3, 6], [], [3, 6, 8]),
    "saving.save_every_epochs": (2, [6], [], [6, 8]),
    "saving.state_every_steps": (5, [], [], [5, 8]),
    "samples.sample_every_steps": (4, [], [4], [8]),
    "samples.sample_every_epochs": (1, [], [3, 6], [8]),
}


def with_card_and_preview(name):
    """A result's files."""
    return [f"{name}.json", f"{name}.preview.png", f"{name}.safetensors"]


# What lies in the model's folder after a run of two steps.
FILES = {
    "concept.save_sample_prompt": ("a fish", lambda folder: preview_texts(folder), ["a fish"]),
    "saving.keep_last": (1, lambda folder: names(folder.checkpoints), with_card_and_preview("toy_2")),
    "saving.dtype": ("bf16", lambda folder: checkpoint_dtypes(folder), {torch.bfloat16}),
    "saving.at_end": ("nothing", lambda folder: names(folder.checkpoints), with_card_and_preview("toy_1")),
    "saving.metadata": (False, lambda folder: told_by_lora(folder), False),
    "samples.sample_at_end": (False, lambda folder: previews(folder), ["sample_1-0.png"]),
    "data.cache_latents": (False, lambda folder: names(folder.cache / "latents"), []),
}


def names(folder):
    return sorted(path.name for path in folder.glob("*"))


def previews(folder):
    return sorted(path.name for path in folder.samples.glob("sample_*"))


def preview_texts(folder):
    texts = [Image.open(path).text["parameters"] for path in sorted(folder.samples.glob("sample_2-*"))]
    return [text.partition("\n")[0] for text in texts]


def checkpoint_dtypes(folder):
    tensors = load_file(folder.checkpoints / "toy_2.safetensors")
    return {tensor.dtype for tensor in tensors.values()}


def told_by_lora(folder) -> bool:
    """Whether the LoRA file tells of its training."""
    return "ss_seed" in read_lora(folder.checkpoints / "toy_2.safetensors").metadata


def changed_by_name(config: TrainConfig, name: str, value) -> TrainConfig:
    if name.startswith("concept."):
        return with_fields(config, **{name.removeprefix("concept."): value})
    return with_settings(config, **{name: value})


PROVEN = set().union(WEIGHTS, EXAMPLES, HYBRID_EXAMPLES, STEPS, PREVIEWS, CLASS_PICTURES, DUE, FILES) | {
    "precision.device",
    "precision.gradient_checkpointing",
    "precision.attention",
    "lora.start",
}


@pytest.fixture(scope="session")
def known_hashes():
    """Results by settings, since many cases begin with the same ones."""
    return {}


@pytest.fixture
def learnt(make_run, with_classes, known_hashes):
    """What two steps with these settings make of the weights."""

    def learn(settings) -> str:
        key = str(settings)
        if key not in known_hashes:
            config = with_settings(with_fields(with_classes, instance_prompt="[filewords]"), **settings)
            run, _ = make_run(config, key)
            for report in train_steps(run.learner, run.dataset, 2):
                assert report.is_finite
            if run.ema:
                run.ema.update(0)
            known_hashes[key] = averaged_hash(run)
        return known_hashes[key]

    return learn


@pytest.mark.parametrize("name", WEIGHTS)
def test_setting_changes_the_weights(learnt, name):
    value, others = WEIGHTS[name]
    assert learnt({**others, name: value}) != learnt(others)


@pytest.mark.parametrize("name", [*EXAMPLES, *HYBRID_EXAMPLES])
def test_setting_changes_what_is_learnt_from(with_classes, tmp_path, name):
    draw_photos(tmp_path / "photos", 3, size=(120, 72))
    draw_photos(tmp_path / "other", 4)
    config = with_fields(with_classes, instance_prompt="[filewords]", class_prompt="[filewords]")
    if name == "method":
        config = with_fields(config, instance_token="sks")
    if name in HYBRID_EXAMPLES:
        config = with_settings(with_fields(config, instance_token="sks"), method="hybrid")
    value = {**EXAMPLES, **HYBRID_EXAMPLES}[name]
    value = str(tmp_path / value) if name.endswith("_dir") else value
    before, after = examples_of(config), examples_of(changed_by_name(config, name, value))
    assert (before.instances, before.classes) != (after.instances, after.classes)


@pytest.mark.parametrize("name", STEPS)
def test_setting_changes_the_number_of_steps(config, name):
    config = with_settings(config, duration__max_steps=0)
    after = changed_by_name(config, name, STEPS[name])
    assert (count_steps(config, examples_of(config)), count_steps(after, examples_of(after))) == (
        300,
        {"duration.num_epochs": 21, "duration.max_steps": 5}[name],
    )


@pytest.mark.parametrize("name", PREVIEWS)
def test_setting_changes_the_previews(config, name):
    sane = (
        config if name == "samples.sanity_prompt" else with_settings(config, samples__sanity_prompt="a dog")
    )
    before = list(planned_previews(sane, ["a robot"]))
    assert before != list(planned_previews(changed_by_name(sane, name, PREVIEWS[name]), ["a robot"]))


@pytest.mark.parametrize("name", [*CLASS_PICTURES, "samples.sampler"])
def test_setting_changes_generated_class_images(random_model, config, tmp_path, name):
    def draw(config, place) -> bytes:
        job = ClassJob(concept_index=0, folder=tmp_path / place, prompts=["a robot"])
        (path,) = generate_class_images(random_model, choose_device(config.precision), config, job, "toy")
        return path.read_bytes()

    value = {**CLASS_PICTURES, "samples.sampler": "euler"}[name]
    assert draw(config, "before") != draw(changed_by_name(config, name, value), "after")


@pytest.mark.parametrize("name", DUE)
def test_setting_makes_something_due(make_run, config, name):
    value, saves, samples, states = DUE[name]
    config = with_settings(config, adapter="lora", duration__max_steps=8)
    run, told = make_run(changed_by_name(config, name, value))
    assert (run.train(), told.saves, told.samples, told.states) == ("done", saves, samples, states)


def test_nothing_is_due_by_default(make_run, config):
    run, told = make_run(with_settings(config, adapter="lora", duration__max_steps=8))
    assert (run.train(), told.saves, told.samples, told.states) == ("done", [], [], [8])


def test_what_is_due_at_the_last_step_is_left_to_the_end(make_run, config):
    every = {"saving__save_every_steps": 2, "samples__sample_every_steps": 2}
    run, told = make_run(with_settings(config, adapter="lora", duration__max_steps=2, **every))
    assert (run.train(), told.saves, told.samples) == ("done", [], [])


@pytest.fixture
def noisy_config(config) -> TrainConfig:
    """A training of two steps that writes everything that it can."""
    return with_settings(
        config,
        adapter="lora",
        duration__max_steps=2,
        saving__save_every_steps=1,
        samples__sample_every_steps=1,
        samples__sample_at_end=True,
    )


@pytest.mark.parametrize("name", FILES)
def test_setting_changes_what_is_written(begin, folder, noisy_config, name):
    value, look, expected = FILES[name]
    end = do(begin(changed_by_name(noisy_config, name, value)))
    assert end["outcome"] == "done"
    assert look(folder) == expected


def test_what_is_written_when_nothing_is_changed(begin, folder, noisy_config):
    assert do(begin(noisy_config))["outcome"] == "done"
    both = with_card_and_preview("toy_1") + with_card_and_preview("toy_2")
    assert names(folder.checkpoints) == both
    assert previews(folder) == ["sample_1-0.png", "sample_2-0.png"]
    assert checkpoint_dtypes(folder) == {torch.float16}
    assert preview_texts(folder) == ["a photo of a sks robot"]
    assert names(folder.cache) == ["latents"]
    assert told_by_lora(folder)


def test_device_that_is_not_there_is_refused(config):
    precision = with_settings(config, precision__device="cuda").precision
    if torch.cuda.is_available():
        assert choose_device(precision).device.type == "cuda"
    else:
        with pytest.raises(DeviceError):
            choose_device(precision)
    assert choose_device(with_settings(config, precision__device="cpu").precision).device.type == "cpu"


def test_checkpointing_reaches_the_modules(make_learner, config):
    config = with_settings(config, parts__text_encoder_fraction=1)
    for wanted in (False, True):
        learner, _ = make_learner(with_settings(config, precision__gradient_checkpointing=wanted))
        assert learner.model.parts["unet"].is_gradient_checkpointing is wanted
        assert learner.model.parts["text_encoder"].is_gradient_checkpointing is wanted


@pytest.mark.skipif(torch.cuda.is_available(), reason="xformers may work here")
def test_xformers_is_used_or_refused(make_learner, config):
    with pytest.raises(MissingPackage, match=r"choose precision\.attention sdpa"):
        make_learner(with_settings(config, precision__attention="xformers"))


@pytest.mark.parametrize(("start", "continues"), [("continue", True), ("fresh", False)])
def test_adapter_is_continued_or_begun_afresh(library, config, start, continues):
    record = replace(library.load("toy"), adapter="lora")
    config = with_settings(config, adapter="lora", lora__start=start)
    run = prepare_training(library, "toy", record, config)
    assert f'"continues_adapter": {str(continues).lower()}' in run.config_file.read_text()
