"""The command for the sizes of an epoch: a table, and a picture where one is wanted."""

from __future__ import annotations

import io
from argparse import Namespace
from typing import Any

from dreambooth.config.folders import written_whole
from dreambooth.config.store import ConfigError
from dreambooth.console import Console
from dreambooth.jobs.library import Library
from dreambooth.setting_commands import changed_config

COLUMNS = {
    "size": "size in px",
    "images": "pictures",
    "shown": "shown",
    "class_images_shown": "class images",
    "batches": "batches",
    "smaller_batches": "smaller",
}


def buckets(library: Library, asked: Namespace, console: Console) -> int:
    """What an epoch looks like; ``--to`` writes it as a picture, too."""
    if asked.to is not None and asked.to.suffix.lower() != ".png":
        raise ConfigError(f"--to: {asked.to} must end with .png")
    from dreambooth.actions.epoch import describe_epoch, draw_epoch, plan_epoch  # which needs Pillow

    epoch = plan_epoch(changed_config(library, asked), library.folder(asked.name))
    told = describe_epoch(epoch)
    if asked.to is not None:
        told["picture"] = str(asked.to.resolve())
        stream = io.BytesIO()
        draw_epoch(epoch).save(stream, "PNG")
        with written_whole(asked.to, "wb") as file:
            file.write(stream.getvalue())
    return console.result(told, _in_words(told))


def _in_words(told: dict[str, Any]) -> str:
    sizes = [{**bucket, "size": f"{bucket['width']}x{bucket['height']}"} for bucket in told["buckets"]]
    rows = [list(COLUMNS.values()), *([str(size[name]) for name in COLUMNS] for size in sizes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    lines.append(
        f"{told['num_shown']} showings in {told['steps_per_epoch']} steps; {told['num_smaller_batches']} of "
        f"{told['num_batches']} batches have fewer than {told['batch_size']}"
    )
    lines += [f"left out: {skipped['path']}: {skipped['reason']}" for skipped in told["skipped"]]
    lines += [f"warning: {text}" for text in told["warnings"]]
    lines += [f"picture: {told['picture']}"] if "picture" in told else []
    return "\n".join(lines)
