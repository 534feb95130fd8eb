"""Sources to choose from, and models made of them."""

import json
import time

import pytest

from dreambooth.actions import create
from dreambooth.actions.table import answer, find_actions
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.events import find_end
from dreambooth.toybox import WEIGHTS_FILE
from tests.actions.workshop import workplace
from tests.conftest import MODEL


def wait_for_end(run: RunFolder) -> dict:
    until = time.monotonic() + 60
    while (end := find_end(run)) is None:
        assert time.monotonic() < until
        time.sleep(0.1)
    return end


def test_sources_are_the_toybox_and_those_of_the_host(library):
    place = workplace(library)
    place.host.checkpoint_folder().mkdir(parents=True)
    own = place.host.checkpoint_folder() / "sd.safetensors"
    own.write_bytes(b"")
    told = create.sources(place, {})["sources"]
    assert [source["path"] for source in told] == [str(WEIGHTS_FILE), str(own)]
    assert told[1]["label"] == "sd.safetensors"
    own.unlink()
    own.symlink_to(WEIGHTS_FILE)
    assert [source["path"] for source in create.sources(place, {})["sources"]] == [str(WEIGHTS_FILE)]


def test_source_is_inspected_and_a_model_made_of_it(library):
    place, table = workplace(library), find_actions()
    form = {"source": str(WEIGHTS_FILE), "use_ema": False, "predicts": None}
    asked = {"action": "create.inspect", "values": form}
    seen = answer(place, table, json.loads(json.dumps(asked)))
    asked = {"action": "create.start", "values": {**form, "name": "dog"}}
    made = answer(place, table, json.loads(json.dumps(asked)))
    ends = [wait_for_end(RunFolder(library.path / told["result"]["run"])) for told in (seen, made)]
    assert [end["outcome"] for end in ends] == ["done", "done"]
    assert ends[0]["result"]["family"] == library.load("dog").family == "sd1"


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ({"name": MODEL, "source": str(WEIGHTS_FILE)}, "name: there is a model toy already"),
        ({"name": "dog", "source": "/none"}, "source: /none is not there"),
        ({"name": "..", "source": str(WEIGHTS_FILE)}, "name: a name has 1 to 100 characters"),
        ({"name": "dog"}, "source: choose a checkpoint"),
    ],
)
def test_model_that_cannot_be_made_is_refused_before_a_job_is_started(library, form, line):
    with pytest.raises(ConfigError, match=line):
        create.start(workplace(library), form)
    assert list((library.path / ".jobs").glob("*-create*"))[1:] == []  # the first made the model of the tests


def test_hub_is_not_looked_at(library):
    with pytest.raises(ConfigError, match="hub: there is no such field"):
        create.inspect(workplace(library), {"hub": "owner/model"})
