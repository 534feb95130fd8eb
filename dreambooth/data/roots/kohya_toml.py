"""A dataset as kohya's scripts describe it.

``[general]``, ``[[datasets]]`` and ``[[datasets.subsets]]``; what stands further inside wins. Folders are
relative to the file, and read without their sub-folders, as there. What a subset says of its pictures
becomes their options; what holds for a whole training is told in a warning that names our setting.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from dreambooth.config.toml_text import find_toml_reader
from dreambooth.data.captions import read_text
from dreambooth.data.errors import DataError
from dreambooth.data.roots.folders import list_folder
from dreambooth.data.roots.manifest import list_entries, list_metadata, read_json, read_json_lines
from dreambooth.data.roots.option_values import read_count, read_flag, read_multiply, read_share
from dreambooth.data.roots.source import CAPTION_SUFFIXES, Around, Root, find_named, join_roots

# What becomes an option of the pictures: its name there → ours, and how the value is read.
OPTIONS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "num_repeats": ("multiply", read_multiply),
    "shuffle_caption": ("shuffle_tags", read_flag),
    "keep_tokens": ("keep_tags", read_count),
    "flip_aug": ("flip_p", lambda told: 0.5 if read_flag(told) else None),
    "caption_dropout_rate": ("cond_dropout", read_share),
    "caption_tag_dropout_rate": ("tag_dropout", read_share),
    "enable_wildcard": ("wildcards", read_flag),
    "alpha_mask": ("alpha_mask", read_flag),
    "is_reg": ("is_preservation", read_flag),
}
WORDS = ("class_tokens", "caption_prefix", "caption_suffix", "caption_extension")
PLACES = ("image_dir", "metadata_file")
# What holds for a training here, or not at all: its name there → what to do.
ELSEWHERE = {
    "batch_size": "set data.batch_size",
    "resolution": "set data.resolution, or the resolution of the concept",
    "enable_bucket": "set data.use_buckets",
    "min_bucket_reso": "set data.bucket_min_px",
    "max_bucket_reso": "set data.bucket_max_px",
    "bucket_reso_steps": "set data.bucket_step_px",
    "bucket_no_upscale": "set data.bucket_no_upscale",
    "validation_split": "set validation.fraction",
    "validation_seed": "set validation.seed",
    "color_aug": "set augment.colour_probability",
    "random_crop": "set augment.crop",
    "keep_tokens_separator": "set captions.keep_tags_separator",
    "caption_separator": "set captions.tag_separator",
    "secondary_separator": "set captions.secondary_separator",
    "caption_dropout_every_n_epochs": "set captions.dropout_every_epochs",
    "conditioning_data_dir": "put each mask beside its picture, as NAME.mask.png, and set augment.masks",
    "cache_info": "sizes are remembered anyway",
}
NO_PLACE = "a subset has no such setting here; see the settings of the training"


def list_toml(file: Path) -> Root:
    """The pictures of a dataset file; raises DataError in words."""
    return list_datasets(file, _load_toml(file))


def list_datasets(file: Path, content: Mapping[str, Any]) -> Root:
    """The pictures of a dataset, whether it came as toml or as JSON; raises DataError in words."""
    told: Counter[str] = Counter()
    subsets = list(_find_subsets(file, content))
    roots = [_list_subset(file, subset, told) for subset in subsets]
    places = Counter(str(subset.get("image_dir", "")) for subset in subsets)
    told.update(
        f"{place} is named {count} times; each counts" for place, count in places.items() if count > 1
    )
    warnings = tuple(f"{file}: {each}" for each in told)
    return join_roots([Root((), (), warnings), *roots])


def _load_toml(file: Path) -> Mapping[str, Any]:
    reader = find_toml_reader()
    if reader is not None:
        try:
            return dict(reader.loads(read_text(file).text))
        except reader.TOMLDecodeError as error:
            raise DataError(f"{file} is not toml: {error}") from None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise DataError(
        f"{file} cannot be read here: Python {version} needs the package tomli for toml. Install it in the "
        "webui's Python, or save the dataset as JSON, with the same names, in a file that ends in .json"
    )


def _find_subsets(file: Path, content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    general, datasets = content.get("general", {}), content.get("datasets", [])
    if not isinstance(general, Mapping) or not _are_tables(datasets) or not datasets:
        raise DataError(f"{file} is no dataset of kohya's: it has no [[datasets]] with subsets")
    for dataset in datasets:
        subsets = dataset.get("subsets", [])
        if not _are_tables(subsets) or not subsets:
            raise DataError(f"{file}: a dataset has no [[datasets.subsets]] with an image_dir")
        for subset in subsets:
            yield {**general, **{key: told for key, told in dataset.items() if key != "subsets"}, **subset}


def _are_tables(told: object) -> bool:
    return isinstance(told, list) and all(isinstance(each, Mapping) for each in told)


def _list_subset(file: Path, subset: Mapping[str, Any], told: Counter[str]) -> Root:
    folder = _find_place(file, subset, "image_dir")
    metadata = _find_place(file, subset, "metadata_file")
    if folder is None and metadata is None:
        raise DataError(f"{file}: a subset names no image_dir")
    options = _read_options(subset, told)
    around = Around(
        options=options,
        quota=str(folder or metadata),
        otherwise=_read_text(subset, "class_tokens") or None,
        prefix=_read_text(subset, "caption_prefix"),
        suffix=_read_text(subset, "caption_suffix"),
    )
    if metadata is not None:
        return _list_metadata(metadata, folder, around)
    suffix = _read_text(subset, "caption_extension").lower()
    if suffix and suffix not in CAPTION_SUFFIXES:
        told[f"caption_extension {suffix} is not read; use one of {', '.join(CAPTION_SUFFIXES)}"] += 1
    listed = list_folder(folder or file.parent, has_depth=False, captions=suffix or None)
    around = replace(around, captions=suffix or None)
    shared: dict[int, Around] = {}  # pictures of a folder share what holds for them
    sources = [
        replace(source, around=shared.setdefault(id(source.around), _lay_over(source.around, around)))
        for source in listed.sources
    ]
    return replace(listed, sources=tuple(sources))


def _lay_over(folder: Around, subset: Around) -> Around:
    """What the files of the folder say, and over it what the subset says."""
    has_multiply = "multiply" in subset.options
    return replace(
        subset,
        said=folder.said,
        options={**folder.options, **subset.options},
        quota=subset.quota if has_multiply else folder.quota,
    )


def _list_metadata(file: Path, folder: Path | None, around: Around) -> Root:
    if file.suffix.lower() == ".jsonl":
        return list_entries(file, read_json_lines(file), folder, around)
    content = read_json(file)
    if not isinstance(content, Mapping):
        raise DataError(f'{file} is not kohya\'s metadata: {{"path": {{"caption": …}}}}')
    return list_metadata(file, content, folder, around)


def _find_place(file: Path, subset: Mapping[str, Any], key: str) -> Path | None:
    told = _read_text(subset, key)
    return find_named(file.parent, told) if told else None


def _read_text(subset: Mapping[str, Any], key: str) -> str:
    told = subset.get(key)
    return "" if told is None else str(told).strip()


def _read_options(subset: Mapping[str, Any], told: Counter[str]) -> dict[str, Any]:
    options: dict[str, Any] = {"multiply": Fraction(1)} if subset.get("is_reg") else {}
    for key, value in subset.items():
        if key in WORDS or key in PLACES or value in (None, False, 0, ""):
            continue
        if key not in OPTIONS:
            told[f"{key} = {value} is not used; {ELSEWHERE.get(key, NO_PLACE)}"] += 1
            continue
        name, read = OPTIONS[key]
        try:
            options[name] = read(value)
        except ValueError as error:
            told[f"{key}: {error}"] += 1
    return options
