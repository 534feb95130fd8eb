"""What lies in the folders of a concept, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_number, asked_text, typed_path
from dreambooth.actions.background import LOOKING, Progress
from dreambooth.actions.concept_form import asked_concept, asked_index, with_concept
from dreambooth.actions.places import refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.class_plan import plan_concept
from dreambooth.data.concepts import class_pictures, num_class_images
from dreambooth.data.errors import DataError, PictureError
from dreambooth.data.examples import Example, build_concept
from dreambooth.data.images import inspect_image
from dreambooth.data.listing import Skipped
from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.source import is_preserved, join_roots

MOST_SKIPPED = 20  # that are told one by one


@dataclass(frozen=True)
class Asked:
    """One concept of the form, by its number in the settings that it would be trained with."""

    config: TrainConfig
    index: int
    generated: Path  # where its class images are kept
    num_pictures: int

    @property
    def concept(self) -> Concept:
        """The concept itself."""
        return self.config.concepts[self.index]

    @property
    def instance_folders(self) -> list[Path]:
        """Its folder of pictures, if it is there."""
        return _existing(self.concept.instance_data_dir)

    @property
    def preservation_folders(self) -> list[Path]:
        """The folder of real pictures that keep the rest, if it is there."""
        return _existing(self.concept.preservation_data_dir)

    @property
    def class_folders(self) -> list[Path]:
        """Folders of class images that are there: the user's own, and that of generated ones."""
        return [*_existing(self.concept.class_data_dir), *_existing(str(self.generated))]


def summary(place: Workplace, values: Values) -> dict[str, Any]:
    """What there is for one concept as it stands in the form; not ``complete`` until all is looked at."""
    name, index = asked_text(values, "name"), asked_index(values)
    folder = place.library.folder(name)
    config = with_concept(place.library.load(name).config, index, asked_concept(values))
    num_pictures = asked_number(values, "num_pictures", 12, high=500)
    asked = Asked(config, index, folder.classifiers(index), num_pictures)
    if asked.concept.instance_data_dir.strip():
        typed_path(asked.concept.instance_data_dir, "instance_data_dir")
    with refusing_bad_data():
        answer = LOOKING.ask(
            (name, asked), lambda progress: _look(asked, progress), place=("summary", name, index)
        )
        if isinstance(answer, Progress):
            return {**_glance(asked), "done": answer.done, "total": answer.total}
    return answer


def _existing(typed: str) -> list[Path]:
    return [Path(typed)] if typed.strip() and Path(typed).exists() else []


def _glance(asked: Asked) -> dict[str, Any]:
    """What names alone tell."""
    listed = join_roots(map(list_root, asked.instance_folders)).sources
    sources = [source for source in listed if not is_preserved(source)]
    return {
        "complete": False,
        "images": len(sources),
        "preservation": len(listed) - len(sources) + _count_preserved(asked),
        "captions": sum(source.has_words for source in sources),
        "sizes": {},
        "smallest": None,
        "problems": [],
        "class_images": _expect_classes(asked, len(sources)),
        "pictures": [str(source.path) for source in sources[: asked.num_pictures]],
    }


def _look(asked: Asked, progress: Progress) -> dict[str, Any]:
    """Everything, by the functions that a training uses."""
    _inspect_all([*asked.instance_folders, *asked.preservation_folders, *asked.class_folders], progress)
    without_classes = with_concept(asked.config, asked.index, replace(asked.concept, num_class_images_per=0))
    problems: list[str] = []
    instances: tuple[Example, ...] = ()
    preserved = 0
    try:
        own = build_concept(without_classes, asked.index, asked.generated)
        instances = tuple(each for each in own.instances if not each.options.is_preservation)
        preserved = len(own.instances) - len(instances)
        problems += [*_tell_skipped(own.skipped), *own.warnings]
    except DataError as error:
        problems.append(str(error))
    classes = _look_at_classes(asked, problems) if instances else _expect_classes(asked, 0)
    num_captions = _count_captions(asked, instances)
    problems += _caption_problems(asked, len(instances), num_captions)
    return {
        "complete": True,
        "done": progress.total,
        "total": progress.total,
        "images": len(instances),
        "preservation": preserved,
        "captions": num_captions,
        "sizes": _count_sizes(instances),
        "smallest": _find_smallest(instances),
        "problems": [problem.removeprefix(f"concept {asked.index}: ") for problem in problems],
        "class_images": classes,
        "pictures": [str(example.image) for example in instances[: asked.num_pictures]],
    }


