"""What is told of jobs."""

from __future__ import annotations

from dreambooth.api.schema import ANYTHING, NUMBER, TEXT, WHOLE, answer_of, or_null

JOB_ID = {
    **TEXT,
    "description": "The job's id: one part of a path, the same as long as the model has its name.",
}
BEGUN = answer_of(job=JOB_ID, run={**TEXT, "description": "Where its folder lies in the models folder."})
PAST_JOB = answer_of(
    job=JOB_ID,
    run=TEXT,
    kind=TEXT,
    model=or_null(TEXT),
    given=NUMBER,
    ended=or_null(NUMBER),
    outcome=or_null(TEXT),
    message=or_null(TEXT),
)
JOB = answer_of(
    job=JOB_ID,
    run=TEXT,
    kind=TEXT,
    model=or_null(TEXT),
    status={
        **TEXT,
        "enum": [
            "running",
            "waiting",
            "paused",
            "done",
            "stopped",
            "discarded",
            "refused",
            "failed",
            "lost",
            "none",
        ],
    },
    words=TEXT,
    message=or_null(TEXT),
    result=or_null(ANYTHING),
    began=or_null(NUMBER),
    ended=or_null(NUMBER),
    progress=or_null(ANYTHING),
    step=or_null(WHOLE),
    num_steps=or_null(WHOLE),
)
