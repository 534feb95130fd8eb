"""A training that measures pictures which it does not train."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dreambooth.commands import describe_plan
from dreambooth.events import read_events
from tests.conftest import do
from tests.training.conftest import with_settings

ASKED = {
    "adapter": "lora",
    "lora__rank": 2,
    "duration__max_steps": 2,
    "validation__fraction": 0.34,
    "validation__stabilise": True,
    "validation__noise_levels": 1,
}


def test_what_is_measured_is_told_before_the_first_step_and_after_the_last(begin, folder, config):
    run = begin(with_settings(config, **ASKED))
    assert do(run)["outcome"] == "done"
    events = list(read_events(run))
    found = [event for event in events if event["event"] == "validation"]
    assert [(event["step"], event["lifetime_step"]) for event in found] == [(0, 0), (2, 2)]
    for event in found:
        assert event["sets"] == {"held_out": event["loss"]}
        assert event["train_loss"] not in (None, event["loss"])
    kinds = [event["event"] for event in events]
    assert kinds.index("start") < kinds.index("validation") < kinds.index("step")
    board = EventAccumulator(str(folder.logging / run.path.name))
    board.Reload()
    told = [point.step for point in board.Scalars("loss/validation")]
    assert told == [point.step for point in board.Scalars("loss/validation_trained")] == [0, 2]


def test_the_plan_tells_how_many_are_held_out(perform, config):
    plan = perform("check", with_settings(config, **ASKED))["result"]
    assert plan["validation"] == {"held_out": 1, "folder": 0}
    assert plan["concepts"][0]["images"] == 2
    assert "validation: 1 held out of training" in describe_plan(plan)
