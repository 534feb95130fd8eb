"""Jobs of the past."""

import os
import time

import pytest

from dreambooth.actions import jobs
from dreambooth.config.store import ConfigError
from dreambooth.events import EventWriter, ask
from dreambooth.jobs.start import prepare_run, prepare_tool
from dreambooth.locks import file_lock
from tests.actions.workshop import workplace
from tests.conftest import MODEL


def listed(library, **values):
    return jobs.list_jobs(workplace(library), values)["jobs"]


def end(run, **values):
    EventWriter(run).write("end", **values)


def test_jobs_of_models_and_tools_are_listed_the_latest_first(library, folder):
    check = prepare_run(library, folder, "check", {})
    end(check, outcome="refused", message="no")
    merge = prepare_tool(library, "merge", {})
    end(merge, outcome="done", result={})
    create = prepare_run(library, library.folder("dog"), "create", {})
    told = listed(library, limit=3)
    told = {job["job"]: (job["model"], job["outcome"], job["message"]) for job in told}
    assert told == {
        "create": ("dog", None, None),
        "merge": (None, "done", None),
        "check": (MODEL, "refused", "no"),
    }
    runs = [job["run"] for job in listed(library)]
    assert runs[0] == f".jobs/{create.path.name}"
    assert f"{MODEL}/runs/{check.path.name}" in runs
    assert listed(library)[0]["given"] == create.config_file.stat().st_mtime
    assert len(listed(library, limit=1)) == 1


def test_job_is_under_way_while_its_worker_lives_and_lost_after_that(library, folder):
    run = prepare_run(library, folder, "check", {})
    os.utime(run.config_file, (time.time() - 3600,) * 2)
    EventWriter(run).write("work", job="check", pid=1)
    with file_lock(run.lock_file, waiting=lambda: None):
        assert listed(library, limit=1)[0]["outcome"] is None
    (told,) = listed(library, limit=1)
    assert told["outcome"] == "lost"
    assert "worker died" in told["message"]


def test_job_that_was_asked_to_stop_and_ended_at_once_is_stopped(library, folder):
    run = prepare_run(library, folder, "check", {})
    EventWriter(run).write("work", job="check", pid=1)
    ask(run, "stop")
    assert listed(library, limit=1)[0]["outcome"] == "stopped"


def test_folders_that_are_no_runs_and_runs_that_are_not_whole_are_passed_over(library, folder):
    before = len(listed(library))
    (folder.runs / "20990101-000000-000-check").mkdir(parents=True)
    (library.path / ".jobs" / "notes").mkdir()
    assert len(listed(library)) == before


@pytest.mark.parametrize("limit", [0, 501])
def test_limit_has_limits(library, limit):
    with pytest.raises(ConfigError, match="limit: must be from 1 to 500"):
        listed(library, limit=limit)
