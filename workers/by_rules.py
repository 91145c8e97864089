"""What job kinds share that work by rules instead of asking a language model: options in, a receipt out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import RequestInvalid
from assistant.jobs import Call, Check, Job, Receipt
from workers.context import JobContext

Options = TypeVar("Options", bound=BaseModel)


def read_options(job: Job, options: type[Options]) -> Options:
    """Return the mention's options as the kind's own type.

    Raises:
        RequestInvalid: one is unknown or can't be used; the reply names it and lists what there is.
    """
    try:
        return options.model_validate(job.mention.options)
    except ValidationError as error:
        first = error.errors()[0]
        place, why = ".".join(map(str, first["loc"])), first["msg"]
        known = ", ".join(options.model_fields)
        raise RequestInvalid(
            f"job {job.id}: options {place}: {why}",
            reply=f"I can't use the option {place!r}: {why}. Known are {known}.",
        ) from error


def receipt_by_rules(
    context: JobContext,
    *,
    version: str,
    checks: tuple[Check, ...],
    stages: Mapping[str, str],
    model: str = "rules",
    repaired: bool = False,
) -> Receipt:
    """Return the receipt of a job that no language model saw.

    `version` stands where a prompt's would; `stages` maps what was done to the stage it was timed under.
    """
    timed = context.stopwatch.milliseconds
    calls = tuple(
        Call(type="tool", name=name, at_ms=0.0, took_ms=round(timed.get(stage, 0.0), 2))
        for name, stage in stages.items()
    )
    return Receipt(
        model=model,
        offline=True,
        prompt_version=version,
        cost_usd=0.0,
        checks=checks,
        repaired=repaired,
        calls=calls,
    )
