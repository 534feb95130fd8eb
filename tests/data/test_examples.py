"""From the settings of a run to its examples."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.preservation import PreservationConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.buckets import Size
from dreambooth.data.errors import DataError
from dreambooth.data.examples import build_examples


@pytest.fixture
def config(tmp_path):
    """One concept over the folder ``dog``, trained at 64 px."""
    (tmp_path / "dog").mkdir()
    concept = Concept(
        instance_data_dir=str(tmp_path / "dog"),
        instance_prompt="photo of sks dog",
        instance_token="sks",
        class_token="dog",
        class_prompt="photo of a dog",
    )
    data = DataConfig(resolution=64, bucket_step_px=8)
    return TrainConfig(concepts=(concept,), data=data, preservation=PreservationConfig(weight=0.75))


def with_concept(config, **changes):
    return replace(config, concepts=(replace(config.concepts[0], **changes),))


def test_instance_images_become_examples(tmp_path, config, save_picture):
    save_picture("dog/1.png", size=(100, 100), caption="a dog on grass")
    save_picture("dog/2.png", size=(400, 200))
    dataset = build_examples(with_concept(config, repeats=3), [tmp_path / "none"])
    assert [example.image.name for example in dataset.instances] == ["1.png", "2.png"]
    assert [example.size for example in dataset.instances] == [Size(64, 64), Size(88, 40)]
    first = dataset.instances[0]
    assert (first.prompt, first.caption) == ("photo of sks dog", "a dog on grass")
    assert (first.loss_weight, first.repeats, first.is_class, first.concept) == (1.0, 3, False, 0)
    assert dataset.classes == ()
    assert dataset.warnings == ()


def test_class_images_carry_the_prior_weight_and_no_more_are_used_than_wanted(tmp_path, config, save_picture):
    save_picture("dog/1.png", size=(64, 64))
    for number in range(5):
        save_picture(f"classifiers_0/{number}.png")
    dataset = build_examples(with_concept(config, num_class_images_per=3), [tmp_path / "classifiers_0"])
    assert [example.image.stem for example in dataset.classes] == ["0", "1", "2"]
    assert {example.prompt for example in dataset.classes} == {"photo of a dog"}
    assert {example.loss_weight for example in dataset.classes} == {0.75}
    assert all(example.is_class for example in dataset.classes)


def test_no_class_images_are_used_when_none_are_asked_for(tmp_path, config, save_picture):
    save_picture("dog/1.png")
    save_picture("classifiers_0/1.png")
    assert build_examples(config, [tmp_path / "classifiers_0"]).classes == ()
    finetune = replace(with_concept(config, num_class_images_per=1), method="finetune")
    assert build_examples(finetune, [tmp_path / "classifiers_0"]).classes == ()


def test_own_class_images_come_before_generated_ones(tmp_path, config, save_picture):
    save_picture("dog/1.png")
    save_picture("own/b.png", caption="a black dog")
    save_picture("classifiers_0/a.png", caption="a dog in snow")
    asked = with_concept(
        config, num_class_images_per=2, class_data_dir=str(tmp_path / "own"), class_prompt="[filewords]"
    )
    dataset = build_examples(asked, [tmp_path / "classifiers_0"])
    assert [example.prompt for example in dataset.classes] == ["a black dog", "a dog in snow"]


def test_class_folder_given_twice_is_read_once(tmp_path, config, save_picture):
    save_picture("dog/1.png")
    save_picture("own/b.png")
    asked = with_concept(config, num_class_images_per=2, class_data_dir=str(tmp_path / "own"))
    assert len(build_examples(asked, [tmp_path / "own"]).classes) == 1


def test_every_concept_keeps_its_own_number(tmp_path, config, save_picture):
    save_picture("dog/1.png")
    save_picture("cat/1.png")
    cat = replace(config.concepts[0], instance_data_dir=str(tmp_path / "cat"), instance_prompt="zwx cat")
    both = replace(config, concepts=(*config.concepts, cat))
    dataset = build_examples(both, [tmp_path / "0", tmp_path / "1"])
    assert [(example.concept, example.prompt) for example in dataset.instances] == [
        (0, "photo of sks dog"),
        (1, "zwx cat"),
    ]


def test_oddities_are_told(tmp_path, config, save_picture):
    save_picture("dog/1.png", size=(16, 16)).with_suffix(".txt").write_bytes(b"cr\xe8me")
    (tmp_path / "dog" / "2.png").touch()
    dataset = build_examples(with_concept(config, num_class_images_per=2), [tmp_path / "none"])
    assert [skipped.path.name for skipped in dataset.skipped] == ["2.png"]
    latin, small, few = dataset.warnings
    assert "not UTF-8" in latin
    assert small == "concept 0: 1 of 1 pictures are enlarged for training"
    assert few == "concept 0: there are 0 of 2 class images"


def test_concept_without_a_usable_picture_is_refused(tmp_path, config, save_picture):
    with pytest.raises(DataError, match=r"concept 0: no usable picture in .*dog$"):
        build_examples(config, [tmp_path])
    save_picture("dog/1.png", size=(1, 1))
    (tmp_path / "dog" / "2.png").touch()
    with pytest.raises(DataError, match=r"2 files were skipped, the first, 1.png: 1×1 px is too small"):
        build_examples(config, [tmp_path])


def test_run_without_concept_or_folder_is_refused(config, tmp_path):
    with pytest.raises(DataError, match="there is no concept"):
        build_examples(replace(config, concepts=()), [])
    with pytest.raises(DataError, match="has no instance folder"):
        build_examples(with_concept(config, instance_data_dir=" "), [tmp_path])


@pytest.mark.parametrize("shared", ["dog", "dog/class", "."])
def test_class_folder_that_shares_pictures_is_refused(tmp_path, config, save_picture, shared):
    save_picture("dog/1.png")
    save_picture("dog/class/1.png")
    asked = with_concept(config, num_class_images_per=1, class_data_dir=str(tmp_path / shared))
    with pytest.raises(DataError, match="shares pictures"):
        build_examples(asked, [tmp_path / "none"])


def test_missing_class_folder_is_refused(tmp_path, config, save_picture):
    save_picture("dog/1.png")
    asked = with_concept(config, num_class_images_per=1, class_data_dir=str(tmp_path / "gone"))
    with pytest.raises(DataError, match="gone does not exist"):
        build_examples(asked, [tmp_path / "none"])
