"""Lets a running webui draw class images, with the checkpoint that the model was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from dreambooth.config.resolution import resolution_of
from dreambooth.config.settings import TrainConfig
from dreambooth.lending.hosts import living_hosts
from dreambooth.lending.orders import Answer, Order, OrderedPicture, have_drawn
from dreambooth.tasks.job import Job, Refused, StoppedEarly
from dreambooth.training.class_images import ClassJob, plan_pictures
from dreambooth.training.samplers import SAMPLER_NAMES

BY_TRAINER = "or set data.class_images_by=trainer"
KEPT = "stopped; the class images that were drawn stay"


def draw_by_webui(job: Job, config: TrainConfig, class_jobs: Sequence[ClassJob]) -> None:
    """Have all pictures drawn by the first webui that can; raises Refused in words when none can."""
    by_side: defaultdict[int, list[ClassJob]] = defaultdict(list)
    for class_job in class_jobs:
        by_side[resolution_of(config, config.concepts[class_job.concept_index])].append(class_job)
    for side, of_one_size in by_side.items():
        _have_drawn(job, _order(job, config, of_one_size, side))


def _have_drawn(job: Job, order: Order) -> None:
    hosts = living_hosts(job.models_dir)
    if not hosts:
        raise Refused(
            f"data.class_images_by: no webui that works with {job.models_dir} is running; "
            f"start it, {BY_TRAINER}"
        )
    reasons = []
    for host in hosts:
        answer = have_drawn(host, job.run, order, _teller(job, order))
        if answer.outcome == "done":
            return
        if answer.outcome == "stopped":
            raise StoppedEarly(KEPT)
        reasons.append(f"{host.load_name()} {_describe(answer)}")
    raise Refused(f"data.class_images_by: {'; '.join(reasons)}; {BY_TRAINER}")


def _describe(answer: Answer) -> str:
    if answer.outcome == "lost":
        return "ended while it drew class images; those that are there stay: start it and this job again"
    return answer.message


def _order(job: Job, config: TrainConfig, class_jobs: Sequence[ClassJob], side: int) -> Order:
    record = job.load_record()
    pictures = []
    for class_job in class_jobs:
        concept = config.concepts[class_job.concept_index]
        pictures += [
            OrderedPicture(
                path=str(picture.path),
                prompt=picture.prompt,
                negative_prompt=concept.class_negative_prompt,
                seed=picture.seed,
                steps=concept.class_infer_steps,
                guidance_scale=concept.class_guidance_scale,
            )
            for picture in plan_pictures(config, class_job)
        ]
    return Order(
        source=record.source,
        source_hash=record.source_hash,
        sampler=SAMPLER_NAMES[config.samples.sampler],
        width=side,
        height=side,
        pictures=pictures,
    )


def _teller(job: Job, order: Order) -> Callable[[], None]:
    """Tells of pictures as they appear, and hears a stop; called all the while."""
    lacking = [Path(picture.path) for picture in order.pictures]
    total = len(lacking)
    job.progress("class images", 0, total)

    def tell() -> None:
        while lacking and lacking[0].exists():
            path = lacking.pop(0)
            job.events.write("class_image", path=path.relative_to(job.model_folder.path).as_posix())
            job.progress("class images", total - len(lacking), total)
        job.stop_if_asked(KEPT)

    return tell
