"""Whoever changes a model's record at the same time as others: no change is lost, no stale one wins."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dreambooth.config.editing import StaleSettings, update_record, with_config
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, changed, load_record, save_record

ADD_ONE = """
import sys
from dataclasses import replace
from pathlib import Path
from dreambooth.config.editing import update_record
for _ in range(10):
    update_record(Path(sys.argv[1]), lambda record: replace(record, lifetime_steps=record.lifetime_steps + 1))
"""


@pytest.fixture
def record_file(tmp_path) -> Path:
    save_record(tmp_path / "db_config.json", ModelRecord())
    return tmp_path / "db_config.json"


def with_seed(seed: int):
    return lambda config: changed(config, {"seed": str(seed)})


def test_a_change_of_settings_is_counted(record_file):
    for seed in (3, 4):
        update_record(record_file, lambda record, seed=seed: with_config(record, with_seed(seed)))
    record = load_record(record_file)
    assert (record.revision, record.config.seed) == (2, 4)


def test_settings_that_stay_as_they_are_are_no_change():
    record = ModelRecord(revision=5)
    assert with_config(record, lambda config: replace(config), expected_revision=5) == record


def test_other_facts_are_no_change_of_the_settings(record_file):
    update_record(record_file, lambda record: replace(record, lifetime_steps=7))
    assert load_record(record_file).revision == 0


def test_settings_that_were_changed_meanwhile_are_not_overwritten():
    record = ModelRecord(revision=2, config=TrainConfig(seed=1))
    with pytest.raises(StaleSettings, match="changed elsewhere meanwhile") as caught:
        with_config(record, with_seed(9), expected_revision=1)
    assert caught.value.revision == 2
    assert isinstance(caught.value, ConfigError)


def test_of_many_with_the_same_revision_one_wins(record_file):
    def save(seed: int) -> bool:
        try:
            update_record(record_file, lambda record: with_config(record, with_seed(seed), 0))
        except StaleSettings:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(save, range(1, 9)))
    assert won.count(True) == 1
    assert load_record(record_file).config.seed == won.index(True) + 1


def test_processes_lose_nothing_of_each_other(record_file):
    workers = [subprocess.Popen([sys.executable, "-c", ADD_ONE, str(record_file)]) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert load_record(record_file).lifetime_steps == 30


def test_what_a_change_raises_leaves_everything_as_it_was(record_file):
    before = record_file.read_bytes()
    with pytest.raises(ConfigError):
        update_record(record_file, lambda record: with_config(record, with_seed(-1)))
    assert record_file.read_bytes() == before
    update_record(record_file, lambda record: with_config(record, with_seed(1)))  # nor is it locked


def test_a_model_that_is_gone_is_not_brought_back(tmp_path):
    with pytest.raises(ConfigError, match="there is no model"):
        update_record(tmp_path / "gone" / "db_config.json", lambda record: record)
    assert not (tmp_path / "gone").exists()
