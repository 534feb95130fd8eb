"""Every change of a model's settings keeps what they were."""

import json
from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.folders import ModelFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, changed, config_to_json, save_record
from dreambooth.jobs import history
from dreambooth.jobs.history import Change, find_changes, list_history, load_kept
from dreambooth.jobs.library import Library


@pytest.fixture
def small_library(tmp_path) -> Library:
    """A model without weights: settings need none."""
    save_record(ModelFolder(tmp_path / "dog").config_file, ModelRecord(config=TrainConfig(seed=0)))
    return Library(tmp_path)


@pytest.fixture
def dog(small_library) -> ModelFolder:
    return small_library.folder("dog")


def set_seed(library: Library, seed: int, session: str = "") -> None:
    library.change_config("dog", lambda config: changed(config, {"seed": str(seed)}), session=session)


def make_older(folder: ModelFolder, seconds: float) -> None:
    for path in (folder.backups / "settings").glob("*.json"):
        kept = json.loads(path.read_text())
        path.write_text(json.dumps({**kept, "time": kept["time"] - seconds}))


def told_seeds(library: Library) -> list[tuple[int, int]]:
    folder = library.folder("dog")
    kept = list_history(folder, library.load("dog").config)
    return [(change.before, change.after) for each in kept for change in each.changes]


def test_history_tells_what_was_changed_the_last_change_first(small_library):
    for seed in (1, 2, 3):
        set_seed(small_library, seed)
    assert told_seeds(small_library) == [(2, 3), (1, 2), (0, 1)]


def test_settings_of_earlier_are_found_by_their_id(small_library, dog):
    for seed in (1, 2, 3):
        set_seed(small_library, seed)
    ids = [kept.id for kept in list_history(dog, small_library.load("dog").config)]
    assert [load_kept(dog, kept_id).seed for kept_id in ids] == [2, 1, 0]


@pytest.mark.parametrize("kept_id", ["", "..", "../../db_config", "00000009-20200101-000000"])
def test_an_id_that_is_not_in_the_history_is_refused(small_library, dog, kept_id):
    set_seed(small_library, 1)
    with pytest.raises(ConfigError, match="there are no earlier settings"):
        load_kept(dog, kept_id)


def test_a_session_that_changes_much_in_a_minute_makes_one_entry(small_library):
    for seed in (1, 2, 3):
        set_seed(small_library, seed, session="tab")
    assert told_seeds(small_library) == [(0, 3)]


def test_after_a_minute_there_is_another_entry(small_library, dog):
    set_seed(small_library, 1, session="tab")
    make_older(dog, 61)
    set_seed(small_library, 2, session="tab")
    assert told_seeds(small_library) == [(1, 2), (0, 1)]


def test_sessions_have_entries_of_their_own(small_library):
    for seed, session in enumerate(["one", "other", "one"], start=1):
        set_seed(small_library, seed, session=session)
    assert told_seeds(small_library) == [(2, 3), (1, 2), (0, 1)]


def test_what_changes_nothing_is_not_kept(small_library, dog):
    set_seed(small_library, 0)
    assert list_history(dog, small_library.load("dog").config) == []


def test_the_oldest_entries_go(small_library, monkeypatch):
    monkeypatch.setattr(history, "NUM_KEPT", 3)
    for seed in range(1, 7):
        set_seed(small_library, seed)
    assert told_seeds(small_library) == [(5, 6), (4, 5), (3, 4)]


def test_a_damaged_entry_is_named_and_stops_no_change(small_library, dog):
    set_seed(small_library, 1, session="tab")
    (path,) = (dog.backups / "settings").glob("*.json")
    path.write_text("{")
    set_seed(small_library, 2, session="tab")
    assert small_library.load("dog").config.seed == 2
    with pytest.raises(ConfigError, match=path.name):
        list_history(dog, small_library.load("dog").config)


def test_changes_of_concepts_are_told_by_their_number():
    before = TrainConfig(concepts=(Concept(repeats=1),))
    after = replace(before, concepts=(Concept(repeats=2), Concept(instance_token="sks")))
    changes = list(find_changes(config_to_json(before), config_to_json(after)))
    assert changes[0] == Change("concepts.0.repeats", 1, 2)
    assert Change("concepts.1.instance_token", None, "sks") in changes
    assert len(changes) == 1 + len(config_to_json(Concept()))