def _inspect_all(folders: Sequence[Path], progress: Progress) -> None:
    """Look at each picture once, so that all that follows remembers it."""
    paths = join_roots(map(list_root, folders)).paths
    for number, path in enumerate(paths):
        progress.say(number, len(paths))
        _inspect(path)
    progress.say(len(paths), len(paths))


def _inspect(path: Path) -> None:
    try:
        inspect_image(path)
    except PictureError:
        return  # is told with the folder that it lies in


def _look_at_classes(asked: Asked, problems: list[str]) -> dict[str, Any]:
    try:
        plan = plan_concept(asked.config, asked.index, asked.generated)
        if plan.need:
            ordinary = class_pictures(asked.concept, asked.generated)
            problems += [*_tell_skipped(ordinary.skipped), *ordinary.warnings]
    except DataError as error:
        problems.append(str(error))
        return _expect_classes(asked, num_instances=0)
    if asked.concept.class_data_dir.strip() and not plan.need:
        problems.append("the class folder is not used: no class images are asked for")
    return _tell_classes(asked, plan.have, plan.need, len(plan.missing))


def _expect_classes(asked: Asked, num_instances: int) -> dict[str, Any]:
    """As many as so many pictures would need, and what is there by its names."""
    need = num_class_images(asked.concept, num_instances, asked.config.method)
    have = sum(len(list_root(folder).sources) for folder in asked.class_folders) if need else 0
    return _tell_classes(asked, have, need, max(need - have, 0))


def _tell_classes(asked: Asked, have: int, need: int, num_missing: int) -> dict[str, Any]:
    return {"have": have, "need": need, "will_generate": num_missing, "folder": str(asked.generated)}


def _tell_skipped(skipped: Sequence[Skipped]) -> Iterator[str]:
    for file in skipped[:MOST_SKIPPED]:
        yield f"{file.path.name} is left out: {file.reason}"
    if len(skipped) > MOST_SKIPPED:
        yield f"{len(skipped) - MOST_SKIPPED} more files are left out"


def _caption_problems(asked: Asked, num_images: int, num_captions: int) -> Iterator[str]:
    num_without = num_images - num_captions
    concept = asked.concept
    prompts = (concept.instance_prompt, concept.class_prompt, concept.save_sample_prompt)
    is_read = asked.config.method == "finetune" or any(FILEWORDS in prompt for prompt in prompts)
    if is_read and num_without:
        yield f"{num_without} of {num_images} pictures have no caption file; their names are read instead"
    if num_captions and not is_read:
        yield f"{num_captions} caption files are not used: no prompt of this concept holds {FILEWORDS}"


def _count_captions(asked: Asked, instances: Sequence[Example]) -> int:
    if not instances:
        return 0
    sources = join_roots(map(list_root, asked.instance_folders)).sources
    worded = {source.path for source in sources if source.has_words}
    return sum(example.image in worded for example in instances)


def _count_preserved(asked: Asked) -> int:
    return len(join_roots(map(list_root, asked.preservation_folders)).sources)


def _count_sizes(examples: Sequence[Example]) -> dict[str, int]:
    sizes = Counter(example.size for example in examples)
    return {f"{size.width_px}x{size.height_px}": count for size, count in sorted(sizes.items())}


def _find_smallest(examples: Sequence[Example]) -> dict[str, Any] | None:
    if not examples:
        return None
    smallest = min(examples, key=lambda example: example.original_size.area)
    size = smallest.original_size
    return {"path": str(smallest.image), "width": size.width_px, "height": size.height_px}


ACTIONS: dict[str, Action] = {"concepts.summary": summary}
