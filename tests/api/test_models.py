"""Models over HTTP."""

from dreambooth.toybox import WEIGHTS_FILE


def test_models_are_listed_and_shown(client):
    assert [each["name"] for each in client.get("/v1/models").json()["models"]] == ["toy"]
    assert client.get("/v1/models/toy").json()["family"] == "sd1"


def test_rename_goes_with_everything(client):
    assert client.post("/v1/models/toy/rename", json={"new_name": "dog"}).json() == {"name": "dog"}
    assert client.get("/v1/models/toy").status_code == 404
    assert client.get("/v1/models/dog").status_code == 200


def test_delete_wants_the_name_again(client):
    assert client.delete("/v1/models/toy").status_code == 422
    assert client.delete("/v1/models/toy?confirmation=cat").status_code == 422
    assert client.delete("/v1/models/toy?confirmation=toy").json()["name"] == "toy"
    assert client.delete("/v1/models/toy?confirmation=toy").status_code == 404


def test_a_name_that_is_taken_is_a_conflict(client):
    answer = client.post("/v1/models", json={"name": "toy", "source": str(WEIGHTS_FILE)})
    assert answer.status_code == 409
    assert answer.json()["error"]["problems"][0]["field"] == "name"


def test_a_name_that_no_folder_can_have_is_refused(client):
    answer = client.post("/v1/models", json={"name": "../toy", "source": str(WEIGHTS_FILE)})
    assert answer.status_code == 422
    assert answer.json()["error"]["problems"][0]["field"] == "name"


def test_host_and_sources_are_told(client, place):
    assert client.get("/v1/host").json()["models_folder"] == str(place.library.path)
    assert str(WEIGHTS_FILE) in [each["path"] for each in client.get("/v1/sources").json()["sources"]]


def test_whether_jobs_can_start_is_told(client):
    assert client.get("/v1/environment").json()["folder"]


def test_jobs_cannot_start_without_the_environment(client, monkeypatch, tmp_path):
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "none"))
    answer = client.post("/v1/models/toy/duplicate", json={"new_name": "copy"})
    assert answer.status_code == 503
    assert "not ready" in answer.json()["error"]["message"]


def test_any_action_of_the_page_can_be_asked(client):
    told = client.post("/v1/actions/models.list", json={"values": {}}).json()
    assert told["result"]["models"][0]["name"] == "toy"
    assert client.post("/v1/actions/models.nothing", json={"values": {}}).status_code == 404
    assert client.post("/v1/actions/models.card", json={"values": {"name": "no"}}).status_code == 404
