"""A whole training over HTTP alone: concept, pictures, settings, training, its events and its pictures."""

import json
from itertools import islice

import httpx

from tests.api.test_concepts import picture
from tests.api.test_job_events import parse

MODEL = "/v1/models/toy"
SETTINGS = {
    "adapter": "lora",
    "duration.max_steps": 4,
    "data.resolution": 64,
    "data.bucket_step_px": 8,
    "samples.sample_at_end": True,
}


def prepare(client: httpx.Client) -> None:
    """Two pictures of a robot, and a training of four steps."""
    concept = {"instance_prompt": "a photo of a sks robot", "save_infer_steps": 2}
    assert client.post(f"{MODEL}/concepts", json=concept).status_code == 201
    files = [("files", (f"{colour}.png", picture(colour))) for colour in ("red", "blue")]
    assert client.post(f"{MODEL}/concepts/0/images", files=files).json()["copied"] == 2
    revision = client.get(f"{MODEL}/settings").json()["revision"]
    answer = client.patch(f"{MODEL}/settings", json={"revision": revision, "values": SETTINGS})
    assert answer.json()["problems"] == []


def test_model_is_trained_and_its_events_are_heard_across_a_break(client):
    prepare(client)
    begun = client.post(f"{MODEL}/train", json={})
    assert begun.status_code == 202
    job = begun.json()["job"]

    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:  # a listener who hangs up
        heard = list(islice(parse(answer.iter_lines()), 2))
    assert client.post(f"{MODEL}/train", json={}).status_code == 409
    assert client.delete(f"{MODEL}?confirmation=toy").status_code == 409
    with client.stream(
        "GET", f"/v1/jobs/{job}/events", headers={"last-event-id": str(heard[-1][0])}
    ) as answer:
        heard += list(parse(answer.iter_lines()))

    assert [event["step"] for _, kind, event in heard if kind == "step"] == [1, 2, 3, 4]
    assert heard[-1][2]["outcome"] == "done"
    told = client.get(f"/v1/jobs/{job}").json()
    assert (told["status"], told["step"], told["model"]) == ("done", 4, "toy")
    assert json.loads(json.dumps(told["result"]))["step"] == 4

    drawn = client.get(f"/v1/jobs/{job}/images").json()["images"][0]["file"]
    assert client.get(f"/v1/jobs/{job}/images/{drawn}").content.startswith(b"\x89PNG")
    assert client.get(f"/v1/jobs/{job}/images/no.png").status_code == 404
    assert client.get(f"{MODEL}/saves").json()["saves"][0]["is_lora"]
    assert client.get(f"{MODEL}/plan").status_code == 200


def test_training_is_changed_paused_resumed_and_stopped(client):
    prepare(client)
    revision = client.get(f"{MODEL}/settings").json()["revision"]
    longer = {"revision": revision, "values": {"duration.max_steps": 100_000}}
    assert client.patch(f"{MODEL}/settings", json=longer).status_code == 200
    job = client.post(f"{MODEL}/train", json={}).json()["job"]
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        events = parse(answer.iter_lines())
        next(event for event in events if event[1] == "step")
        assert client.get(f"{MODEL}/changes").json()["values"]["lora.unet_lr"] == 1e-4
        assert client.post(f"{MODEL}/changes", json={"values": {"seed": 1}}).status_code == 422
        change = {"values": {"lora.unet_lr": 1e-5}, "keep": True}
        assert client.post(f"{MODEL}/changes", json=change).json()["changed"] == {"lora.unet_lr": 1e-5}
        next(event for event in events if event[1] == "changed")
        assert client.post(f"/v1/jobs/{job}/requests", json={"request": "pause"}).status_code == 202
        last_id, _, end = list(events)[-1]
        assert end["outcome"] == "paused"
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "paused"
    assert client.get(f"{MODEL}/settings").json()["values"]["lora.unet_lr"] == 1e-5
    assert client.post(f"/v1/jobs/{job}/requests", json={"request": "resume"}).json()["job"] == job
    headers = {"last-event-id": str(last_id)}
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as answer:
        events = parse(answer.iter_lines())
        assert next(event for event in events if event[1] == "step")[2]["lr"]["unet"] == 1e-5
        assert client.post(f"/v1/jobs/{job}/requests", json={"request": "stop"}).status_code == 202
        assert list(events)[-1][2]["outcome"] == "stopped"
    assert client.post(f"{MODEL}/changes", json=change).status_code == 409
    assert client.get(MODEL).json()["resumable"]["run"].endswith("train")
