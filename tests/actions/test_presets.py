"""Presets are listed, applied, kept and deleted."""

import json

import pytest

from dreambooth.actions import settings
from dreambooth.actions.presets import ACTIONS
from dreambooth.actions.table import answer
from dreambooth.actions.workplace import Workplace
from tests.actions.small_model import make_place

TABLE = {**settings.ACTIONS, **ACTIONS}


@pytest.fixture
def place(tmp_path) -> Workplace:
    return make_place(tmp_path, dog="sd1", cat="sdxl")


@pytest.fixture
def ask(place):
    def ask_action(action: str, **values) -> dict:
        return json.loads(json.dumps(answer(place, TABLE, {"action": action, "values": values})))

    return ask_action


def names_of(told: dict) -> list[str]:
    return [preset["name"] for preset in told["result"]["presets"]]


def test_presets_are_those_of_the_family(ask):
    assert "Full model, 24 GB" in names_of(ask("presets.list", family="sd1"))
    assert "Full model, 24 GB" not in names_of(ask("presets.list", family="sdxl"))
    everything = names_of(ask("presets.list"))
    assert len(everything) == len(set(everything))


def test_a_preset_is_applied_and_tells_what_it_changed(ask):
    told = ask("presets.apply", name="dog", revision=0, preset="Person")["result"]
    assert (told["revision"], told["problems"]) == (1, [])
    assert {"name": "duration.num_epochs", "before": 100, "after": 150} in told["changes"]
    assert ask("settings.load", name="dog")["result"]["values"]["duration"]["num_epochs"] == 150
    assert ask("settings.history", name="dog")["result"]["history"][0]["changes"] == told["changes"]


def test_a_preset_is_not_applied_over_changes_that_nobody_saw(ask):
    ask("settings.save", name="dog", revision=0, values={"seed": 1})
    assert "elsewhere" in ask("presets.apply", name="dog", revision=0, preset="Person")["refused"]


def test_own_settings_are_kept_without_concepts_and_paths(ask, place):
    values = {"lora.rank": 3, "lora.start": "fresh", "lora.start_file": "/mine/a.safetensors"}
    ask("settings.save", name="dog", revision=0, values=values)
    kept = ask("presets.save", name="dog", preset="Mein ☃")["result"]["preset"]
    assert kept["values"]["lora.rank"] == 3
    text = (place.library.path / ".presets" / "Mein ☃.json").read_text(encoding="utf-8")
    assert "/mine" not in text
    assert '"concepts"' not in text
    assert "photos" not in text


def test_own_presets_fit_other_models(ask):
    ask("settings.save", name="dog", revision=0, values={"lora.rank": 3})
    ask("presets.save", name="dog", preset="mine")
    assert "mine" in names_of(ask("presets.list", family="sdxl"))
    ask("presets.apply", name="cat", revision=0, preset="mine")
    values = ask("settings.load", name="cat")["result"]["values"]
    assert (values["lora"]["rank"], values["data"]["resolution"]) == (3, 1024)


def test_own_presets_are_deleted_and_others_are_not(ask):
    ask("presets.save", name="dog", preset="mine")
    assert ask("presets.delete", preset="mine")["result"] == {"deleted": "mine"}
    assert "mine" not in names_of(ask("presets.list", family="sd1"))
    assert "no preset mine of your own" in ask("presets.delete", preset="mine")["refused"]
    assert "no preset Person of your own" in ask("presets.delete", preset="Person")["refused"]


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("presets.save", {"preset": "../up"}, "cannot be a preset's name"),
        ("presets.save", {"preset": "Person"}, "comes with the trainer"),
        ("presets.apply", {"revision": 0, "preset": "none"}, "there is no preset none"),
        ("presets.apply", {"revision": 0, "preset": "Full model, 40 GB"}, "for another kind of model"),
        ("presets.list", {"family": 3}, "family: must be a text"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(ask, action, values, message):
    assert message in ask(action, name="dog", **values)["refused"]


@pytest.mark.parametrize("text", ["{", "[]", '{"told": "x"}', '{"told": "x", "values": 3}'])
def test_a_damaged_preset_is_named(ask, place, text):
    (place.library.path / ".presets").mkdir()
    (place.library.path / ".presets" / "bad.json").write_text(text)
    assert "bad.json cannot be read" in ask("presets.list")["refused"]


def test_a_preset_of_another_version_is_refused_when_applied(ask, place):
    (place.library.path / ".presets").mkdir()
    kept = {"told": "x", "values": {"lora.size": 3}}
    (place.library.path / ".presets" / "old.json").write_text(json.dumps(kept))
    told = ask("presets.apply", name="dog", revision=0, preset="old")
    assert told["refused"] == "lora.size: there is no such setting"
