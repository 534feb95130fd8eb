"""A folder of pictures with all its sub-folders.

A folder named ``preservation`` in it holds real pictures of other things: what the files above say does not
hold for them. A folder that has no pictures itself, and nothing but folders named as ``10_sks dog``, is one
of kohya's: the number says how often an epoch shows each picture, the words are the caption of those that
have none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from dreambooth.data.listing import (
    Skipped,
    check_readable,
    describe_unknown,
    in_order,
    is_named_as_picture,
    is_side_file,
    natural_order,
    walk_folders,
)
from dreambooth.data.roots.folder_words import FolderWords, Inherited, read_folder
from dreambooth.data.roots.reading import Fault, tell_faults
from dreambooth.data.roots.source import Root, Source, find_beside

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
    for place, inside, files in walk_folders(folder, skipped):
        above = handed.get(place.parent, Inherited())
        if place.parent == folder and place.name.lower() == PRESERVATION:
            above = Inherited(options={"is_preservation": True})
        above = handed.get(place, above)
        words = read_folder(place, {name.lower(): name for name in files}, above)
        faults += words.faults
        handed[place] = words.inherited
        found = _list_files(place, files, words, skipped, captions)
        sources += [replace(each, name=each.path.relative_to(folder).as_posix()) for each in found]
        if not has_depth:
            break
        if place == folder and (repeated := _find_repeated(inside, files)):
            warnings.append(f"{folder}: read as kohya's, {_tell_repeated(repeated)}")
            for name, (times, caption) in repeated.items():
                handed[place / name] = Inherited(
                    words.inherited.said, words.inherited.options, otherwise=caption
                ).with_options(place / name, multiply=Fraction(times))
    sources.sort(key=lambda source: natural_order(Path(source.name)))
    return Root(tuple(sources), in_order(skipped), (*warnings, *tell_faults(faults)))


def _list_files(
    folder: Path, files: Sequence[str], words: FolderWords, skipped: list[Skipped], captions: str | None
) -> list[Source]:
    names = {name.lower(): name for name in files}
    found = []
    for name in files:
        path = folder / name
        if is_side_file(path):
            continue
        if is_named_as_picture(path):
            beside = find_beside(path.stem, folder, names)
            if captions is not None:
                beside = tuple(file for file in beside if file.suffix.lower() == captions)
            found.append(Source(path=path, name=name, beside=beside, around=words.around))
        elif reason := describe_unknown(path):
            skipped.append(Skipped(path, reason))
    return found


def _find_repeated(folders: Sequence[str], files: Collection[str]) -> dict[str, tuple[int, str]]:
    """The folders of a parent in kohya's manner; none when it is not one."""
    wanted = [name for name in folders if name.lower() != PRESERVATION]
    matches = {name: REPEATED.fullmatch(name) for name in wanted}
    if any(is_named_as_picture(Path(name)) for name in files) or not all(matches.values()):
        return {}
    return {name: (int(match[1]), " ".join(match[2].split())) for name, match in matches.items() if match}


def _tell_repeated(repeated: Mapping[str, tuple[int, str]]) -> str:
    told = [f"{caption} ×{times}" for times, caption in repeated.values()]
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    return ", ".join(told[:5]) + more
