"""What the files of a folder say of all its pictures, and what a folder hands down to those below.

===================== ======================= ======================================================
file                  holds for               says
===================== ======================= ======================================================
``global.yaml``       this folder and below   words and options; nearer ones go first
``multiply.txt``      this folder alone       how often an epoch shows each picture
``cond_dropout.txt``  this folder alone       share of showings with an empty caption
``flip_p.txt``        this folder alone       share of showings that are mirrored
``local.yaml``        this folder alone       words and options
``batch_id.txt``      this folder alone       pictures that come together in a batch
``loss_scale.txt``    this folder alone       weight of the error
``shuffle_tags.txt``  this folder alone       by being there: tags are shuffled
===================== ======================= ======================================================

Of an option, the last in this table that says it counts, and the picture's own files after that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dreambooth.data.captions import read_text
from dreambooth.data.errors import DataError
from dreambooth.data.roots.option_values import READERS
from dreambooth.data.roots.reading import Fault
from dreambooth.data.roots.said import Said
from dreambooth.data.roots.said_files import read_said
from dreambooth.data.roots.source import Around

YAML = (".yaml", ".yml")  # the second goes before the first
BEFORE_LOCAL = ("multiply", "cond_dropout", "flip_p")
AFTER_LOCAL = ("batch_id", "loss_scale")


@dataclass(frozen=True)
class Inherited:
    """What the folders above say of the pictures in all folders below."""

    said: tuple[tuple[Path, Said], ...] = ()  # the nearest first
    options: Mapping[str, Any] = field(default_factory=dict)
    quota: str = ""
    otherwise: str | None = None

    def with_options(self, folder: Path, **options: Any) -> Inherited:  # noqa: ANN401 - whatever they hold
        """With these options besides, which ``folder`` says."""
        quota = str(folder) if "multiply" in options else self.quota
        return replace(self, options={**self.options, **options}, quota=quota)


@dataclass(frozen=True)
class FolderWords:
    """What holds for the pictures of a folder, what for the folders below, and what was not understood."""

    around: Around
    inherited: Inherited
    faults: tuple[Fault, ...]


def read_folder(folder: Path, names: Mapping[str, str], above: Inherited) -> FolderWords:
    """What the files of a folder say; ``names`` are those of its files, keyed by small letters."""
    faults: list[Fault] = []
    inherited = _with_yaml(folder, names, "global", above, faults)
    here = inherited.with_options(folder, **dict(_read_options(folder, names, BEFORE_LOCAL, faults)))
    here = _with_yaml(folder, names, "local", here, faults)
    here = here.with_options(folder, **dict(_read_options(folder, names, AFTER_LOCAL, faults)))
    if "shuffle_tags.txt" in names:
        here = here.with_options(folder, shuffle_tags=True)
    around = Around(said=here.said, options=here.options, quota=here.quota, otherwise=here.otherwise)
    return FolderWords(around, inherited, tuple(faults))


def _with_yaml(
    folder: Path, names: Mapping[str, str], stem: str, before: Inherited, faults: list[Fault]
) -> Inherited:
    for suffix in YAML:
        if (name := names.get(stem + suffix)) is None:
            continue
        file = folder / name
        said = _read_or_note(file, faults)
        faults += [Fault(file, reason) for reason in said.faults]
        words = ((file, said), *before.said) if said.has_words else before.said
        before = replace(before, said=words).with_options(folder, **said.options)
    return before


def _read_or_note(file: Path, faults: list[Fault]) -> Said:
    try:
        return read_said(file)
    except DataError:
        faults.append(Fault(file, "cannot be opened"))
        return Said()


def _read_options(
    folder: Path, names: Mapping[str, str], options: tuple[str, ...], faults: list[Fault]
) -> Iterator[tuple[str, Any]]:
    for option in options:
        if (name := names.get(f"{option}.txt")) is None:
            continue
        file = folder / name
        try:
            yield option, READERS[option](read_text(file).text.strip())
        except DataError:
            faults.append(Fault(file, "cannot be opened"))
        except ValueError as error:
            faults.append(Fault(file, f"is left aside: {error}"))
