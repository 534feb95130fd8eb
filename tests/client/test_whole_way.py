"""From a checkpoint to a file for use elsewhere, by the client and a server alone."""

from pathlib import Path

from dreambooth.client import Client
from dreambooth.toybox import WEIGHTS_FILE

SMALL = {
    "duration.max_steps": 2,
    "data.resolution": 64,
    "data.bucket_step_px": 8,
    "samples.sample_at_end": True,
}


def test_model_is_made_taught_drawn_with_and_handed_out(client: Client, photos):
    made = client.wait(client.create("dog", source=str(WEIGHTS_FILE)))
    assert (made["model"], "dog" in {model["name"] for model in client.models()}) == ("dog", True)

    client.add_concept("dog", instance_prompt="a photo of a sks robot", save_infer_steps=2)
    told = client.upload("dog", 0, photos)
    assert (told["copied"], told["refused"]) == (6, [])
    assert client.concepts("dog")[0]["instance_data_dir"] == told["folder"]
    assert client.change_settings("dog", SMALL)["problems"] == []
    assert client.plan("dog")["complete"]

    job = client.train("dog")
    events = list(client.events(job))
    assert [event["step"] for event in events if event["event"] == "step"] == [1, 2]
    assert Path(client.wait(job)["checkpoint"]).is_file()
    assert [image["file"] for image in client.images(job)] == ["sample_2-0.png"]
    preview = next(each["file"] for each in client.samples("dog") if "sample_2-0" in each["file"])
    assert client.image(job, "sample_2-0.png") == client.picture("dog", preview)
    assert client.saves("dog")[0]["step"] == 2

    drawn = client.wait(client.sample("dog", "a photo of a sks robot", steps=2))
    assert Path(drawn["pictures"][0]).is_file()
    written = client.wait(client.export("dog", to="my_dog.safetensors"))
    assert written["path"].startswith(client.host()["checkpoint_folder"])
