"""Settings over HTTP: what there is to set, changed by name, refused when somebody was faster."""

from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig

SETTINGS = "/v1/models/toy/settings"


def change(client, revision: int, **values):
    return client.patch(SETTINGS, json={"revision": revision, "values": values})


def test_schema_is_drawn_from_the_descriptions(client):
    properties = client.get("/v1/settings/schema").json()["properties"]
    for setting in describe_settings(TrainConfig):
        told = properties[setting.name]
        assert told["title"] == setting.description.label
        assert told.get("maximum") == setting.description.high
        assert told.get("enum", []) == list(setting.choices)


def test_what_is_read_can_be_written(client):
    told = client.get(SETTINGS).json()
    answer = change(client, told["revision"], **told["values"])
    assert answer.json()["revision"] == told["revision"]


def test_change_is_seen_and_counted(client):
    before = client.get(SETTINGS).json()["revision"]
    assert change(client, before, **{"lora.rank": 7, "adapter": "lora"}).json()["revision"] == before + 1
    assert client.get(SETTINGS).json()["values"]["lora.rank"] == 7
    assert client.get(f"{SETTINGS}/history").json()["history"][0]["changes"]


def test_who_has_not_seen_the_last_change_is_refused(client):
    before = client.get(SETTINGS).json()["revision"]
    change(client, before, seed=1)
    answer = change(client, before, seed=2)
    assert answer.status_code == 409
    assert client.get(SETTINGS).json()["values"]["seed"] == 1


def test_nothing_is_saved_when_one_is_wrong(client):
    before = client.get(SETTINGS).json()
    answer = change(client, before["revision"], **{"seed": 5, "lora.rank": 0, "no.such": 1})
    fields = {each["field"] for each in answer.json()["error"]["problems"]}
    assert (answer.status_code, fields) == (422, {"values.lora.rank", "values.no.such"})
    assert client.get(SETTINGS).json() == before


def test_preset_is_given_to_a_model(client):
    preset = client.get("/v1/presets", params={"family": "sd1"}).json()["presets"][0]["name"]
    revision = client.get(SETTINGS).json()["revision"]
    answer = client.post(f"/v1/models/toy/presets/{preset}", json={"revision": revision})
    assert answer.json()["changes"]
    assert client.post("/v1/models/toy/presets/none", json={"revision": revision + 1}).status_code == 404
