"""Generates the class images that a training would need, without training."""

from __future__ import annotations

from typing import Any

from dreambooth.tasks.job import Job
from dreambooth.tasks.prepare import complete_class_images, refuse_problems


def make_classes(job: Job) -> dict[str, Any]:
    """Complete every concept's class images."""
    config = job.load_config()
    refuse_problems(config)
    plans = complete_class_images(job, config)
    return {
        "concepts": [
            {
                "concept": plan.concept,
                "have": plan.have,
                "need": plan.need,
                "generated": len(plan.missing),
                "folder": str(job.model_folder.classifiers(plan.concept)),
            }
            for plan in plans
        ]
    }
