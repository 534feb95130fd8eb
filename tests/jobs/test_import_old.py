"""Models of the old extension become models of ours, and stay what they are."""

import json
import re
import shlex

import pytest
import torch

from dreambooth.cli import main
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.events import read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.models.working import read_part
from tests.conftest import MODEL, do
from tests.migration.old_folders import MAKERS, tree_hash
from tests.training.conftest import with_settings

STEPS = {"first": 600, "second": 30, "latest": 30}


@pytest.fixture
def make_old(folder, photos, tmp_path):
    """An old model folder of a generation, beside other things of a webui."""

    def make(generation: str, **changes):
        return MAKERS[generation](
            folder.working, tmp_path / "webui" / "dreambooth" / "robot", photos, **changes
        )

    return make


@pytest.fixture
def bring(library):
    """Imports an old folder; returns how it ended."""

    def bring_as(old, name="robot") -> dict:
        return do(prepare_run(library, library.folder(name), "import", {"source": str(old)}))

    return bring_as


@pytest.mark.parametrize("generation", MAKERS)
def test_old_model_becomes_one_of_ours_and_is_left_untouched(make_old, bring, library, generation):
    old = make_old(generation)
    before = tree_hash(old.parent.parent)
    end = bring(old)
    assert end["outcome"] == "done", end
    assert tree_hash(old.parent.parent) == before
    record = library.load("robot")
    assert (record.family, record.predicts, record.native_resolution) == ("sd1", "epsilon", 64)
    assert (record.lifetime_steps, record.source.rsplit(".")[0]) == (STEPS[generation], "toy")
    assert len(record.config.concepts) == 1
    assert end["result"]["settings"]["problems"] == []


def test_lora_files_of_the_old_folder_are_named(make_old, bring):
    old = make_old("first")
    (old / "loras").mkdir(exist_ok=True)
    (old / "loras" / "robot_600.pt").touch()
    assert str(old / "loras" / "robot_600.pt") in bring(old)["result"]["loras"]


@pytest.mark.parametrize("generation", MAKERS)
def test_imported_model_can_be_trained(make_old, bring, library, generation):
    bring(make_old(generation))
    config = with_settings(
        library.load("robot").config,
        duration__max_steps=1,
        samples__sample_at_end=False,
        precision__device="cpu",
    )
    end = do(prepare_training(library, "robot", library.load("robot"), config))
    assert (end["outcome"], library.load("robot").lifetime_steps) == ("done", STEPS[generation] + 1)


@pytest.mark.parametrize(("generation", "moved"), [("first", 0), ("second", 0), ("latest", 1)])
def test_weights_are_those_that_the_old_extension_trained_last(
    make_old, bring, library, folder, generation, moved
):
    bring(make_old(generation))
    for part in ("unet", "vae", "text_encoder"):
        ours, theirs = read_part(folder.working, part), read_part(library.folder("robot").working, part)
        assert ours.keys() == theirs.keys()
        added = moved if part == "unet" else 0
        assert all(torch.equal(theirs[name].float(), (ours[name] + added).float()) for name in ours)


def test_class_images_are_brought_along_and_counted(make_old, bring, library):
    bring(make_old("latest"))
    config = config_to_json(library.load("robot").config)
    told = do(prepare_run(library, library.folder("robot"), "check", {"config": config}))
    assert told["result"]["concepts"][0]["class_images"] == {"have": 6, "need": 6, "will_generate": 0}


def test_pictures_and_curves_are_brought_along_and_the_report_is_kept(make_old, bring, library):
    old = make_old("latest")
    end = bring(old)
    new = library.folder("robot")
    assert (new.logging / "events.out.tfevents.1").read_bytes() == b"curves"
    assert (new.backups / "db_config_0.json").exists()
    backup = new.backups / "db_config.sd_dreambooth_extension.json"
    assert backup.read_bytes() == (old / "db_config.json").read_bytes()
    told = json.loads((new.backups / "migration.json").read_text())
    assert told["settings"] == end["result"]["settings"]
    left = {entry["name"]: entry["reason"] for entry in told["files"]["left"]}
    assert left.keys() == {"classifiers_5", "robot.yaml", "working/ema_unet"}


@pytest.mark.parametrize(("generation", "is_lora"), [("first", False), ("second", True)])
def test_it_is_told_that_a_lora_stays_behind(make_old, library, generation, is_lora):
    asked = {"source": str(make_old(generation))}
    run = prepare_run(library, library.folder("robot"), "import", asked)
    assert do(run)["outcome"] == "done"
    warned = [event["message"] for event in read_events(run) if event["event"] == "warning"]
    assert ["trained as a LoRA" in text for text in warned] == ([True] if is_lora else [])


def test_old_samples_do_not_stand_where_new_ones_go(make_old, bring, library):
    bring(make_old("first"))
    assert len(list((library.folder("robot").samples / "imported").glob("*.png"))) == 2
    assert list(library.folder("robot").samples.glob("*.png")) == []


def test_name_that_is_taken_is_refused(make_old, bring, folder):
    before = tree_hash(folder.path)
    end = bring(make_old("first"), MODEL)
    assert end["outcome"] == "refused"
    assert "is there already: name the new model with --name" in end["message"]
    assert tree_hash(folder.path) == before


def test_import_that_fails_leaves_nothing(make_old, bring, library):
    old = make_old("latest")
    weights = old / "working" / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    end = bring(old)
    assert end["outcome"] == "refused"
    assert "damaged or incomplete" in end["message"]
    assert [path.name for path in library.path.iterdir() if "robot" in path.name] == []


@pytest.mark.parametrize(
    ("missing", "told"), [("db_config.json", "holds no db_config.json"), ("working", "no weights")]
)
def test_folder_that_is_no_old_model_is_refused(make_old, bring, missing, told):
    old = make_old("latest")
    (old / missing).rename(old / "elsewhere")
    end = bring(old)
    assert (end["outcome"], told in end["message"]) == ("refused", True)


def test_old_model_among_ours_says_how_it_is_imported(make_old, library, capsys):
    make_old("first").rename(library.path / "robot")
    with pytest.raises(ConfigError, match="is a model of the old extension") as caught:
        library.load("robot")
    command = re.search(r"python -m dreambooth (.*)", str(caught.value))
    assert main(shlex.split(command[1])) == 0
    assert library.load("robot_imported").lifetime_steps == 600
    assert "to look at" not in capsys.readouterr().out


def test_command_tells_what_became_of_everything(make_old, library, capsys):
    old = make_old("latest", optimizer="AdanIP Dadaptation", shoe_size=44, freeze_spectral_norm=True)
    code = main(["--models-dir", str(library.path), "import", str(old), "--name", "new"])
    out = capsys.readouterr().out
    assert code == 0
    for told in (
        "num_train_epochs = 80: duration.num_epochs=80",
        "freeze_spectral_norm = True: not available yet",
        "optimizer = 'AdanIP Dadaptation': AdanIP Dadaptation is not available yet",
        "shoe_size = 44: is no setting of the old extension",
        "16 under their old names, unchanged",
        "copied: classifiers_0 to classifiers_0",
        "left: robot.yaml",
    ):
        assert told in out
    assert Library(library.path).load("new").config.optimizer.name == "adamw"
