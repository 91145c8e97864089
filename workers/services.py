"""Builds what jobs may touch, once a process, when the first job needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from assistant.access import EVERYONE
from assistant.errors import StewardError
from assistant.jobs import Job
from assistant.mail.mailroom import AccountMailroom
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.draft_store import DraftStore
from assistant.storage.mail_store import MailStore
from assistant.storage.minutes_store import MinutesStore
from assistant.storage.people_store import PeopleStore
from assistant.storage.watch_store import WatchStore
from workers.clients.tickets_http import open_tickets
from workers.context import JobContext, Knowledge
from workers.registry import HANDLERS, named

if TYPE_CHECKING:
    import sqlalchemy as sa

    from workers.llm.model_catalogue import ModelCatalogue
    from workers.run_job import Progress

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Services:
    knowledge: Knowledge
    models: ModelCatalogue


def build_context_factory(settings: Settings, engine: sa.Engine) -> ServicesFactory:
    """Return what makes a JobContext per attempt; nothing is opened yet."""
    return ServicesFactory(settings, engine)


class ServicesFactory:
    """Makes a JobContext per attempt. Vector store, embedder and models load once, at the first call.

    A vector store that can't be opened raises DependencyUnavailable from that call, and the next one tries again.
    """

    def __init__(self, settings: Settings, engine: sa.Engine) -> None:
        self._settings = settings
        self._services = _Once(lambda: _open_services(settings, engine))
        self._history = ConversationStore(engine)
        self._files = BlobStore(engine, settings)
        self._people = PeopleStore(engine)
        self._watches = WatchStore(engine)
        self._drafts = DraftStore(engine)
        self._mail = AccountMailroom(settings, MailStore(engine, settings))
        self._minutes = MinutesStore(engine)
        self._tickets = open_tickets(settings)

    def __call__(self, job: Job, progress: Progress) -> JobContext:
        """Return the context of one attempt."""
        del job  # all jobs get the same services; what they may read is the asker's, and each search says whose
        opened = self._services()
        return JobContext(
            settings=self._settings,
            knowledge=opened.knowledge,
            history=self._history,
            files=self._files,
            models=opened.models,
            today=datetime.now(UTC),
            report=progress.report,
            stream=progress.stream,
            is_cancelled=progress.is_cancelled,
            stopwatch=progress.stopwatch,
            people=self._people,
            watches=self._watches,
            drafts=self._drafts,
            mail=self._mail,
            minutes=self._minutes,
            tickets=self._tickets,
        )

    def providers_away(self) -> tuple[str, ...]:
        """Return the model providers that this process leaves alone at present; none before the first job."""
        built = self._services.built
        return built.models.circuits.away() if built else ()

    def warm_up(self) -> None:
        """Load now what the first question would wait for: libraries, models, embedder and index (2 to 5 s).

        Called in a thread of its own. A failure is only told: the first job meets it again and handles it.
        """
        from assistant.knowledge.chunks import SearchQuery

        try:
            for place in HANDLERS.values():
                named(place)
            self._services().knowledge.search(SearchQuery(text="warm up", groups=(EVERYONE,), limit=1))
        except StewardError as error:
            log.warning("worker.not_warm", reason=str(error)[:200])
        else:
            log.info("worker.warm")


def _open_services(settings: Settings, engine: sa.Engine) -> _Services:
    # Imported here: they bring the vector store and the model clients, and a worker should be up before them.
    from assistant.knowledge.search import open_knowledge
    from workers.llm.model_catalogue import ModelCatalogue

    return _Services(knowledge=open_knowledge(settings, engine), models=ModelCatalogue(settings))


class _Once:
    """Builds the services at the first call, for all threads."""

    def __init__(self, build: Callable[[], _Services]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self.built: _Services | None = None

    def __call__(self) -> _Services:
        with self._lock:
            if self.built is None:
                self.built = self._build()
            return self.built
