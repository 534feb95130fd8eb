"""Files that come from elsewhere: which are pictures and captions, and under which names they are put."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dreambooth.config.folders import FORBIDDEN_IN_NAMES, written_whole
from dreambooth.data.listing import is_named_as_picture
from dreambooth.data.moving import numbered
from dreambooth.data.pictures import is_picture

CAPTION = ".txt"
MOST_CAPTION_BYTES = 1 << 20
LONGEST_STEM_BYTES = 150  # systems take 255, for all of a name
DEVICES = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE
)  # names with a meaning in Windows

Suffixes = defaultdict[str, set[str]]  # by stem in small letters


@dataclass(frozen=True)
class Arrival:
    """A file that somebody sent, and the name that it had there."""

    path: Path
    name: str

    @property
    def stem(self) -> str:
        """A stem that every system takes, without folders, and that is not hidden."""
        stem = _last_part(self.name).rpartition(".")[0]
        plain = "".join("_" if char in FORBIDDEN_IN_NAMES or ord(char) < 32 else char for char in stem)
        plain = plain.encode()[:LONGEST_STEM_BYTES].decode(errors="ignore").strip(" .") or "picture"
        return f"_{plain}" if DEVICES.fullmatch(plain) else plain

    @property
    def suffix(self) -> str:
        """The suffix in small letters."""
        return Path(_last_part(self.name)).suffix.lower()


@dataclass(frozen=True)
class TurnedAway:
    """A file that was not taken, and why."""

    name: str
    reason: str


def take_in(arrivals: Iterable[Arrival], folder: Path) -> list[TurnedAway]:
    """Copy pictures and captions into a folder; nothing that is there is written over.

    Files of one stem, a picture and its caption, have one stem there too. Returns what was not taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there: Suffixes = defaultdict(set)
    for path in folder.iterdir():
        there[path.stem.casefold()].add(path.suffix.lower())
    faults = {arrival: _find_fault(arrival) for arrival in arrivals}
    turned_away = [TurnedAway(arrival.name, fault) for arrival, fault in faults.items() if fault]
    for group in _group(arrival for arrival, fault in faults.items() if not fault):
        stem = _find_stem(group, there)
        if stem is None:
            turned_away.append(TurnedAway(group[0].name, "there is a caption of this name already"))
            continue
        for each in group:
            there[stem.casefold()].add(each.suffix)
            with each.path.open("rb") as source, written_whole(folder / f"{stem}{each.suffix}", "wb") as copy:
                shutil.copyfileobj(source, copy)
    return turned_away


def _group(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """What belongs together: files of one stem, no two of one suffix."""
    groups: defaultdict[tuple[str, int], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        stem = arrival.stem.casefold()
        fitting = (
            number
            for number in count()
            if arrival.suffix not in {each.suffix for each in groups[stem, number]}
        )
        groups[stem, next(fitting)].append(arrival)
    return list(groups.values())


def _find_fault(arrival: Arrival) -> str | None:
    if not arrival.path.is_file():
        return "did not arrive"
    if arrival.suffix == CAPTION:
        is_small = arrival.path.stat().st_size <= MOST_CAPTION_BYTES
        return None if is_small else f"a caption has at most {MOST_CAPTION_BYTES} bytes"
    if not is_named_as_picture(Path(f"a{arrival.suffix}")):
        return "neither a picture nor a caption (.txt)"
    return None if is_picture(arrival.path) else "not a picture that can be read here, or damaged"


def _find_stem(group: Sequence[Arrival], there: Suffixes) -> str | None:
    """The stem under which these files meet no others; None for a caption where there is one already."""
    stem, suffixes = group[0].stem, {each.suffix for each in group}
    if suffixes == {CAPTION}:
        return None if CAPTION in there[stem.casefold()] else stem
    return next(name for name in numbered(stem) if _is_free(there[name.casefold()], suffixes))


def _is_free(there: Collection[str], suffixes: Collection[str]) -> bool:
    """Whether there is no picture; a caption that waits for its picture is no hindrance."""
    return not set(there) - ({CAPTION} if CAPTION not in suffixes else set())


def _last_part(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]
