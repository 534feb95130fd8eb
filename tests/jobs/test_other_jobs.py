"""Create, check, class images, samples and exports."""

import hashlib
import threading

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from dreambooth.commands import describe_plan
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run
from dreambooth.locks import file_lock
from dreambooth.models.single_file import write_checkpoint
from dreambooth.toybox import WEIGHTS_FILE
from tests.conftest import MODEL, do, draw_photos, weights_hash
from tests.training.conftest import with_fields, with_settings

SAMPLE = {
    "negative_prompt": "",
    "count": 1,
    "seed": 3,
    "steps": 2,
    "guidance_scale": 7.5,
    "sampler": "ddim",
    "width": 0,
    "height": 0,
}


@pytest.fixture
def create(tmp_path):
    """Makes a model in an empty library; returns the library and how it ended."""

    def create_from(source, name="new") -> tuple[Library, dict]:
        library = Library(tmp_path / "empty")
        return library, do(prepare_run(library, library.folder(name), "create", {"source": str(source)}))

    return create_from


def test_fresh_model_has_settings_that_fit_it(library):
    record = library.load(MODEL)
    assert (record.source, record.family, record.native_resolution) == ("toybox.safetensors", "sd1", 64)
    assert record.source_hash == hashlib.sha256(WEIGHTS_FILE.read_bytes()).hexdigest()
    assert (record.config.data.resolution, record.config.data.bucket_step_px) == (64, 8)
    assert (record.lifetime_steps, record.adapter, record.last_run) == (0, "", "")


def wrong_architecture(path):
    write_checkpoint(path, {"a.weight": torch.ones(3)}, {})


def truncated(path):
    path.write_bytes(WEIGHTS_FILE.read_bytes()[:-1000])


def missing(path):
    assert not path.exists()


@pytest.mark.parametrize("make", [wrong_architecture, truncated, missing])
def test_source_that_is_no_model_is_refused_and_leaves_nothing(create, tmp_path, make):
    make(tmp_path / "source.safetensors")
    library, end = create(tmp_path / "source.safetensors")
    assert end["outcome"] == "refused"
    assert end["message"]
    assert [path.name for path in library.path.iterdir() if not path.name.startswith(".")] == []


def test_existing_name_is_refused_and_its_model_left_alone(library, folder):
    before = weights_hash(folder)
    end = do(prepare_run(library, folder, "create", {"source": str(WEIGHTS_FILE)}))
    assert end["outcome"] == "refused"
    assert "there is a model toy already" in end["message"]
    assert weights_hash(folder) == before


def test_what_a_killed_creation_left_does_not_stand_in_the_way(create, tmp_path):
    (tmp_path / "empty" / "new" / ".working.1.partial" / "unet").mkdir(parents=True)
    library, end = create(WEIGHTS_FILE)
    assert end["outcome"] == "done"
    assert library.names() == ["new"]


def test_folder_with_something_else_in_it_is_left_alone(create, tmp_path):
    (tmp_path / "empty" / "new").mkdir(parents=True)
    (tmp_path / "empty" / "new" / "diary.txt").touch()
    _, end = create(WEIGHTS_FILE)
    assert end["outcome"] == "refused"
    assert (tmp_path / "empty" / "new" / "diary.txt").exists()


def test_check_tells_the_plan(perform, config, photos):
    draw_photos(photos / "wide", 1, size=(128, 64))
    (photos / "notes.pdf").touch()
    config = with_settings(
        with_fields(config, num_class_images_per=2, repeats=3),
        duration__max_steps=0,
        duration__num_epochs=10,
        data__batch_size=5,
    )
    plan = perform("check", config)["result"]
    assert (plan["steps_per_epoch"], plan["num_steps"], plan["num_epochs"]) == (3, 30, 10)
    assert plan["concepts"][0]["class_images"] == {"have": 0, "need": 8, "will_generate": 8}
    assert (plan["concepts"][0]["images"], plan["concepts"][0]["repeats"]) == (4, 3)
    assert sum(plan["buckets"].values()) == 4
    assert plan["skipped"][0]["path"].endswith("notes.pdf")
    assert plan["estimated_memory_bytes"] > 1e8
    assert plan["estimated_seconds"] > 0
    told = describe_plan(plan)
    assert "4 images x 3 repeats" in told
    assert "0 there, 8 needed, 8 will be generated" in told
    assert "30 steps = 10 epochs of 3" in told
    assert "learning rate, U-Net: 2e-06 at first, at most 2e-06 at step 1, 2e-06 at step 30" in told
    assert "notes.pdf" in told


