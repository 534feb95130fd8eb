"""Which step is good, as pages and programs are told it."""

import pytest

from dreambooth.config.folders import ModelFolder
from dreambooth.jobs.run_judgement import judge_run
from dreambooth.jobs.run_views import RunView
from tests.conftest import MODEL
from tests.jobs.told_runs import ToldRun


@pytest.fixture
def told(library, folder) -> ToldRun:
    """A training after 1000 steps that saved three times, and whose first save is gone."""
    told = ToldRun(library, MODEL, before=1000).begin()
    folder.checkpoints.mkdir(exist_ok=True)
    folder.samples.mkdir(exist_ok=True)
    (folder.samples / "saves.png").touch()
    told.writer.write("judged", step=0, grid="samples/saves.png", drift=None, pictures=[])
    for step, loss, drift in ((10, 0.5, 0.1), (20, 0.3, 0.2), (30, 0.4, 0.7)):
        told.steps(step - 9, step)
        measured = {"lifetime_step": 1000 + step, "loss": loss, "sets": {}, "train_loss": None}
        told.writer.write("validation", step=step, **measured)
        path = f"checkpoints/toy_{1000 + step}.safetensors"
        if step > 10:
            (folder.path / path).touch()
        told.writer.write("checkpoint", step=step, path=path)
        told.writer.write("judged", step=step, grid="samples/saves.png", drift=drift, pictures=[])
    return told


def judgement(told: ToldRun):
    return RunView(told.run).tell(told.place, None)["judgement"]


def test_saves_that_are_there_have_their_figures(told, folder):
    found = judgement(told)
    assert [(save["step"], save["validation"], save["drift"]) for save in found["saves"]] == [
        (1020, 0.3, 0.2),
        (1030, 0.4, 0.7),
    ]
    assert (found["best"], found["drifted_since"]) == (1020, 1030)
    assert found["grid"] == str(folder.samples / "saves.png")
    assert "the best saved step is 1020" in found["words"]


def test_the_same_is_read_without_a_page(told, folder):
    assert judge_run(told.run, ModelFolder(folder.path).path) == judgement(told)


def test_what_is_trained_again_is_measured_again(told):
    told.writer.write("start", step=20, num_steps=100, device="cpu")
    assert [save["step"] for save in judgement(told)["saves"]] == [1020]
    assert judgement(told)["drifted_since"] is None


def test_without_saves_there_is_nothing_to_judge(library):
    assert judgement(ToldRun(library, MODEL).begin().steps(1, 3)) is None
