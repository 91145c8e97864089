"""JobContext: everything a job may touch, handed in.

A handler is `run(job, context) -> JobResult`. It opens nothing itself; it calls `context.report` at each step,
`context.stream` as its answer grows, and `context.check()` between steps, so that Stop works within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from assistant.errors import BudgetExceeded, Cancelled
from assistant.jobs import Job, JobResult
from assistant.mail.port import Mailroom, NoMailroom
from assistant.mentions import Attachment
from assistant.observability import Stopwatch
from assistant.time_zones import zone_of_profile

if TYPE_CHECKING:
    from assistant.knowledge.chunks import Chunk, ScoredChunk, SearchQuery
    from assistant.mail.port import ApprovedMessage
    from assistant.mentions import Person
    from assistant.minutes.kept import KeptMinutes, Reader, SpokenLine, Ticket
    from assistant.settings import Settings
    from assistant.storage.draft_store import KeptDraft, Order
    from assistant.storage.people_store import PersonProfile
    from assistant.storage.watch_store import WatchStore
    from workers.clients.tickets import TicketSystem
    from workers.llm.model_catalogue import ModelCatalogue


class Knowledge(Protocol):
    """What jobs may do with the company's documents; `assistant.knowledge.search.KnowledgeBase` does it."""

    def search(self, query: SearchQuery) -> list[ScoredChunk]:
        """Return the best chunks the groups may read, best first."""
        ...

    def read(
        self, document_id: str, *, groups: tuple[str, ...], around_chunk: str | None = None, limit: int = 12
    ) -> list[Chunk]:
        """Return a document's chunks in order (or those around one), if the groups may read it; else none."""
        ...

    def closeness(self, question: str, texts: Sequence[str]) -> list[float] | None:
        """Return how near each text is in meaning to the question (cosine), or None where no embedder serves.

        About 2 ms a text on the packaged embedder: for the few sentences an answer is chosen from.
        """
        ...


class History(Protocol):
    """The conversation so far; `assistant.storage.conversation_store.ConversationStore` keeps it."""

    def recent_turns(self, conversation_id: Any, *, before_job: Any, limit: int = 20) -> Sequence[Turn]:
        """Return the turns before this job's own, oldest first."""
        ...

    def recent_attachments(self, conversation_id: Any, *, before_job: Any, kind: str) -> tuple[Attachment, ...]:
        """Return the files of the conversation's last job of this kind that came with some."""
        ...


class Turn(Protocol):
    """One turn: role is "user" or "assistant"."""

    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


class Files(Protocol):
    """Reads attachments and keeps files that a job makes; `assistant.storage.blob_store.BlobStore` does it."""

    def read(self, attachment: Attachment) -> bytes:
        """Return the attachment's bytes."""
        ...

    def local_path(self, attachment: Attachment) -> Path:
        """Return a path on this machine that holds the attachment (a temporary file for blobs)."""
        ...

    def store(self, data: bytes) -> str:
        """Keep the bytes; return their sha256."""
        ...


class People(Protocol):
    """The company's directory; `assistant.storage.people_store.PeopleStore` keeps it."""

    def everybody(self, tenant: str) -> Sequence[PersonProfile]:
        """Return all people of the tenant, by name."""
        ...

    def profile(self, tenant: str, person_id: str) -> PersonProfile | None:
        """Return what the directory knows of one person, or None."""
        ...


class Drafts(Protocol):
    """E-mail drafts and what is ordered for them; `assistant.storage.draft_store.DraftStore` keeps them."""

    def order_of(self, job_id: UUID) -> Order | None:
        """Return the order this job is to carry out, or None."""
        ...

    def of_job(self, job_id: UUID) -> KeptDraft | None:
        """Return the draft the job made before, or None."""
        ...

    def begin_sending(
        self, order: Order, job: Job, *, sender: Person, at: datetime, files: Mapping[str, bytes]
    ) -> ApprovedMessage | None:
        """Write down that the sending begins and return the message; None when it must not begin."""
        ...


