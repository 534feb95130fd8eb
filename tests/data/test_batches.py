"""What every step sees."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import epoch_steps, find_step, iterate_steps, steps_per_epoch
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Dataset

SHAPES = st.lists(
    st.tuples(st.sampled_from([64, 72, 80]), st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=25
)  # side, concept, repeats of each instance image
CLASS_SHAPES = st.lists(st.tuples(st.sampled_from([64, 72, 96]), st.integers(0, 1)), max_size=8)
DATA = st.builds(DataConfig, batch_size=st.integers(1, 5), gradient_accumulation_steps=st.integers(1, 4))
CONCEPTS = (Concept(),) * 3
SETTINGS = st.builds(TrainConfig, concepts=st.just(CONCEPTS), data=DATA, seed=st.integers(0, 9))


VARIED = CaptionsConfig(shuffle_tags=True, dropout_probability=0.3)


@pytest.fixture(scope="session")
def make_dataset(make_example):
    def make(shapes, class_shapes=()):
        instances = tuple(
            make_example(f"i{number}", side=side, concept=concept, repeats=repeats)
            for number, (side, concept, repeats) in enumerate(shapes)
        )
        concepts = {example.concept for example in instances}
        classes = tuple(
            make_example(f"c{number}", side=side, concept=concept, is_class=True)
            for number, (side, concept) in enumerate(class_shapes)
            if concept in concepts
        )
        return Dataset(instances, classes, (), ())

    return make


def shown(steps, *, is_class=False):
    return [
        item.example
        for step in steps
        for batch in step
        for item in batch.items
        if item.example.is_class == is_class
    ]


@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS, epoch=st.integers(0, 3))
def test_every_image_is_shown_exactly_repeats_times(make_dataset, shapes, class_shapes, config, epoch):
    dataset = make_dataset(shapes, class_shapes)
    counts = Counter(shown(epoch_steps(dataset, config, epoch)))
    assert counts == {example: example.repeats for example in dataset.instances}


@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS)
def test_every_step_but_the_last_holds_the_same_number(make_dataset, shapes, class_shapes, config):
    dataset = make_dataset(shapes, class_shapes)
    steps = epoch_steps(dataset, config, epoch=0)
    assert len(steps) == steps_per_epoch(dataset, config)
    lengths = [len(shown([step])) for step in steps]
    full = config.data.batch_size * config.data.gradient_accumulation_steps
    assert set(lengths[:-1]) <= {full}
    assert 0 < lengths[-1] <= full


@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS)
def test_batches_have_one_size_and_at_most_batch_size_of_each_kind(
    make_dataset, shapes, class_shapes, config
):
    for step in epoch_steps(make_dataset(shapes, class_shapes), config, epoch=0):
        for batch in step:
            assert {item.example.size for item in batch.items} == {batch.size}
            kinds = Counter(item.example.is_class for item in batch.items)
            assert max(kinds.values()) <= config.data.batch_size


@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS)
def test_every_instance_has_a_class_partner_of_its_concept(make_dataset, shapes, class_shapes, config):
    dataset = make_dataset(shapes, class_shapes)
    with_classes = {example.concept for example in dataset.classes}
    for step in epoch_steps(dataset, config, epoch=0):
        own = Counter(example.concept for example in shown([step]) if example.concept in with_classes)
        assert own == Counter(example.concept for example in shown([step], is_class=True))


@settings(max_examples=40)
@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS, num_epochs=st.integers(1, 4))
def test_class_images_take_turns_over_the_whole_run(make_dataset, shapes, class_shapes, config, num_epochs):
    dataset = make_dataset(shapes, class_shapes)
    steps = [step for epoch in range(num_epochs) for step in epoch_steps(dataset, config, epoch)]
    counts = Counter(shown(steps, is_class=True))
    for concept in {example.concept for example in dataset.classes}:
        of_concept = [counts[example] for example in dataset.classes if example.concept == concept]
        assert max(of_concept) - min(of_concept) <= 1


@settings(max_examples=40)
@given(shapes=SHAPES, class_shapes=CLASS_SHAPES, config=SETTINGS, start=st.integers(0, 40))
def test_resumed_run_sees_what_an_undisturbed_one_sees(make_dataset, shapes, class_shapes, config, start):
    config = replace(config, captions=VARIED, augment=AugmentConfig(flip_probability=0.5))
    dataset = make_dataset(shapes, class_shapes)
    undisturbed = list(islice(iterate_steps(dataset, config, 0), start + 3))
    assert list(islice(iterate_steps(dataset, config, start), 3)) == undisturbed[start:]
    assert find_step(dataset, config, start) == undisturbed[start]


@pytest.mark.parametrize("other", [(1, 0), (0, 1)])
def test_order_depends_on_seed_and_epoch(make_dataset, other):
    dataset = make_dataset([(64, 0, 1)] * 20)
    seed, epoch = other
    first = epoch_steps(dataset, TrainConfig(), 0)
    assert first == epoch_steps(dataset, TrainConfig(), 0)
    assert shown(first) != shown(epoch_steps(dataset, TrainConfig(seed=seed), epoch))


def test_pinned_order(make_dataset):
    dataset = make_dataset([(64, 0, 1)] * 6, [(64, 0)] * 4)
    steps = epoch_steps(dataset, TrainConfig(data=DataConfig(batch_size=2)), epoch=0)
    assert [" ".join(item.example.image.stem for item in batch.items) for (batch,) in steps] == [
        "i0 i5 c1 c3",
        "i3 i1 c0 c2",
        "i2 i4 c3 c1",
    ]


def test_half_of_the_pictures_are_flipped_when_asked(make_dataset):
    dataset = make_dataset([(64, 0, 1)] * 500)

    def num_flipped(**asked):
        steps = epoch_steps(dataset, TrainConfig(augment=AugmentConfig(**asked)), 0)
        return sum(item.flipped for step in steps for batch in step for item in batch.items)

    assert num_flipped() == 0
    assert 200 < num_flipped(flip_probability=0.5) < 300


def test_captions_are_dropped_and_shuffled_when_asked(make_dataset):
    dataset = make_dataset([(64, 0, 1)] * 500)

    def prompts(**asked):
        steps = epoch_steps(dataset, TrainConfig(concepts=CONCEPTS, captions=CaptionsConfig(**asked)), 0)
        return Counter(item.prompt for step in steps for batch in step for item in batch.items)

    assert prompts() == {"a, b, c, d": 500}
    assert 20 < prompts(dropout_probability=0.1)[""] < 90
    assert len(prompts(shuffle_tags=True)) == 6


@pytest.mark.parametrize("setting", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("own", [0.0, 1.0])
def test_what_is_said_of_a_picture_goes_before_the_settings(make_example, setting, own):
    examples = tuple(make_example(str(number), cond_dropout=own, flip_p=own) for number in range(50))
    config = TrainConfig(
        augment=AugmentConfig(flip_probability=setting), captions=CaptionsConfig(dropout_probability=setting)
    )
    steps = epoch_steps(Dataset(examples, (), (), ()), config, 0)
    items = [item for step in steps for batch in step for item in batch.items]
    assert {item.flipped for item in items} == {bool(own)}
    assert {item.prompt for item in items} == {"" if own else "a, b, c, d"}


def test_fractions_draw_anew_in_every_epoch_of_the_same_length(make_example):
    examples = tuple(make_example(str(n), multiply=Fraction("0.25"), quota="a") for n in range(40))
    dataset, config = Dataset(examples, (), (), ()), TrainConfig(data=DataConfig(batch_size=3))
    assert steps_per_epoch(dataset, config) == 4
    epochs = [frozenset(shown(epoch_steps(dataset, config, epoch))) for epoch in range(4)]
    assert [len(each) for each in epochs] == [10] * 4
    assert len(set(epochs)) == 4


def test_an_epoch_without_pictures_is_refused(make_example):
    dataset = Dataset((make_example("a", multiply=Fraction(0)),), (), (), ())
    with pytest.raises(DataError, match=r"multiply\.txt"):
        steps_per_epoch(dataset, TrainConfig())


def test_preserving_pictures_have_no_partner_and_take_no_turn(make_dataset, make_example):
    dataset = make_dataset([(64, 0, 1)] * 6, [(64, 0)] * 6)
    kept = tuple(make_example(f"p{number}", is_preservation=True) for number in range(6))
    mixed = replace(dataset, instances=dataset.instances + kept)
    steps = epoch_steps(mixed, TrainConfig(data=DataConfig(batch_size=2)), 0)
    assert set(shown(steps)) == {*dataset.instances, *kept}
    assert Counter(shown(steps, is_class=True)) == Counter(dataset.classes)
    for step in steps:
        taught = [each for each in shown([step]) if not each.options.is_preservation]
        assert len(shown([step], is_class=True)) == len(taught)


@settings(max_examples=40)
@given(multiply=st.integers(1, 250), start=st.integers(0, 60), config=SETTINGS)
def test_resumed_run_sees_the_same_draws_groups_and_chances(make_example, multiply, start, config):
    examples = tuple(
        make_example(
            str(number),
            multiply=Fraction(multiply, 100),
            quota=str(number % 2),
            batch_id="ab"[number % 2],
            flip_p=0.5,
            cond_dropout=0.5,
        )
        for number in range(12)
    )
    dataset = Dataset((*examples, make_example("plain")), (), (), ())
    undisturbed = list(islice(iterate_steps(dataset, config, 0), start + 2))
    assert list(islice(iterate_steps(dataset, config, start), 2)) == undisturbed[start:]


def test_one_setting_does_not_move_what_another_draws(make_dataset):
    dataset = make_dataset([(64, 0, 1)] * 50)

    def flips(**asked):
        augment, captions = AugmentConfig(flip_probability=0.5), CaptionsConfig(**asked)
        config = TrainConfig(concepts=CONCEPTS, augment=augment, captions=captions)
        steps = epoch_steps(dataset, config, 0)
        return [item.flipped for step in steps for batch in step for item in batch.items]

    assert flips() == flips(shuffle_tags=True) == flips(dropout_probability=0.5)


def test_what_tags_draw_is_not_moved_by_other_settings(make_example):
    tags = ", ".join("abcdefgh")
    dataset = Dataset(tuple(make_example(str(n), prompt=tags) for n in range(20)), (), (), ())

    def prompts(**asked):
        config = TrainConfig(concepts=CONCEPTS, captions=CaptionsConfig(shuffle_tags=True, **asked))
        steps = epoch_steps(dataset, config, 0)
        return [item.prompt for step in steps for batch in step for item in batch.items]

    whole = prompts()
    assert [f"x {each}" for each in whole] == prompts(prefix="x")
    assert whole == prompts(wildcards=True)
    some = prompts(tag_dropout_probability=0.4)
    assert some != whole
    for kept, every in zip(some, whole, strict=True):
        assert kept.split(", ") == [tag for tag in every.split(", ") if tag in kept.split(", ")]


def test_every_so_many_epochs_have_no_captions(make_dataset):
    dataset = make_dataset([(64, 0, 1)] * 5)
    config = TrainConfig(captions=CaptionsConfig(dropout_every_epochs=3))
    epochs = [epoch_steps(dataset, config, epoch) for epoch in range(6)]
    texts = [{item.prompt for (batch,) in steps for item in batch.items} for steps in epochs]
    assert texts == [{"a, b, c, d"}, {"a, b, c, d"}, {""}] * 2
