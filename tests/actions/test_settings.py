"""What a form does with a model's settings."""

import json

import pytest

from dreambooth.actions.settings import ACTIONS
from dreambooth.actions.table import answer
from dreambooth.actions.workplace import Workplace
from tests.actions.small_model import make_place


@pytest.fixture
def place(tmp_path) -> Workplace:
    return make_place(tmp_path, dog="sd1", cat="sdxl")


@pytest.fixture
def ask(place):
    """Asks as the page does: in JSON, and back."""

    def ask_action(verb: str, name: str = "dog", **values) -> dict:
        asked = {"action": f"settings.{verb}", "values": {"name": name, **values}}
        return json.loads(json.dumps(answer(place, ACTIONS, json.loads(json.dumps(asked)))))

    return ask_action


def test_settings_are_loaded_with_their_revision_and_problems(ask):
    told = ask("load")["result"]
    assert (told["revision"], told["values"]["lora"]["rank"], told["problems"]) == (0, 16, [])


def test_defaults_are_those_of_the_kind_of_model(ask):
    assert [ask("load", name)["result"]["defaults"]["data"]["resolution"] for name in ("dog", "cat")] == [
        512,
        1024,
    ]


def test_saved_values_are_loaded_again_and_nothing_else_changes(ask):
    before = ask("load")["result"]["values"]
    told = ask("save", revision=0, values={"lora.rank": 8, "lora.alpha": 4})["result"]
    assert told == {"revision": 1, "problems": [], "saved": True}
    after = ask("load")["result"]["values"]
    assert (after["lora"].pop("rank"), after["lora"].pop("alpha")) == (8, 4)
    del before["lora"]["rank"], before["lora"]["alpha"]
    assert after == before


def test_concepts_are_saved_as_a_whole(ask):
    concepts = [{"instance_token": "sks"}, {"instance_token": "☃ <b>\"'"}]
    ask("save", revision=0, values={"concepts": concepts})
    told = ask("load")["result"]["values"]["concepts"]
    assert [concept["instance_token"] for concept in told] == ["sks", "☃ <b>\"'"]


def test_one_faulty_value_is_refused_and_nothing_is_saved(ask):
    values = {"lora.rank": 0, "seed": 5, "concepts": [{"repeats": "x"}]}
    told = ask("save", revision=0, values=values)["refused"]
    assert told.split("\n") == [
        "concepts.0.repeats: 'x' is not an int",
        "lora.rank: 0 is below the least value 1",
    ]
    assert ask("load")["result"]["revision"] == 0


def test_contradictions_are_saved_and_told(ask):
    told = ask("save", revision=0, values={"parts.train_unet": False})["result"]
    assert told["problems"] == [
        {"setting": "parts.train_unet", "advice": "choose at least one part to train"}
    ]


def test_a_page_that_has_not_seen_the_last_change_saves_nothing(ask):
    ask("save", revision=0, values={"seed": 1})
    assert "changed elsewhere meanwhile" in ask("save", revision=0, values={"seed": 2})["refused"]
    assert ask("load")["result"]["values"]["seed"] == 1


def test_what_is_not_saved_can_be_checked(ask):
    told = ask("check", values={"lora.rank": 0, "nothing": 1})["result"]
    assert told["faults"] == [{"setting": "nothing", "advice": "there is no such setting"}]
    told = ask("check", values={"lora.rank": 0, "seed": "x"})["result"]
    assert [fault["setting"] for fault in told["faults"]] == ["seed", "lora.rank"]
    told = ask("check", values={"ema.enabled": True, "parts.train_unet": False})["result"]
    assert [problem["setting"] for problem in told["problems"]] == ["parts.train_unet", "ema.enabled"]
    assert ask("load")["result"]["revision"] == 0


def test_history_tells_changes_and_any_of_them_is_taken_back(ask):
    ask("save", revision=0, values={"seed": 1})
    ask("save", revision=1, values={"lora.rank": 8})
    entries = ask("history")["result"]["history"]
    assert [entry["changes"] for entry in entries] == [
        [{"name": "lora.rank", "before": 16, "after": 8}],
        [{"name": "seed", "before": 0, "after": 1}],
    ]
    assert ask("restore", revision=2, id=entries[1]["id"])["result"]["revision"] == 3
    values = ask("load")["result"]["values"]
    assert (values["seed"], values["lora"]["rank"]) == (0, 16)
    undone = ask("history")["result"]["history"][0]
    ask("restore", revision=3, id=undone["id"])
    assert ask("load")["result"]["values"]["lora"]["rank"] == 8


def test_a_page_that_saves_as_one_types_makes_one_entry(ask):
    for revision, seed in enumerate((1, 12, 123)):
        ask("save", revision=revision, values={"seed": seed}, session="tab")
    (entry,) = ask("history")["result"]["history"]
    assert entry["changes"] == [{"name": "seed", "before": 0, "after": 123}]


def test_settings_are_put_back_to_those_of_the_kind_of_model(ask):
    ask("save", "cat", revision=0, values={"data.resolution": 512, "seed": 4, "lora.rank": 2})
    ask("reset", "cat", revision=1, names=["data.resolution", "seed"])
    values = ask("load", "cat")["result"]["values"]
    assert (values["data"]["resolution"], values["seed"], values["lora"]["rank"]) == (1024, 0, 2)


@pytest.mark.parametrize(
    ("verb", "values", "message"),
    [
        ("save", {"values": {}}, "revision: must be given"),
        ("save", {"revision": "1", "values": {}}, "revision: must be a whole number"),
        ("save", {"revision": True, "values": {}}, "revision: must be a whole number"),
        ("save", {"revision": 0, "values": [1]}, "values: must be an object"),
        ("save", {"revision": 0, "values": {"lora": 3}}, "lora: there is no such setting"),
        ("save", {"revision": 0, "values": {"concepts": "x"}}, "not nested as they should be"),
        ("reset", {"revision": 0, "names": ["concepts"]}, "concepts: there is no such setting"),
        ("reset", {"revision": 0, "names": [3]}, "names: must be a list of texts"),
        ("restore", {"revision": 0, "id": "../../x"}, "there are no earlier settings"),
        ("load", {"name": "bird"}, "there is no model bird"),
        ("load", {"name": 5}, "name: must be a text"),
        ("history", {"name": "../x"}, "cannot be a model's name"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(ask, verb, values, message):
    assert message in ask(verb, **values)["refused"]


def test_a_folder_whose_name_is_far_too_long_is_a_problem_and_no_failure(ask):
    concepts = [{"instance_data_dir": "x" * 5000, "instance_prompt": "a sks dog"}]
    told = ask("save", revision=0, values={"concepts": concepts})["result"]
    assert told["problems"][0]["setting"] == "concepts.0.instance_data_dir"
    assert "result" in ask("load")
