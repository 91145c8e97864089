"""Jobs and their contexts as tests need them: valid as they are, override one thing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from assistant.jobs import Job
from assistant.manner import Manner
from assistant.mentions import Attachment, Audience, ConversationKey, Mention, Person, Platform
from assistant.settings import Settings, load_settings
from tests.twins.knowledge import KnowledgeTwin
from workers.context import JobContext, NoMinutes, NoPeople
from workers.llm.model_catalogue import ModelCatalogue


@dataclass(frozen=True)
class SpokenTurn:
    role: str
    text: str


@dataclass
class HistoryTwin:
    turns: list[SpokenTurn] = field(default_factory=list)
    attachments: tuple[Attachment, ...] = ()

    def recent_turns(self, conversation_id: Any, *, before_job: Any, limit: int = 20) -> list[SpokenTurn]:
        return self.turns[-limit:]

    def recent_attachments(self, conversation_id: Any, *, before_job: Any, kind: str) -> tuple[Attachment, ...]:
        return self.attachments


@dataclass
class Watched:
    """What a job reported and streamed, and whether someone pressed Stop."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)
    cancelled: bool = False

    def report(self, name: str, text: str, **_fields: Any) -> None:
        self.steps.append((name, text))

    @property
    def step_names(self) -> list[str]:
        return [name for name, _ in self.steps]


class FilesTwin:
    """Reads attachments from this machine's paths, and keeps what a job stores."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def read(self, attachment: Attachment) -> bytes:
        return self.local_path(attachment).read_bytes()

    def local_path(self, attachment: Attachment) -> Path:
        return Path(attachment.location.removeprefix("path:"))

    def store(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.stored[sha256] = data
        return sha256


def make_job(
    text: str,
    *,
    groups: tuple[str, ...] = ("everyone",),
    role: str = "employee",
    kind: str = "policy_search",
    audience: Audience = Audience.ASKER,
    channel_groups: tuple[str, ...] = (),
    spaces: tuple[str, ...] = (),
    manner: Manner | None = None,
    deadline_seconds: float = 600,
) -> Job:
    now = datetime.now(UTC)
    return Job(
        id=uuid4(),
        kind=kind,
        lane="policy",
        mention=Mention(
            event_key=f"test:{uuid4()}",
            conversation=ConversationKey(platform=Platform.CONSOLE, tenant="local", channel="c", thread="t"),
            asker=Person(id="ada", name="Ada", role=role, groups=groups),
            text=text,
            audience=audience,
            channel_groups=channel_groups,
            spaces=spaces,
            manner=manner or Manner(),
        ),
        conversation_id=UUID(int=1),
        attempt=1,
        token="t1",
        created_at=now,
        started_at=now,
        deadline_at=now + timedelta(seconds=deadline_seconds),
    )


def make_context(
    knowledge: Any = None,
    *,
    files: Any = None,
    turns: list[SpokenTurn] | None = None,
    models: ModelCatalogue | None = None,
    settings: Settings | None = None,
    watched: Watched | None = None,
    people: Any = None,
    minutes: Any = None,
    tickets: Any = None,
) -> JobContext:
    settings = settings or load_settings({})
    watched = watched or Watched()
    return JobContext(
        settings=settings,
        knowledge=knowledge or KnowledgeTwin([]),
        history=HistoryTwin(turns or []),
        files=files or FilesTwin(),
        models=models or ModelCatalogue(settings),
        today=datetime.now(UTC),
        report=watched.report,
        stream=watched.streamed.append,
        is_cancelled=lambda: watched.cancelled,
        people=people or NoPeople(),
        minutes=minutes or NoMinutes(),
        tickets=tickets,
    )
