"""Pictures that look alike: copies in another size or format, and shots of the same moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

from PIL import Image

from dreambooth.data.file_memory import FileMemory
from dreambooth.data.pictures import load_picture

MOST_DIFFERENT_BITS = 6  # of 64
MOST_DIFFERENT_COLOUR = 24  # of 255, on average over the picture: bits do not know red from blue
WIDTH, HEIGHT = 9, 8
BANDS = [range(start, min(start + 10, 64)) for start in range(0, 64, 10)]  # 7, one more than bits may differ
MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class Fingerprint:
    """What stays of a picture when it is scaled, compressed or touched up a little."""

    bits: int  # 64
    colour: tuple[int, int, int]  # mean


_KNOWN: FileMemory[Fingerprint] = FileMemory(MOST_REMEMBERED)


def read_fingerprint(path: Path) -> Fingerprint:
    """The fingerprint of a file, remembered while it stays as it is; raises PictureError, OSError."""
    return _KNOWN.recall(path, lambda: fingerprint(load_picture(path)))


def fingerprint(picture: Image.Image) -> Fingerprint:
    """Of an RGB picture the difference hash: whether each of 8x8 places is darker than that to its right.

    dHash, by Neal Krawetz, "Kind of Like That", hackerfactor.com, 21 January 2013.
    """
    grey = picture.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, reducing_gap=3).tobytes()
    rows = [grey[start : start + WIDTH] for start in range(0, WIDTH * HEIGHT, WIDTH)]
    bits = "".join("1" if left < right else "0" for row in rows for left, right in pairwise(row))
    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX, reducing_gap=3).tobytes()
    return Fingerprint(int(bits, 2), (red, green, blue))


def look_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two fingerprints are those of the same picture in all likelihood."""
    is_same_shape = (one.bits ^ other.bits).bit_count() <= MOST_DIFFERENT_BITS
    apart = (abs(left - right) for left, right in zip(one.colour, other.colour, strict=True))
    return is_same_shape and max(apart) <= MOST_DIFFERENT_COLOUR


def group_alike(fingerprints: Mapping[Path, Fingerprint]) -> list[list[Path]]:
    """Groups of two and more pictures that look alike, directly or by others of the group, in their order."""
    owners: defaultdict[Fingerprint, list[Path]] = defaultdict(list)
    for path, each in fingerprints.items():
        owners[each].append(path)
    prints = list(owners)
    leader = {each: each for each in prints}

    def find_leader(each: Fingerprint) -> Fingerprint:
        while leader[each] != each:
            leader[each] = each = leader[leader[each]]
        return each

    for one, other in _candidates(prints):
        if find_leader(one) != find_leader(other) and look_alike(one, other):
            leader[find_leader(other)] = find_leader(one)
    groups: defaultdict[Fingerprint, list[Path]] = defaultdict(list)
    for path, each in fingerprints.items():
        groups[find_leader(each)].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _candidates(prints: Sequence[Fingerprint]) -> Iterator[tuple[Fingerprint, Fingerprint]]:
    """Pairs that may look alike: where few bits differ, all bits of one of the bands are the same."""
    for band in BANDS:
        mask = sum(1 << bit for bit in band)
        same: defaultdict[int, list[Fingerprint]] = defaultdict(list)
        for each in prints:
            same[each.bits & mask].append(each)
        for group in same.values():
            yield from combinations(group, 2)
