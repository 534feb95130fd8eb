"""Jobs over HTTP: their names in addresses, what is told of them, what may be asked of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambooth.api.job_ids import id_of_place, place_of_id
from dreambooth.config.folders import RunFolder, find_name_fault
from dreambooth.config.store import NotFound

names = st.text(min_size=1, max_size=30).filter(lambda name: find_name_fault(name) is None)
runs = names.filter(lambda name: "/" not in name)


@given(names, runs)
def test_ids_lead_back_to_their_run_and_need_no_quoting(name, run):
    for place in (f"{name}/runs/{run}", f".jobs/{run}"):
        job = id_of_place(place)
        assert place_of_id(job) == place
        assert all(char.isascii() and (char.isalnum() or char in "-._~") for char in job)


@given(st.text(alphabet="ab.~-_0123456789%/é", max_size=20))
def test_a_run_has_one_id(job):
    try:
        place = place_of_id(job)
    except NotFound:
        return
    assert id_of_place(place) == job


@pytest.fixture
def made(library) -> str:
    """The id of the job that made the model."""
    run = next((library.path / ".jobs").iterdir())
    return id_of_place(library.run_place(RunFolder(run)))


def test_jobs_are_listed_with_what_became_of_them(client, made):
    told = client.get("/v1/jobs").json()["jobs"]
    assert [(each["job"], each["kind"], each["outcome"]) for each in told] == [(made, "create", "done")]


def test_a_job_tells_its_status_and_its_result(client, made):
    told = client.get(f"/v1/jobs/{made}").json()
    assert (told["status"], told["kind"], told["model"]) == ("done", "create", "toy")
    assert told["result"]["family"] == "sd1"


def test_what_is_over_can_be_asked_nothing(client, made):
    assert client.post(f"/v1/jobs/{made}/cancel", json={}).status_code == 409
    assert client.post(f"/v1/jobs/{made}/requests", json={"request": "stop"}).status_code == 409
    assert client.post(f"/v1/jobs/{made}/requests", json={"request": "fly"}).status_code == 422


def test_the_end_of_the_log_is_told(client, made, library):
    (library.path / ".jobs" / made / "worker.log").write_text("one\ntwo\nthree\n", encoding="utf-8")
    assert client.get(f"/v1/jobs/{made}/log?lines=2").json() == {"lines": ["two", "three"]}


@pytest.mark.parametrize("what", ["", "/events", "/log", "/images", "/images/x.png"])
def test_there_is_no_other_job(client, what):
    others = [
        "x",
        "%2e%2e",
        "~2e~2e",
        "toy.x",
        "toy.~2e~2e",
        "~2e~2e.x",
        "%00",
        "~00",
        "~zz",
        "toy.",
        ".x",
        "%0a",
    ]
    for job in [*others, "..%2f..", "toy%2fruns%2fx", "%2fetc%2fpasswd"]:
        answer = client.get(f"/v1/jobs/{job}{what}")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"]
