"""The caption and options of a picture, from all that is said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dreambooth.data.captions import stem_to_caption
from dreambooth.data.picture_options import PLAIN, PictureOptions
from dreambooth.data.roots.said import Said, merge_words, with_ends
from dreambooth.data.roots.said_files import read_said
from dreambooth.data.roots.source import CAPTION_SUFFIXES, Around, Source


@dataclass(frozen=True)
class Fault:
    """Something that a file says and that was not understood."""

    file: Path
    reason: str


@dataclass(frozen=True)
class Words:
    """A picture's caption, its options, and where they stand."""

    caption: str
    options: PictureOptions = PLAIN
    files: tuple[Path, ...] = ()  # that the caption comes from, the nearest first; none: the picture's name
    faults: tuple[Fault, ...] = ()


def read_words(source: Source) -> Words:
    """What is said of a picture; raises DataError when a file of its own cannot be opened.

    The nearest goes first: its ``.yaml``, ``.yml``, ``.caption`` and ``.txt``, what a list says of it, then
    its folder and those above. Words are put together; of an option, the nearest alone counts.
    """
    beside = [(file, read_said(file)) for file in source.beside]
    own = [(source.own_file or source.path, source.own)] if source.own else []
    nearest = [*reversed(beside), *own]
    around = source.around
    said = [*nearest, *around.said]
    merged = merge_words([each for _, each in said], _find_otherwise(source))
    merged = with_ends(merged, around.prefix, around.suffix)
    return Words(
        caption=merged.text,
        options=_merge_options(source, [each for _, each in nearest], merged.lines, merged.tag_weights),
        files=tuple(dict.fromkeys(file for file, each in said if each.has_words)),
        faults=tuple(Fault(file, reason) for file, each in nearest for reason in each.faults),
    )


def read_beside(picture: Path) -> Words:
    """What the caption files beside a picture say, and nothing else."""
    files = (picture.with_suffix(suffix) for suffix in CAPTION_SUFFIXES)
    beside = tuple(file for file in files if file.exists())
    return read_words(Source(path=picture, name=picture.name, beside=beside))


def tell_faults(faults: Iterable[Fault]) -> Iterator[str]:
    """A sentence for each reason, with the first file that has it."""
    files: defaultdict[str, dict[Path, None]] = defaultdict(dict)
    for fault in faults:
        files[fault.reason][fault.file] = None
    for reason, having in files.items():
        first, *others = having
        yield f"{first} {reason}" + (f"; so do {len(others)} other files" if others else "")


def _find_otherwise(source: Source) -> str:
    otherwise = source.around.otherwise
    return stem_to_caption(source.path.stem) if otherwise is None else otherwise


def _merge_options(
    source: Source,
    nearest: list[Said],
    lines: tuple[str, ...],
    tag_weights: tuple[tuple[str, float], ...],
) -> PictureOptions:
    around: Around = source.around
    merged, quota = dict(around.options), around.quota
    for said in reversed(nearest):
        merged |= said.options
        if "multiply" in said.options:
            quota = str(source.own_file or source.path.parent)
    if "multiply" not in merged:
        quota = ""
    if not (merged or lines or tag_weights):
        return PLAIN
    return PictureOptions(**merged, quota=quota, caption_lines=lines, tag_weights=tag_weights)
