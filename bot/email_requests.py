"""The form that asks for an e-mail, and the button "Draft an e-mail about this", on every platform alike.

Platforms draw the form and say where it was filled in; what is asked for is put together here. An answer may be
used by who asked for it, and by anybody where it stands in a channel that they read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError, field_validator

from assistant.errors import NotPermitted, RequestInvalid
from assistant.frozen import Frozen
from assistant.job_kinds import EMAIL_DRAFT, MEETING_SUMMARY, POLICY_SEARCH
from assistant.mail.about import ABOUT_NAME, ABOUT_TYPE, MINUTES_NAME, AboutAnswer
from assistant.mail.draft import Language, Length, Tone
from assistant.mail.own_edits import split_recipients
from assistant.mentions import Attachment
from assistant.storage.blob_store import BlobStore
from assistant.storage.job_store import JobStore, JobView

KIND = EMAIL_DRAFT.name
MAX_REQUEST_CHARS = 3_000  # what Slack's form takes; the others follow
_ABOUT_ANSWER = "Write an e-mail with this answer."
_ABOUT_MINUTES = "Write a follow-up with a summary and the action items"


class EmailRequest(Frozen):
    """What the form brings back; what was left empty is decided by the request's words."""

    request: str = Field(default="", max_length=MAX_REQUEST_CHARS)
    to: str = Field(default="", max_length=2_000)  # names or addresses, with commas between them
    cc: str = Field(default="", max_length=2_000)
    tone: Tone | None = None
    length: Length | None = None
    language: Language | None = None

    @field_validator("tone", "length", "language", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return value or None


@dataclass(frozen=True, slots=True)
class EmailQuestion:
    """What a mention for the draft is made of; the platform adds who asks, and where the answer goes."""

    text: str
    options: Mapping[str, Any]
    attachments: tuple[Attachment, ...] = ()


class EmailRequests:
    """Reads forms. Everything blocks: await it with asyncio.to_thread."""

    def __init__(self, jobs: JobStore, blobs: BlobStore) -> None:
        self._jobs = jobs
        self._blobs = blobs

    def look(self, job_id: UUID, *, tenant: str, person_id: str, channel: str | None) -> JobView:
        """Return the answer that an e-mail can be about. `channel`: where it was pressed, if others read there.

        Raises:
            NothingFound: the answer is gone. NotPermitted: it is somebody else's, and stands elsewhere.
            RequestInvalid: there is nothing in it to write about.
        """
        view = self._jobs.view(job_id)
        is_seen_here = channel is not None and view.conversation.channel == channel
        if view.tenant != tenant or (view.asker_id != person_id and not is_seen_here):
            raise NotPermitted(
                f"an e-mail about job {job_id} by somebody else", reply="Only who asked for that answer can use it."
            )
        if not _is_usable(view):
            raise RequestInvalid(f"job {job_id} has no answer", reply="There is nothing in it to write about.")
        return view

    def read(self, fields: Mapping[str, Any], about: JobView | None) -> EmailQuestion:
        """Return what the form asks for.

        Raises:
            RequestInvalid: a field is too long, or nothing was asked for.
        """
        try:
            form = EmailRequest.model_validate(
                {name: fields[name] for name in EmailRequest.model_fields if fields.get(name) is not None}
            )
        except ValidationError as error:
            place = error.errors()[0]["loc"]
            raise RequestInvalid(f"e-mail form: {place}", reply=f"“{place[0]}” is too long, or no choice.") from error
        text = form.request.strip()
        if not text and about is None:
            raise RequestInvalid("empty e-mail form", reply="Please say what the e-mail is about.")
        options: dict[str, Any] = form.model_dump(include={"tone", "length", "language"}, exclude_none=True)
        options |= {name: found for name in ("to", "cc") if (found := split_recipients(getattr(form, name)))}
        if about is None:
            return EmailQuestion(text, options)
        return EmailQuestion(text or _usual_request(about, options), options, (self._file(about),))

    def _file(self, view: JobView) -> Attachment:
        assert view.result is not None  # look() has seen to it
        if view.kind == MEETING_SUMMARY.name:
            return self._kept(json.dumps(view.result.result).encode(), MINUTES_NAME, "application/json")
        answer = AboutAnswer(question=view.question, claims=view.result.claims)
        return self._kept(answer.model_dump_json().encode(), ABOUT_NAME, ABOUT_TYPE)

    def _kept(self, data: bytes, name: str, media_type: str) -> Attachment:
        location = f"blob:{self._blobs.store(data)}"
        return Attachment(name=name, media_type=media_type, size_bytes=len(data), location=location)


def _is_usable(view: JobView) -> bool:
    if view.result is None or view.result.outcome != "answered":
        return False
    return view.kind == POLICY_SEARCH.name or (
        view.kind == MEETING_SUMMARY.name and "action_items" in view.result.result
    )


def _usual_request(about: JobView, options: Mapping[str, Any]) -> str:
    """Return what is asked for when the form says nothing more."""
    if about.kind != MEETING_SUMMARY.name:
        return _ABOUT_ANSWER
    return f"{_ABOUT_MINUTES}." if options.get("to") else f"{_ABOUT_MINUTES} to all attendees."
