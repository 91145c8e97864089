"""What a browser may tell the page: checked here, trusted afterwards."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from assistant.frozen import Frozen

MAX_EVENT_TEXT_CHARS = 200_000  # more than intake takes, so that intake can say so in its own words

FeedbackReason = Literal["wrong", "outdated", "missing_source", "not_allowed", "too_long", "other"]


class PageEvent(Frozen):
    """One act of the person at the page. Which fields count depends on `act`; ids may name anything, even
    what is not theirs: every handler checks.
    """

    act: Literal[
        "send",
        "suggest",
        "stop",
        "retry",
        "cite",
        "thumb-up",
        "thumb-down",
        "feedback",
        "action",
        "draft",
        "minutes",
        "email",
        "new",
        "open",
        "rename",
        "delete",
    ]
    job: UUID | None = None
    conversation: UUID | None = None
    n: int | None = Field(None, ge=1, le=999)  # a citation's or suggestion's number
    text: str = Field("", max_length=MAX_EVENT_TEXT_CHARS)  # question, title or correction
    kind: str = Field("", max_length=64)
    name: str = Field("", max_length=64)  # an action's
    value: str = Field("", max_length=2_000)  # an action's, as JSON
    fields: dict[str, str] = Field(default_factory=dict, max_length=8)  # of a draft's or the minutes' form
    draft: str = Field("", pattern=r"^[0-9a-f]{0,32}$")  # the question's own id, made by the browser
    files: tuple[str, ...] = Field((), max_length=20)  # tokens that the upload route gave out
    reason: FeedbackReason | None = None