class NoDrafts:
    """No draft is kept and nothing is ordered: for jobs and tests that need none."""

    def order_of(self, job_id: UUID) -> Order | None:
        """Return nothing."""
        del job_id
        return None

    def of_job(self, job_id: UUID) -> KeptDraft | None:
        """Return nothing."""
        del job_id
        return None

    def begin_sending(
        self, order: Order, job: Job, *, sender: Person, at: datetime, files: Mapping[str, bytes]
    ) -> ApprovedMessage | None:
        """Begin nothing."""
        del order, job, sender, at, files
        return None


class MinutesLibrary(Protocol):
    """Minutes of earlier meetings; `assistant.storage.minutes_store.MinutesStore` keeps them."""

    def of_job(self, job_id: UUID) -> KeptMinutes | None:
        """Return the minutes that the job wrote before, or None."""
        ...

    def of_conversation(self, conversation_id: UUID, reader: Reader) -> KeptMinutes | None:
        """Return the latest minutes of the conversation that the reader may see, or None."""
        ...

    def spoken(self, minutes_id: UUID) -> tuple[SpokenLine, ...]:
        """Return what was said in the meeting, in order."""
        ...

    def search(
        self, reader: Reader, stems: Sequence[str] = (), *, since: str = "", until: str = ""
    ) -> list[KeptMinutes]:
        """Return the minutes with most of the stems that the reader may see, the newest first among equals."""
        ...

    def begin_ticket(self, minutes_id: UUID, ticket: Ticket) -> None:
        """Write down that a ticket is being made, before the ticket system hears of it."""
        ...


class NoMinutes:
    """An empty library: for jobs and tests that need none."""

    def of_job(self, job_id: UUID) -> KeptMinutes | None:
        """Return nothing."""
        del job_id
        return None

    def of_conversation(self, conversation_id: UUID, reader: Reader) -> KeptMinutes | None:
        """Return nothing."""
        del conversation_id, reader
        return None

    def spoken(self, minutes_id: UUID) -> tuple[SpokenLine, ...]:
        """Return nothing."""
        del minutes_id
        return ()

    def search(
        self, reader: Reader, stems: Sequence[str] = (), *, since: str = "", until: str = ""
    ) -> list[KeptMinutes]:
        """Find nothing."""
        del reader, stems, since, until
        return []

    def begin_ticket(self, minutes_id: UUID, ticket: Ticket) -> None:
        """Write nothing down."""
        del minutes_id, ticket


class NoPeople:
    """A directory without anybody in it: for jobs and tests that need none."""

    def everybody(self, tenant: str) -> Sequence[PersonProfile]:
        """Return nobody."""
        del tenant
        return ()

    def profile(self, tenant: str, person_id: str) -> None:
        """Return nobody."""
        del tenant, person_id


@dataclass(frozen=True)
class JobContext:
    """Built per attempt by run_job.py; every field is a port with an offline twin."""

    settings: Settings
    knowledge: Knowledge
    history: History
    files: Files
    models: ModelCatalogue
    today: datetime  # aware; the clock of this attempt
    report: Callable[..., None]  # report(name, text, **fields): a step for the page, the thread and the record
    stream: Callable[[str], None]  # the answer so far; lossy
    is_cancelled: Callable[[], bool]
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    people: People = field(default_factory=NoPeople)
    watches: WatchStore | None = None  # None: nothing can be watched here
    drafts: Drafts = field(default_factory=NoDrafts)
    mail: Mailroom = field(default_factory=NoMailroom)
    minutes: MinutesLibrary = field(default_factory=NoMinutes)
    tickets: TicketSystem | None = None  # None: none is set up

    def zone_of_asker(self, job: Job) -> tzinfo:
        """Return the time zone the asker's clock shows; UTC where the directory doesn't know."""
        person = self.people.profile(job.mention.conversation.tenant, job.mention.asker.id)
        return zone_of_profile(person.profile if person is not None else {})

    def check(self, job: Job) -> None:
        """Stop here when the asker asked for it or the time is up.

        Raises:
            Cancelled: the job was cancelled, or another worker holds it now.
            BudgetExceeded: its deadline has passed.
        """
        if self.is_cancelled():
            raise Cancelled(f"job {job.id} was cancelled")
        if datetime.now(UTC) > job.deadline_at:
            raise BudgetExceeded(f"job {job.id} passed its deadline", reply="That took too long, so I stopped.")


Handler = Callable[[Job, JobContext], JobResult]
