"""A small Steward for the browser tests: the real page, intake and ledger, with one worker that answers by rote.

Its answers are written below, so that a test can know them; everything between the browser and the database is
the product's own. `python tests/browser/stand_in.py --data DIR --port N` runs it until it is interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import numpy as np
import uvicorn
from fastapi import FastAPI

from assistant.access import readable_groups
from assistant.errors import Cancelled, StewardError
from assistant.job_kinds import LANES, LOG_INSPECTION
from assistant.jobs import Check, Claim, Job, JobResult, LatencyMs, Receipt, Step
from assistant.mail_desk import MailDesk
from assistant.replies import (
    Chart,
    Checklist,
    Citation,
    Citations,
    Draft,
    Excerpt,
    FileOffer,
    Notice,
    Paragraph,
    Reply,
    Series,
    Table,
)
from assistant.settings import load_settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.database import open_engine
from assistant.storage.document_ledger import DocumentLedger
from assistant.storage.document_reader import DocumentReader
from assistant.storage.document_records import DocumentFacts, NewChunk, NewVersion
from assistant.storage.draft_store import DraftStore
from assistant.storage.feedback_store import FeedbackStore
from assistant.storage.job_store import JobStore
from assistant.storage.mail_store import MailStore
from assistant.storage.migrate import migrate
from assistant.storage.minutes_quality import MinutesQuality
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore, PersonProfile
from assistant.storage.person_data import PersonData
from assistant.storage.preference_store import PreferenceStore
from assistant.storage.quality_store import QualityStore
from bot import admin
from bot.drafts import DraftDesk
from bot.feedback import FeedbackDesk
from bot.intake import Intake
from bot.minutes import MinutesDesk
from bot.minutes_library import MinutesLibrary
from bot.platforms.web import Suggestion, WebDependencies, build

PEOPLE = [
    PersonProfile(
        id=id_,
        name=name,
        email=f"{id_}@heron.example",
        role=role,
        groups=("everyone", *groups),
        profile={"title": title, "office": office, "sign_in": True},
    )
    for id_, name, role, groups, title, office in (
        ("ines", "Ines Moreau", "employee", (), "Buyer", "Lyon"),
        ("tomas", "Tomas Berg", "hr", ("hr",), "HR partner", "Oslo"),
        ("noor", "Noor Haddad", "engineer", ("engineering",), "Site reliability engineer", "Lyon"),
        ("ruth", "Ruth Okafor", "admin", ("hr", "engineering"), "Operations", "Oslo"),
    )
]
LEAVE = """# Annual leave

Everyone has **28 days** of paid leave in a calendar year. Part-time staff have their share of it.

## Taking leave

Ask your manager at least two weeks before; for more than ten days in a row, six weeks before.

- Leave is planned in the calendar, by the end of March.
- A refusal needs a reason, in writing.

## Carrying days over

Up to five unused days may be carried over into the next year. Carried days lapse on 31 March, unless illness
or parental leave kept you from taking them.

| Reason | Days kept | Until |
| --- | --- | --- |
| none | 5 | 31 March |
| illness | all | 15 months later |

## Leaving the company

Days that are left at the end of employment are paid out with the last salary.
"""
BANDS = """# Salary bands

Bands are reviewed every April by the people team.

## Band C