def test_check_counts_what_folders_multiply_and_what_is_preserved(perform, config, photos):
    (photos / "multiply.txt").write_text("1.5")
    draw_photos(photos / "preservation", 4)
    (photos / "preservation" / "multiply.txt").write_text("0.25")
    plan = perform("check", with_fields(config, instance_prompt="[filewords]"))["result"]
    told = plan["concepts"][0]
    assert (told["images"], told["preservation"], told["shown"]) == (3, 4, 3 + 2 + 1)
    assert "    4 real pictures keep the rest\n    an epoch shows 6 pictures\n" in describe_plan(plan)


def test_check_refuses_every_contradiction_at_once(perform, config):
    end = perform("check", with_settings(with_fields(config, instance_prompt=""), parts__train_unet=False))
    assert end["outcome"] == "refused"
    assert len(end["message"].split("\n")) == 2


def test_class_images_are_made_only_where_they_are_missing(perform, folder, config, tmp_path):
    own = draw_photos(tmp_path / "own", 2)
    config = with_fields(config, class_data_dir=str(own), num_class_images_per=2)
    (told,) = perform("classes", config)["result"]["concepts"]
    assert (told["have"], told["generated"], told["need"]) == (2, 4, 6)
    made = sorted(folder.classifiers(0).glob("*.png"))
    assert len(made) == 4
    assert {path.with_suffix(".txt").read_text() for path in made} == {"a photo of a robot"}
    (told,) = perform("classes", config)["result"]["concepts"]
    assert (told["have"], told["generated"]) == (6, 0)
    assert sorted(folder.classifiers(0).glob("*.png")) == made


def test_interrupted_class_images_go_on_and_are_the_same(begin, perform, folder, config):
    config = with_fields(config, num_class_images_per=2)
    perform("classes", config)
    whole = {path.name: path.read_bytes() for path in folder.classifiers(0).glob("*.png")}
    for name in sorted(whole)[1:]:
        (folder.classifiers(0) / name).unlink()
    run = begin(config)
    ask(run, "stop")
    assert do(run)["outcome"] == "stopped"
    assert len(list(folder.classifiers(0).glob("*.png"))) == 2
    perform("classes", config)
    assert {path.name: path.read_bytes() for path in folder.classifiers(0).glob("*.png")} == whole


def test_rejected_class_images_are_replaced_also_after_an_interruption(begin, perform, folder, config):
    config = with_fields(config, num_class_images_per=2)
    perform("classes", config)
    before = {path.name for path in folder.classifiers(0).glob("*.png")}
    rejected = sorted(before)[:2]
    for name in rejected:
        (folder.classifiers(0) / name).with_suffix(".rejected").touch()
        (folder.classifiers(0) / name).unlink()
    run = begin(config)
    ask(run, "stop")
    assert do(run)["outcome"] == "stopped"
    assert len(list(folder.classifiers(0).glob("*.png"))) == 5
    (told,) = perform("classes", config)["result"]["concepts"]
    assert (told["have"], told["generated"], told["need"]) == (5, 1, 6)
    after = {path.name for path in folder.classifiers(0).glob("*.png")}
    assert len(after) == 6
    assert after.isdisjoint(rejected)
    assert after >= before - set(rejected)
    assert {p.with_suffix(".txt").read_text() for p in folder.classifiers(0).glob("*.png")} == {
        "a photo of a robot"
    }


