"""Work and its state, as programs of the old extension asked for them."""

import io
import time
import zipfile
from pathlib import Path

from PIL import Image

from dreambooth.config.store import with_values
from tests.conftest import MODEL, draw_photos

SMALL = {"duration.max_steps": 3, "samples.sample_at_end": True}


def finish(program) -> dict:
    """Ask for the status until nothing goes on, as old programs did."""
    while (state := program.get("status").json["current_state"])["active"]:
        time.sleep(0.2)
    return state


def names_in_zip(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_nothing_goes_on_once_the_model_is_made(program):
    state = program.get("status").json["current_state"]
    assert (state["active"], state["job_count"], state["last_status"]) == (False, 0, "done")
    assert program.get("cancel").json == {"message": "Nothing to cancel."}
    assert program.get("status_images").json == {"message": "No images."}


def test_training_is_begun_followed_and_its_results_fetched(program, library, config):
    library.save_config(MODEL, with_values(config, SMALL))
    told = program.post("start_training", model_name=MODEL, use_tx2img=False).json
    assert (told["Status"], told["job"].startswith(MODEL)) == ("Training started.", True)
    state = program.get("status").json["current_state"]
    assert (state["active"], state["job"], state["job_count"]) == (True, "train", -1)
    again = program.post("start_training", model_name=MODEL)
    assert (again.status, "being trained" in again.json["message"]) == (409, True)
    assert program.get("samples", model_name=MODEL, sample_prompt="a robot").status == 409

    state = finish(program)
    assert (state["current_step"], state["interrupted"], state["job_count"]) == (3, False, 0)
    assert (state["last_status"], state["sample_prompts"]) == ("done: 3 steps", ["a photo of a sks robot"])
    preview = program.get("status_images")
    assert preview.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(preview.content)).format == "PNG"

    file = program.get("checkpoint", model_name=MODEL)
    saved = library.folder(MODEL).checkpoints / f"{MODEL}_3.safetensors"
    assert file.content == saved.read_bytes()


def test_cancelled_training_can_go_on(program, library, config):
    library.save_config(MODEL, with_values(config, {"duration.max_steps": 10_000}))
    program.post("start_training", model_name=MODEL)
    while program.get("status").json["current_state"]["current_step"] < 1:
        time.sleep(0.2)
    assert program.get("cancel").json["message"] == "Processes canceled."
    state = finish(program)
    assert (state["interrupted"], state["last_status"].endswith("it can go on")) == (True, True)


def test_one_picture_is_a_png_and_two_are_a_zip(program):
    asked = {"model_name": MODEL, "sample_prompt": "a robot", "steps": 2, "scheduler": "ddim", "scale": 5}
    one = program.get("samples", **asked)
    assert Image.open(io.BytesIO(one.content)).format == "PNG"
    two = program.get("samples", **asked, num_images=2, seed=7)
    assert two.headers["content-disposition"] == f"attachment; filename={MODEL}_sample_images.zip"
    assert [Path(name).suffix for name in names_in_zip(two.content)] == [".png", ".png"]


def test_prompts_are_not_read_from_files(program, tmp_path):
    (tmp_path / "prompts.txt").write_text("a robot", encoding="utf-8")
    asked = {"sample_prompt": "a robot", "sample_prompt_file": str(tmp_path / "prompts.txt")}
    answer = program.get("samples", model_name=MODEL, **asked)
    assert (answer.status, "sample_prompt_file" in answer.json["message"]) == (422, True)


def test_checkpoint_that_is_not_there_is_written_first(program, place):
    file = program.get("checkpoint", model_name=MODEL)
    written = place.host.checkpoint_folder() / f"{MODEL}_0.safetensors"
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == f'attachment; filename="{written.name}"'
    changed = written.stat().st_mtime_ns
    assert program.get("checkpoint", model_name=MODEL).content == file.content == written.read_bytes()
    assert written.stat().st_mtime_ns == changed


def test_class_images_come_with_their_prompts_in_a_zip(program, library, with_classes, folder):
    library.save_config(MODEL, with_classes)
    draw_photos(folder.classifiers(0), 1)
    told = program.get("classifiers", model_name=MODEL, concept_idx=0)
    names = names_in_zip(told.content)
    assert {"classifiers_0/0.png", "classifiers_0/0.txt", "class_0/5.png"} <= set(names)
    assert (len(names), told.content) == (14, program.get("classifiers", model_name=MODEL).content)


def test_concept_without_class_images_has_none(program, library, config):
    library.save_config(MODEL, config)
    assert program.get("classifiers", model_name=MODEL).json == {"Result": "No images found."}
    assert program.get("classifiers", model_name=MODEL, concept_idx=5).status == 404


def test_class_images_are_drawn(program, library, config):
    few = {**vars(config.concepts[0]), "num_class_images_per": 1}
    library.save_config(MODEL, with_values(config, {"concepts": [few]}))
    told = program.form("POST", "classifiers", model_name=MODEL, class_gen_method="Native Diffusers").json
    assert told["message"] == "Generating classifiers..."
    assert finish(program)["job"] == ""
    assert len(names_in_zip(program.get("classifiers", model_name=MODEL).content)) == 6