Band C runs from 52,000 to 61,000 a year. A step within the band needs two reviews.
"""
DOCUMENTS = {
    "leave.md": ("handbook", "Annual leave", "everyone", LEAVE),
    "bands.md": ("people", "Salary bands", "hr", BANDS),
}
TODAY = date(2026, 11, 24)


def load_documents(ledger: DocumentLedger) -> dict[str, UUID]:
    """Store the documents, one chunk a section; return their ids by path."""
    ids = {}
    for path, (space, title, group, body) in DOCUMENTS.items():
        facts = DocumentFacts(
            title=title,
            allow=(group,),
            owner="People team",
            version_label="3.1",
            effective_from=date(2026, 1, 1),
        )
        digest = sha256(body.encode()).hexdigest()
        version = NewVersion(digest, digest, "markdown 1", "rote", body, tuple(_chunks(body)))
        ids[path] = ledger.store(space, path, facts, version, today=TODAY, by="test")
    return ids


def _chunks(body: str) -> list[NewChunk]:
    chunks, at = [], 0
    for section in body.split("\n\n## "):
        start = body.index(section, at)
        at = start + len(section)
        heading = (section.splitlines()[0].lstrip("# "),)
        digest = sha256(section.encode()).hexdigest()
        vector = np.eye(1, 8, dtype="<f4").tobytes()
        chunks.append(NewChunk(heading, None, start, at, section, digest, vector))
    return chunks


class RoteWorker(threading.Thread):
    """Claims jobs like a worker does, and answers from what is written here."""

    def __init__(self, jobs: JobStore, blobs: BlobStore, documents: DocumentReader, ids: dict[str, UUID]) -> None:
        super().__init__(daemon=True)
        self._jobs, self._blobs, self._documents, self._ids = jobs, blobs, documents, ids
        self.pace_seconds = 0.12

    def run(self) -> None:
        while True:
            with contextlib.suppress(StewardError):
                job = self._jobs.claim(LANES, owner="rote")
                if job is not None:
                    threading.Thread(target=self._work, args=(job,), daemon=True).start()
            time.sleep(0.05)

    def _work(self, job: Job) -> None:
        question = job.mention.text.lower()
        groups = readable_groups(job.mention)
        for name, text in (("searching", "searching"), ("reading", "reading 6 passages")):
            self._jobs.report(job.id, Step(name=name, text=text, at=datetime.now(UTC)))
            time.sleep(self.pace_seconds)
        if "slowly" in question and not self._wait_for_stop(job):
            return
        if "break" in question:
            self._jobs.fail(job, RuntimeError("told to break"), Reply(text=StewardError.default_reply))
            return
        result = self._inspect(job) if job.kind == LOG_INSPECTION.name else self._answer(job, question, groups)
        words = result.answer.split(" ")
        for end in range(4, len(words), 4):
            self._jobs.stream(job.id, " ".join(words[:end]))
            time.sleep(self.pace_seconds / 3)
        checking = Step(name="checking", text=f"checking {len(result.claims) or 1} claims", at=datetime.now(UTC))
        self._jobs.report(job.id, checking)
        time.sleep(self.pace_seconds)
        self._jobs.finish(job, result)

    def _inspect(self, job: Job) -> JobResult:
        """Inspect logs as a worker does: nothing about them can be known by rote."""
        from tests.twins.jobs import make_context
        from workers.jobs.log_inspection.run import run

        return run(job, make_context(files=self._blobs))

    def _wait_for_stop(self, job: Job) -> bool:
        """Return False when the asker stopped the job; True after half a minute."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if job.token in self._jobs.heartbeat([job.token], owner="rote").cancelled:
                self._jobs.fail(job, Cancelled(f"job {job.id} was stopped"), Reply(text="Stopped, as you asked."))
                return False
            time.sleep(0.1)
        return True

    def _answer(self, job: Job, question: str, groups: tuple[str, ...]) -> JobResult:
        if "band" in question:
            if "hr" not in groups:
                return refused("I found nothing about salary bands that you may read. The people team can help.")
            answer = "Band C runs from **52,000 to 61,000** a year [1]."
            return answered(answer, [self._citation(1, "bands.md", 1, "Band C runs from 52,000 to 61,000 a year.")])
        if "everything" in question:
            blob = self._blobs.store(b"minute,errors\n12:00,3\n")
            return answered("Here is one of each.", [], extra=one_of_each(blob))
        if "weather" in question:
            return refused("I have no document about the weather. The nearest is Annual leave; ask the People team.")
        answer = (
            "You may carry over **up to five unused days** into the next year [1]. They lapse on **31 March**, "
            "unless illness or parental leave kept you from taking them [1].\n\n"
            "- Ask your manager at least two weeks before [2].\n- After illness, all days are kept [3]."
        )
        carried = "Carried days lapse on 31 March, unless illness or parental leave kept you from taking them."
        cited = [
            self._citation(1, "leave.md", 2, carried),
            self._citation(2, "leave.md", 1, "Ask your manager at least two weeks before"),
            self._citation(3, "leave.md", 2, "| illness | all | 15 months later |"),
        ]
        return answered(answer, cited)

    def _citation(self, number: int, path: str, section: int, quote: str) -> Citation:
        title = DOCUMENTS[path][1]
        chunk = self._documents.chunks_of(self._ids[path], groups=("everyone", "hr"))[section]
        return Citation(
            number=number,
            chunk_id=str(chunk.id),
            document_id=str(chunk.document_id),
            document=path,
            title=title,
            section=" › ".join(chunk.heading_path),
            version="3.1",
            effective_from="2026-01-01",
            quote=quote,
        )


def answered(answer: str, cited: list[Citation], extra: tuple[object, ...] = ()) -> JobResult:
    """Return an answer with its sources, labelled as made without a model."""
    label = Notice(text="Extractive, no language model: these are the documents' own words.")
    blocks = [label, Paragraph(markdown=answer), *([Citations(items=tuple(cited))] if cited else []), *extra]
    claims = tuple(Claim(text=item.quote, citations=(item,)) for item in cited)
    reply = Reply(text=answer.replace("**", ""), blocks=tuple(blocks), wants_feedback=True)
    evidence = tuple(item.chunk_id for item in cited)
    return JobResult(outcome="answered", answer=answer, claims=claims, receipt=receipt(evidence), reply=reply)


def refused(sentence: str) -> JobResult:
    """Return a refusal that says whom to ask."""
    reply = Reply(text=sentence, blocks=(Notice(level="refusal", text=sentence),), wants_feedback=True)
    return JobResult(
        outcome="refused", answer=sentence, refusal_reason="not_in_documents", receipt=receipt(()), reply=reply
    )


