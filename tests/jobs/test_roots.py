"""A whole training on a dataset that was made for another trainer."""

import json

from dreambooth.events import read_events
from tests.conftest import do, draw_photos
from tests.training.conftest import with_fields


def test_list_with_multipliers_is_trained_beside_real_pictures(begin, config, tmp_path):
    draw_photos(tmp_path / "world", 4)
    listed = [
        {"image": "photos/0.png", "caption": "a red sks robot", "multiply": 1.5},
        {"image": "photos/1.png", "multiply": 1.5, "rating": 2},
        {"image": "photos/2.png", "multiply": 0},
    ]
    place = tmp_path / "list.json"
    place.write_text(json.dumps(listed))
    asked = with_fields(
        config,
        instance_data_dir=str(place),
        instance_prompt="[filewords]",
        preservation_data_dir=str(tmp_path / "world"),
        preservation_multiply=0.25,
    )
    run = begin(asked)
    assert do(run)["outcome"] == "done"
    warnings = [event["message"] for event in read_events(run) if event["event"] == "warning"]
    assert f"{place}: 1 pictures are left out, multiply is 0" in warnings
    assert any(text.startswith(f"{place} rating is not used") for text in warnings)