def test_samples_are_drawn_with_seeds_counted_up(perform, tmp_path):
    end = perform("sample", **{**SAMPLE, "count": 2}, prompt="a red robot", to=str(tmp_path / "out"))
    assert end["outcome"] == "done"
    assert [path[-14:] for path in end["result"]["pictures"]] == ["0000000003.png", "0000000004.png"]
    picture = Image.open(end["result"]["pictures"][0])
    assert picture.size == (64, 64)
    assert picture.text["parameters"].endswith("Seed: 3, Size: 64x64, Model: toy")


def test_samples_show_the_adapter(begin, perform, config, tmp_path):
    def draw(name) -> bytes:
        end = perform("sample", **SAMPLE, prompt="a photo of a sks robot", to=str(tmp_path / name))
        return Image.open(end["result"]["pictures"][0]).tobytes()

    before = draw("before")
    do(begin(with_settings(config, adapter="lora", lora__unet_lr=0.01)))
    assert draw("after") != before


@pytest.mark.parametrize("change", [{"width": 65}, {"height": -8}, {"steps": 0}, {"count": 0}, {"seed": -1}])
def test_sample_that_cannot_be_drawn_is_refused(perform, tmp_path, change):
    end = perform("sample", **{**SAMPLE, **change}, prompt="x", to=str(tmp_path / "out"))
    assert end["outcome"] == "refused"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dtype", ["fp32", "fp16", "bf16"])
def test_checkpoint_without_training_is_the_source(perform, tmp_path, dtype):
    path = tmp_path / "out.safetensors"
    end = perform("export", to=str(path), format="checkpoint", dtype=dtype)
    assert (end["outcome"], end["result"]["bytes"]) == ("done", path.stat().st_size)
    exported, source = load_file(path), load_file(WEIGHTS_FILE)
    assert exported.keys() == source.keys()
    name = "model.diffusion_model.out.2.weight"
    expected = source[name].to({"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[dtype])
    assert torch.equal(exported[name], expected)
    if dtype == "fp16":
        assert all(torch.equal(exported[name], tensor) for name, tensor in source.items())


def test_folder_is_exported_and_not_overwritten(perform, tmp_path):
    asked = {"to": str(tmp_path / "out"), "format": "diffusers", "dtype": "fp16"}
    assert perform("export", **asked)["outcome"] == "done"
    assert (tmp_path / "out" / "model_index.json").exists()
    assert perform("export", **asked)["outcome"] == "refused"


def test_file_that_is_there_is_kept_unless_it_may_go(perform, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"mine")
    asked = {"to": str(tmp_path / "mine.safetensors"), "format": "checkpoint", "dtype": "fp16"}
    end = perform("export", **asked, overwrite=False)
    assert (end["outcome"], (tmp_path / "mine.safetensors").read_bytes()) == ("refused", b"mine")
    assert "exists already" in end["message"]
    assert perform("export", **asked, overwrite=True)["outcome"] == "done"


def test_adapter_is_exported_alone_and_merged(begin, perform, config, tmp_path):
    end = perform("export", to=str(tmp_path / "no.safetensors"), format="lora", dtype="fp16")
    assert end["outcome"] == "refused"
    assert "has no LoRA" in end["message"]
    do(begin(with_settings(config, adapter="lora", lora__rank=2, lora__unet_lr=0.01)))
    end = perform("export", to=str(tmp_path / "lora.safetensors"), format="lora", dtype="fp16")
    assert all(name.startswith("lora_unet_") for name in load_file(end["result"]["path"]))
    end = perform("export", to=str(tmp_path / "merged.safetensors"), format="checkpoint", dtype="fp32")
    assert end["result"]["moved"]["unet"] > 0
    assert "text_encoder" not in end["result"]["moved"]


def test_job_that_waits_for_the_device_says_so(library):
    run = prepare_run(library, library.folder(MODEL), "check", {"config": {}})
    with file_lock(library.path / ".device.lock", waiting=lambda: None):
        thread = threading.Thread(target=do, args=(run,))
        thread.start()
        while "waiting" not in [event["event"] for event in read_events(run)]:
            assert thread.is_alive()
    thread.join()
    assert read_events(run)[-1]["outcome"] == "refused"
    (waiting,) = [event for event in read_events(run) if event["event"] == "waiting"]
    assert (waiting["before"], waiting["message"]) == (1, "another job is running")
