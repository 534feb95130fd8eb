"""Which concept is which: taken away, moved and doubled, each with the class images generated for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from dreambooth.config.folders import ModelFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import Busy, ConfigError, ModelRecord
from dreambooth.jobs.library import Library, find_concept
from dreambooth.jobs.shelf import find_living_run

Order = list[int]  # for each place, the number that its concept had before


def remove_concept(
    library: Library, name: str, index: int, expected_revision: int | None = None
) -> ModelRecord:
    """Take a concept away; its generated class images go to the backups, the others keep theirs."""

    def without(order: Order) -> Order:
        return order[:index] + order[index + 1 :]

    return _rearrange(library, name, index, without, expected_revision)


def move_concept(
    library: Library, name: str, index: int, to: int, expected_revision: int | None = None
) -> ModelRecord:
    """Put a concept in another place; every concept keeps its generated class images."""

    def moved(order: Order) -> Order:
        others = order[:index] + order[index + 1 :]
        if not 0 <= to <= len(others):
            raise ConfigError(f"there is no place {to}; there are {len(order)}, counted from 0")
        return [*others[:to], index, *others[to:]]

    return _rearrange(library, name, index, moved, expected_revision)


def duplicate_concept(
    library: Library, name: str, index: int, expected_revision: int | None = None
) -> ModelRecord:
    """Put a copy of a concept behind it; the copy has no generated class images yet."""

    def doubled(order: Order) -> Order:
        return [*order[: index + 1], *order[index:]]

    return _rearrange(library, name, index, doubled, expected_revision)


def _rearrange(
    library: Library,
    name: str,
    index: int,
    rearranged: Callable[[Order], Order],
    expected_revision: int | None,
) -> ModelRecord:
    folder = library.folder(name)

    def change(config: TrainConfig) -> TrainConfig:
        find_concept(config, index)
        order = rearranged(list(range(len(config.concepts))))
        _renumber_class_images(library, folder, order, len(config.concepts))
        return replace(config, concepts=tuple(config.concepts[before] for before in order))

    return library.change_config(name, change, expected_revision)


def _renumber_class_images(library: Library, folder: ModelFolder, order: Order, num_before: int) -> None:
    """Give generated class images the numbers of their concepts; those of no concept go to the backups."""
    places = {before: place for place, before in reversed(list(enumerate(order)))}  # of a copy, the first
    moves: dict[Path, Path] = {}
    for number in range(max(num_before, len(order))):
        here = folder.classifiers(number)
        if here.exists() and places.get(number) != number:
            is_kept = number in places
            moves[here] = folder.classifiers(places[number]) if is_kept else _find_backup(folder, here)
    if moves and find_living_run(library, folder) is not None:
        raise Busy("a job is at work with this model's class images; stop it, or wait for its end")
    # All of them step aside first: one may go where another still is.
    for here in moves:
        here.rename(_beside(here))
    for here, there in moves.items():
        there.parent.mkdir(parents=True, exist_ok=True)
        _beside(here).rename(there)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.moving")


def _find_backup(folder: ModelFolder, here: Path) -> Path:
    """A place among the backups that is still free."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    places = (folder.backups / f"{here.name}-{stamp}-{number:03d}" for number in count())
    return next(place for place in places if not place.exists())
