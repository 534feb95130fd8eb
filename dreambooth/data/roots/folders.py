"""A folder of pictures with all its sub-folders.

A folder named ``preservation`` in it holds real pictures of other things: what the files above say does not
hold for them. A folder that has no pictures itself, and nothing but folders named as ``10_sks dog``, is one
of kohya's: the number says how often an epoch shows each picture, the words are the caption of those that
have none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from dreambooth.data.listing import (
    MASK_ENDINGS,
    Skipped,
    check_readable,
    describe_unknown,
    in_order,
    natural_order,
    readable_suffixes,
    walk_folders,
)
from dreambooth.data.roots.folder_words import Inherited, read_folder
from dreambooth.data.roots.reading import Fault, tell_faults
from dreambooth.data.roots.source import Around, Root, Source, find_beside

PRESERVATION = "preservation"
REPEATED = re.compile(r"(\d{1,3})_(\S.*)")  # kohya's names; a year is none


def list_folder(folder: Path, *, has_depth: bool = True, captions: str | None = None) -> Root:
    """Everything in a folder that is named as a picture, in the natural order of the paths.

    ``has_depth``: with its sub-folders. ``captions``: the one suffix of caption files that are read. Raises
    DataError when the folder itself cannot be read.
    """
    check_readable(folder)
    skipped: list[Skipped] = []
    faults: list[Fault] = []
    sources: list[Source] = []
    handed: dict[Path, Inherited] = {}
    warnings: list[str] = []
    for place, folders, files in walk_folders(folder, skipped):
        above = handed.get(place.parent, Inherited())
        if place.parent == folder and place.name.lower() == PRESERVATION:
            above = Inherited(options={"is_preservation": True})
        above = handed.get(place, above)
        words = read_folder(place, {name.lower(): name for name in files}, above)
        faults += words.faults
        handed[place] = words.inherited
        inside = place.relative_to(folder).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        sources += _list_pictures(place, prefix, files, words.around, captions)
        skipped += _list_others(place, files)
        if not has_depth:
            break
        if place == folder and (repeated := _find_repeated(folders, files)):
            warnings.append(f"{folder}: read as kohya's, {_tell_repeated(repeated)}")
            for name, (times, caption) in repeated.items():
                handed[place / name] = Inherited(
                    words.inherited.said, words.inherited.options, otherwise=caption
                ).with_options(place / name, multiply=Fraction(times))
    sources.sort(key=lambda source: natural_order(source.name))
    return Root(tuple(sources), in_order(skipped), (*warnings, *tell_faults(faults)))


def _list_pictures(
    folder: Path, prefix: str, files: Sequence[str], around: Around, captions: str | None
) -> Iterator[Source]:
    """The pictures of one folder; for people, their names begin with ``prefix``."""
    names = {name.lower(): name for name in files}
    for name in filter(_is_picture, files):
        beside = find_beside(name.rpartition(".")[0], folder, names)
        if captions is not None:
            beside = tuple(file for file in beside if file.suffix.lower() == captions)
        yield Source(path=folder / name, name=prefix + name, beside=beside, around=around)


def _list_others(folder: Path, files: Sequence[str]) -> Iterator[Skipped]:
    for name in files:
        if not _is_picture(name) and (reason := describe_unknown(name)):
            yield Skipped(folder / name, reason)


def _is_picture(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(readable_suffixes()) and not lower.endswith(MASK_ENDINGS)


def _find_repeated(folders: Sequence[str], files: Collection[str]) -> dict[str, tuple[int, str]]:
    """The folders of a parent in kohya's manner; none when it is not one."""
    wanted = [name for name in folders if name.lower() != PRESERVATION]
    matches = {name: REPEATED.fullmatch(name) for name in wanted}
    if any(map(_is_picture, files)) or not all(matches.values()):
        return {}
    return {name: (int(match[1]), " ".join(match[2].split())) for name, match in matches.items() if match}


def _tell_repeated(repeated: Mapping[str, tuple[int, str]]) -> str:
    told = [f"{caption} ×{times}" for times, caption in repeated.values()]
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    return ", ".join(told[:5]) + more
