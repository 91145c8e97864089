"""Builds what jobs may touch, once a process, when the first job needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assistant.jobs import Job
from assistant.settings import Settings
from assistant.storage.blob_store import BlobStore
from assistant.storage.conversation_store import ConversationStore
from assistant.storage.people_store import PeopleStore
from workers.context import JobContext, Knowledge

if TYPE_CHECKING:
    import sqlalchemy as sa

    from workers.llm.model_catalogue import ModelCatalogue
    from workers.run_job import ContextFactory, Progress


@dataclass(frozen=True, slots=True)
class _Services:
    knowledge: Knowledge
    models: ModelCatalogue


def build_context_factory(settings: Settings, engine: sa.Engine) -> ContextFactory:
    """Return what makes a JobContext per attempt. Vector store, embedder and models load at the first call.

    A vector store that can't be opened raises DependencyUnavailable from that call, and the next one tries again.
    """
    services = _once(lambda: _open_services(settings, engine))
    history = ConversationStore(engine)
    files = BlobStore(engine, settings)
    people = PeopleStore(engine)

    def make_context(job: Job, progress: Progress) -> JobContext:
        del job
        opened = services()
        return JobContext(
            settings=settings,
            knowledge=opened.knowledge,
            history=history,
            files=files,
            models=opened.models,
            today=datetime.now(UTC),
            report=progress.report,
            stream=progress.stream,
            is_cancelled=progress.is_cancelled,
            stopwatch=progress.stopwatch,
            people=people,
        )

    return make_context


def _open_services(settings: Settings, engine: sa.Engine) -> _Services:
    # Imported here: they bring the vector store and the model clients, and a worker should be up before them.
    from assistant.knowledge.search import open_knowledge
    from workers.llm.model_catalogue import ModelCatalogue

    return _Services(knowledge=open_knowledge(settings, engine), models=ModelCatalogue(settings))


def _once(build: Callable[[], _Services]) -> Callable[[], _Services]:
    lock = threading.Lock()
    built: list[_Services] = []

    def get() -> _Services:
        with lock:
            if not built:
                built.append(build())
            return built[0]

    return get
