"""The tools for finished files, each with the fields of its form."""

from __future__ import annotations

from collections.abc import Sequence

from dreambooth.api.endpoint import Endpoint, through
from dreambooth.api.job_schema import BEGUN
from dreambooth.api.schema import form_schema
from dreambooth.config.forms.tools import TOOL_FORMS

ENDPOINTS: Sequence[Endpoint] = tuple(
    Endpoint(
        method="POST",
        path=f"/v1/tools/{job}",
        summary=(form.__doc__ or job).partition("\n")[0],
        perform=through(f"tools.{job}"),
        body=form_schema(form),
        answers=BEGUN,
        status=202,
        group="tools",
    )
    for job, form in TOOL_FORMS.items()
)