def receipt(evidence: tuple[str, ...]) -> Receipt:
    """Return a receipt with a figure in every line."""
    return Receipt(
        model="offline",
        offline=True,
        prompt_version="policy_search@3f9a1c",
        model_calls=2,
        tool_calls=2,
        input_tokens=1840,
        output_tokens=212,
        tokens_estimated=True,
        cost_usd=0.0,
        latency_ms=LatencyMs(queue=21, retrieval=64, model=142, validation=9, other=31, total=267),
        checks=(
            Check(name="quotes_verbatim", passed=True, detail="3 of 3"),
            Check(name="claims_cited", passed=True),
            Check(name="numbers_supported", passed=True),
        ),
        evidence=evidence,
    )


def one_of_each(blob: str) -> tuple[object, ...]:
    """Return one block of every kind that an answer can hold."""
    minutes = tuple(f"2026-11-24T{9 + at // 60:02}:{at % 60:02}:00+00:00" for at in range(0, 120, 5))
    errors = tuple(float(3 + (at % 4) if at < 12 else 60 + 9 * (at % 5)) for at in range(24))
    return (
        Notice(level="warning", text="One of the files had pages that could not be read."),
        Table(title="Rooms", columns=("Room", "Seats", "Screen"), rows=(("Heron", "8", "yes"), ("Wren", "4", "no"))),
        Checklist(title="Action items", items=("Ines: order the chairs, by Friday", "Noor: move the screen")),
        Excerpt(
            title="Log lines", lines=("12:00:01 ERROR pool exhausted <script>alert(1)</script>", "12:00:02 retry")
        ),
        Chart(
            title="Errors a minute",
            alt="Errors rise from 3 a minute to 96 at 10:00, just after the deploy.",
            x=minutes,
            series=(Series(name="checkout", values=errors), Series(name="search", values=(4.0,) * 24)),
            unit="errors",
            marks=((minutes[11], "deploy 4.2"),),
        ),
        Draft(
            draft_id="d1",
            revision=2,
            to=("sales@lark.example",),
            cc=("ines@heron.example",),
            subject="Chairs",
            body="Hello,\n\nwe would like to order [number] chairs.\n\nInes",
            placeholders=("number",),
        ),
        FileOffer(name="errors.csv", media_type="text/csv", blob=blob, size_bytes=22),
    )


SUGGESTIONS = (
    Suggestion("How many days of leave can I carry over?", "policy_search", "Cites the leave policy"),
    Suggestion("What does band C pay?", "policy_search", "Only HR may read that document"),
    Suggestion("Show me everything", "policy_search", "One block of every kind"),
    Suggestion("What will the weather be like?", "policy_search", "Refuses, and says whom to ask"),
)


def make_app(data: Path, port: int, sign_in: str = "demo") -> FastAPI:
    """Return the application on this data folder, with its worker running."""
    settings = load_settings({}, steward_data=data, port=port, steward_sign_in=sign_in, max_upload_bytes=200_000)
    engine = open_engine(settings.database)
    migrate(engine)
    people, jobs, blobs = PeopleStore(engine), JobStore(engine, settings), BlobStore(engine, settings)
    people.upsert_all("local", PEOPLE)
    documents = DocumentReader(engine)
    ids = load_documents(DocumentLedger(engine))
    RoteWorker(jobs, blobs, documents, ids).start()
    app = FastAPI()
    feedback = FeedbackStore(engine)
    dependencies = WebDependencies(
        settings=settings,
        intake=Intake(jobs, people, preferences=PreferenceStore(engine)),
        jobs=jobs,
        conversations=ConversationStore(engine),
        feedback=feedback,
        feedback_desk=FeedbackDesk(jobs, feedback),
        people=people,
        preferences=PreferenceStore(engine),
        person_data=PersonData(engine),
        blobs=blobs,
        drafts=DraftDesk(DraftStore(engine), people, blobs),
        minutes=MinutesDesk(settings, MinutesStore(engine), feedback),
        library=MinutesLibrary(MinutesStore(engine), jobs),
        mail=MailDesk(settings, MailStore(engine, settings)),
        documents=documents,
        quality=QualityStore(engine),
        minutes_quality=MinutesQuality(engine),
        suggestions=SUGGESTIONS,
    )
    platform = build(app, dependencies)
    admin.build(dependencies)
    lifespan = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def with_platform(inner: FastAPI) -> AsyncIterator[None]:
        async with lifespan(inner):
            await platform.start()
            yield
            await platform.stop()

    app.router.lifespan_context = with_platform
    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sign-in", default="demo")
    arguments = parser.parse_args()
    app = make_app(arguments.data, arguments.port, arguments.sign_in)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning", ws_max_size=4_000_000)


if __name__ == "__main__":
    main()
