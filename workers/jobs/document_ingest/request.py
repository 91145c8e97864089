"""What an ingest asks for: the space, and who may read. From the form's options, or from words in the text."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import RequestInvalid
from assistant.jobs import Job

_NAMED = re.compile(r"\b(space|allow)\s*[=:]\s*([\w.,:-]+)", re.IGNORECASE)
_NAME = r"^[\w.-]{1,64}$"
HOW = "Attach the files and write, for example: ingest space=company allow=everyone (or allow=hr,legal)."


class IngestOptions(BaseModel):
    """Where the documents go and who may be answered from them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    space: str = Field(default="company", pattern=_NAME, description="The space they belong to.")
    allow: str = Field(
        pattern=r"^[\w.:-]+(,[\w.:-]+)*$", description="Groups that may read them, by commas; everyone is one."
    )


def read_request(job: Job) -> IngestOptions:
    """Return what the asker named; the form's options win over the text.

    Raises:
        RequestInvalid: no files, or nobody named who may read them: that is never guessed.
    """
    if not job.mention.attachments:
        raise RequestInvalid(f"job {job.id} has no files", reply=f"There is no file to add. {HOW}")
    in_text = {name.lower(): value.rstrip(".,:") for name, value in _NAMED.findall(job.mention.text)}
    named: dict[str, Any] = in_text | job.mention.options
    if not named.get("allow"):
        raise RequestInvalid(f"job {job.id} names no readers", reply=f"Who may read these documents? {HOW}")
    try:
        return IngestOptions.model_validate(named)
    except ValueError as error:
        raise RequestInvalid(
            f"job {job.id}: {error}", reply=f"I can't use that space or those groups. {HOW}"
        ) from error
