"""Where exports and tools write."""

import dataclasses

import pytest

from dreambooth.actions import export, tools
from dreambooth.config.store import ConfigError, save_record
from tests.actions.workshop import asked_of, workplace
from tests.conftest import MODEL


@pytest.fixture
def place(library):
    return workplace(library)


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{name}.safetensors" for name in "ab"]
    for path in paths:
        path.write_bytes(b"")
    return [str(path) for path in paths]


@pytest.fixture
def with_lora(library):
    """The model as if its last training had made a LoRA."""
    record = dataclasses.replace(library.load(MODEL), adapter="lora", lifetime_steps=12)
    save_record(library.folder(MODEL).config_file, record)


def exported(place, **form):
    return asked_of(export.prepare(place, {"name": MODEL, **form}))


def refusal(prepare, *arguments):
    with pytest.raises(ConfigError) as caught:
        prepare(*arguments)
    return str(caught.value)


@pytest.mark.usefixtures("with_lora")
def test_export_goes_to_where_the_host_looks(place):
    checkpoints, loras = place.host.checkpoint_folder(), place.host.lora_folder()
    assert exported(place)["to"] == str(checkpoints / "toy_12.safetensors")
    assert exported(place, format="lora")["to"] == str(loras / "toy_12.safetensors")
    assert exported(place, format="lora_diffusers")["to"] == str(loras / "toy_12_diffusers.safetensors")
    assert exported(place, to="mine/dog.ckpt")["to"] == str(checkpoints / "mine" / "dog.ckpt")


@pytest.mark.usefixtures("with_lora")
def test_export_takes_the_place_of_a_saved_step_and_of_nothing_else(place, folder):
    saved = folder.checkpoints / "toy_12.safetensors"
    saved.parent.mkdir(exist_ok=True)
    saved.write_text("saved")
    shown = place.host.lora_folder() / saved.name
    shown.parent.mkdir(parents=True)
    shown.hardlink_to(saved)
    asked = exported(place, format="lora")
    assert (asked["to"], asked["overwrite"]) == (str(shown), True)
    assert "is there already" in refusal(exported_as_lora_to, place, str(shown))
    shown.unlink()
    shown.write_text("mine")
    assert "is there already" in refusal(exported_as_lora_to, place, "")


def exported_as_lora_to(place, to):
    return exported(place, format="lora", to=to)


def test_export_goes_to_a_whole_path(place, tmp_path):
    asked = exported(place, to=str(tmp_path / "x.safetensors"), dtype="bf16")
    assert asked["to"] == str(tmp_path / "x.safetensors")
    assert (asked["dtype"], asked["format"], asked["overwrite"]) == ("bf16", "checkpoint", False)
    assert exported(place, to=str(tmp_path / "new"), format="diffusers")["to"] == str(tmp_path / "new")


@pytest.fixture
def saved_step(library):
    """A saved step that is a whole checkpoint."""
    folder = library.folder(MODEL)
    folder.checkpoints.mkdir()
    (folder.checkpoints / "toy_7.safetensors").write_bytes(bytes(8))
    return "checkpoints/toy_7.safetensors"


@pytest.mark.usefixtures("with_lora")
def test_saved_step_is_exported_under_its_own_number(place, saved_step):
    asked = exported(place, weights=saved_step)
    assert asked["weights"] == saved_step
    assert asked["to"] == str(place.host.checkpoint_folder() / "toy_7.safetensors")


@pytest.mark.usefixtures("with_lora")
def test_saved_step_that_does_not_hold_what_is_wanted_is_refused(place, saved_step):
    form = {"name": MODEL, "weights": saved_step, "format": "lora"}
    assert refusal(export.prepare, place, form).startswith("format: step 7 of toy has no LoRA")
    for other in ("checkpoints/toy_8.safetensors", "../toy/checkpoints/toy_7.safetensors", "db_config.json"):
        told = refusal(export.prepare, place, {"name": MODEL, "weights": other})
        assert told == f"weights: toy has no saved step {other}"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("form", "line"),
    [
        ({"to": "TMP/a.safetensors"}, "to: TMP/a.safetensors is there already"),
        ({"to": "TMP/a.safetensors", "format": "diffusers"}, "to: TMP/a.safetensors is there already"),
        ({"to": "TMP/none/x.ckpt"}, "to: there is no folder TMP/none"),
        ({"to": "../x.ckpt"}, "to: write a name, or the whole path"),
        ({"to": "x.txt"}, "to: x.txt must end with .safetensors or .ckpt"),
        ({"to": "x", "format": "diffusers"}, "to: write the whole path of the new folder"),
        ({"format": "diffusers"}, "to: write the whole path of the new folder"),
        ({"format": "lora"}, "format: toy has no LoRA"),
        ({"to": 'a"b.ckpt'}, 'to: a name cannot contain "'),
    ],
)
def test_export_that_has_no_place_is_refused(place, tmp_path, form, line):
    filled = {name: value.replace("TMP", str(tmp_path)) for name, value in form.items()}
    told = refusal(export.prepare, place, {"name": MODEL, **filled})
    assert told.startswith(line.replace("TMP", str(tmp_path)))
    assert not place.library.folder(MODEL).runs.exists()


def test_file_that_is_there_may_be_overwritten_when_asked(place, files):
    assert exported(place, to=files[0], overwrite=True)["overwrite"] is True


@pytest.mark.parametrize(
    ("job", "form", "to"),
    [
        ("merge", {"primary": "A", "secondary": "B"}, "checkpoints/new.safetensors"),
        ("convert", {"source": "A"}, "checkpoints/new.safetensors"),
        ("lora_bake", {"checkpoint": "A", "loras": "AB"}, "checkpoints/new.safetensors"),
        ("lora_merge", {"loras": "AB"}, "loras/new.safetensors"),
        ("lora_extract", {"base": "A", "tuned": "B"}, "loras/new.safetensors"),
        ("lora_resize", {"lora": "A", "rank": 4}, "loras/new.safetensors"),
        ("lora_convert", {"lora": "A"}, "loras/new.safetensors"),
    ],
)
def test_tool_writes_to_the_folder_for_its_files(place, files, job, form, to):
    stand_ins = {"A": files[0], "B": files[1], "AB": [{"path": path} for path in files]}
    filled = {name: stand_ins.get(value, value) for name, value in form.items()}
    asked = asked_of(tools.prepare(job, place, {**filled, "to": "new.safetensors"}))
    assert asked["to"] == str(place.host.path / to)
    assert f"tools.{job}" in tools.ACTIONS


def test_model_is_converted_to_a_folder_of_a_whole_path(place, files, tmp_path):
    form = {"source": files[0], "to": str(tmp_path / "v1.5")}
    assert asked_of(tools.prepare("convert", place, form))["to"] == str(tmp_path / "v1.5")
    told = refusal(tools.prepare, "convert", place, {**form, "to": "v1.5"})
    assert told == "to: write the whole path of the new folder"


def test_tool_refuses_its_form_before_a_job_is_started(place, files):
    form = {"primary": files[0], "secondary": "/none", "to": files[1], "multiplier": 99}
    assert refusal(tools.prepare, "merge", place, form).splitlines() == [
        "secondary: /none is not a file",
        "multiplier: 99 is above the greatest value 10",
    ]
    form = {"primary": files[0], "secondary": files[0], "to": files[1]}
    assert "is there already" in refusal(tools.prepare, "merge", place, form)
    assert list((place.library.path / ".jobs").glob("*-merge")) == []
