"""A company with a ledger and a library: meetings are written up, corrected and asked about, as in production."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from assistant.job_kinds import MEETING_SUMMARY
from assistant.jobs import Job, JobResult
from assistant.mentions import Attachment, Audience, Mention, Person, Platform
from assistant.minutes.kept import KeptMinutes, Reader
from assistant.replies import Reply
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.minutes_store import MinutesStore
from bot.minutes import MinutesDesk, MinutesPress
from tests.factories import make_mention
from tests.twins.jobs import make_context
from workers.jobs.meeting_summary.run import run

ADA = Person(id="ada", name="Ada Berg")
BOB = Person(id="bob", name="Bob Lind")


class LibraryWorld:
    """One worker and one bot, called by hand."""

    def __init__(self, engine: sa.Engine, settings: Settings, tickets: Any = None) -> None:
        self.engine = engine
        self.settings = settings
        self.jobs = JobStore(engine, settings)
        self.minutes = MinutesStore(engine)
        self.blobs = BlobStore(engine, settings)
        self.feedback = FeedbackStore(engine)
        self.desk = MinutesDesk(settings, self.minutes, self.feedback)
        self.tickets = tickets

    def mention(
        self, text: str, *, person: Person = ADA, channel: str = "C1", thread: str = "1.0", **more: Any
    ) -> Mention:
        return make_mention(
            text,
            asker=person,
            channel=channel,
            thread=thread,
            platform=Platform.SLACK,
            kind="meeting_summary",
            **more,
        )

    def work(self, mention: Mention) -> JobResult:
        """Ask, and have the worker answer."""
        self.jobs.accept(mention, MEETING_SUMMARY, Reply(text="…", final=False))
        return self.work_on()[1]

    def work_on(self) -> tuple[Job, JobResult]:
        """Have the worker do what waits."""
        job = self.claim()
        result = run(job, self.context())
        assert self.jobs.finish(job, result)
        return job, result

    def claim(self) -> Job:
        job = self.jobs.claim(("summary",), owner="w1")
        assert job is not None
        return job

    def context(self) -> Any:
        return make_context(files=self.blobs, minutes=self.minutes, tickets=self.tickets, settings=self.settings)

    def hold(self, transcript: str, *, name: str = "weekly.txt", **more: Any) -> KeptMinutes:
        """Write up a meeting and return its minutes."""
        data = transcript.encode()
        file = Attachment(name=name, size_bytes=len(data), location=f"blob:{self.blobs.store(data)}")
        mention = self.mention("minutes", attachments=(file,), **more)
        self.jobs.accept(mention, MEETING_SUMMARY, Reply(text="…", final=False))
        job, _ = self.work_on()
        kept = self.minutes.of_job(job.id)
        assert kept is not None
        return kept

    def reader(self, person: Person = ADA, channel: str = "C1", audience: Audience = Audience.ASKER) -> Reader:
        return self.desk.reader(self.mention("-", person=person, channel=channel, audience=audience))

    def said(self, job_id: UUID) -> Reply:
        """Return what the one message says now."""
        view = self.jobs.view(job_id)
        assert view.reply is not None
        return view.reply


def press(kept: KeptMinutes) -> MinutesPress:
    """The button under the minutes as they stood then."""
    return MinutesPress(minutes=kept.id, revision=kept.revision)
