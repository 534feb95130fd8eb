"""What the page tells of a concept's folders."""

from dataclasses import asdict, replace

import pytest

from dreambooth.actions.concept_summary import summary
from dreambooth.config.concept import Concept
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def summarise(place, until_complete):
    """The summary of the model's concept with other fields."""

    def ask(index=0, method="dreambooth", **fields):
        config = place.library.load(NAME).config
        place.library.save_config(NAME, replace(config, method=method))
        concept = replace(config.concepts[0], **fields)
        return until_complete(summary, {"name": NAME, "index": index, "concept": asdict(concept)})

    return ask


def test_pictures_are_counted_by_the_size_that_they_are_trained_at(summarise, draw):
    draw("a.png", "a dog")
    draw("b.png", size=(128, 64))
    small = draw("c.png", size=(32, 32), colour="blue")
    told = summarise()
    assert (told["images"], told["captions"]) == (3, 1)
    assert told["sizes"] == {"64x64": 2, "88x40": 1}
    assert told["smallest"] == {"path": str(small), "width": 32, "height": 32}
    assert [path[-5:] for path in told["pictures"]] == ["a.png", "b.png", "c.png"]


def test_files_that_are_left_out_and_enlarged_pictures_are_problems(summarise, draw, photos):
    draw("a.png", size=(32, 32))
    (photos / "b.png").write_text("no picture")
    (photos / "notes.docx").touch()
    assert summarise()["problems"] == [
        "b.png is left out: not a picture that Pillow can read, or damaged",
        "notes.docx is left out: .docx: not a picture format that is read here",
        "1 of 1 pictures are enlarged for training",
    ]


def test_of_many_files_that_are_left_out_the_rest_is_counted(summarise, draw, photos):
    draw("a.png")
    for number in range(23):
        (photos / f"{number}.docx").touch()
    assert summarise()["problems"][-1] == "3 more files are left out"


@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        ("", "concept 0 has no instance folder"),
        ("/nowhere/at/all", "does not exist"),
        (None, "no usable picture"),
    ],
)
def test_folder_without_pictures_is_a_problem(summarise, photos, folder, problem):
    told = summarise(instance_data_dir=str(photos) if folder is None else folder)
    assert problem in told["problems"][0]
    assert (told["images"], told["class_images"]["need"]) == (0, 0)


def test_class_images_are_planned_by_the_form(summarise, place, draw):
    draw("a.png")
    draw("b.png", colour="blue")
    own = place.library.folder(NAME).classifiers(0)
    own.mkdir()
    draw("c.png", "a photo of a dog").rename(own / "class_1.png")
    assert summarise(num_class_images_per=3)["class_images"] == {
        "have": 1,
        "need": 6,
        "will_generate": 5,
        "folder": str(own),
    }
    assert summarise()["class_images"]["need"] == 0


def test_class_folder_inside_the_instance_folder_is_a_problem(summarise, draw, photos):
    draw("a.png")
    draw("class/b.png")
    told = summarise(class_data_dir=str(photos / "class"), num_class_images_per=1)
    assert "shares pictures with the instance folder" in told["problems"][0]
    assert told["images"] == 2


def test_class_folder_that_nothing_uses_is_a_problem(summarise, draw, tmp_path):
    draw("a.png")
    told = summarise(class_data_dir=str(tmp_path / "uploads"))
    assert told["problems"] == ["the class folder is not used: no class images are asked for"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"method": "finetune"}, "1 of 2 pictures have no caption file; their names are read instead"),
        (
            {"instance_prompt": "[filewords]"},
            "1 of 2 pictures have no caption file; their names are read instead",
        ),
        ({}, "1 caption files are not used: no prompt of this concept holds [filewords]"),
    ],
)
def test_captions_that_lack_or_are_not_used_are_a_problem(summarise, draw, fields, problem):
    draw("a.png", "a dog")
    draw("b.png")
    assert summarise(**fields)["problems"] == [problem]


def test_concept_that_is_not_saved_yet_is_summarised(summarise, draw):
    draw("a.png")
    assert summarise(index=1)["images"] == 1
    with pytest.raises(ConfigError, match="there is no concept 2"):
        summarise(index=2)


def test_first_answer_on_many_pictures_counts_their_names(place, draw):
    for number in range(30):
        draw(f"{number}.png", "a dog", size=(900, 900), spot=number)
    values = {"name": NAME, "index": 0, "concept": asdict(place.library.load(NAME).config.concepts[0])}
    values["concept"]["num_class_images_per"] = 2
    first = summary(place, values)
    assert first["class_images"]["will_generate"] == 60
    assert (first["complete"], first["images"], first["captions"]) == (False, 30, 30)
    assert first["done"] < first["total"] == 30


def test_fault_in_a_field_is_refused_by_its_name(place):
    concept = {**asdict(Concept()), "num_class_images_per": -1}
    with pytest.raises(ConfigError, match="num_class_images_per: -1 is below"):
        summary(place, {"name": NAME, "index": 0, "concept": concept})
