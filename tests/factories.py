"""Things as tests need them: valid as they are, override what the test is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from assistant.jobs import Job, JobResult, LatencyMs, Receipt
from assistant.knowledge.chunks import Chunk
from assistant.mentions import ConversationKey, Mention, Person, Platform
from assistant.replies import Reply

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_person(person_id: str = "ann", **fields: Any) -> Person:
    """An employee of the demo kind."""
    return Person(id=person_id, **fields)


def make_mention(text: str = "How many days of leave do I have?", **fields: Any) -> Mention:
    """A new question each time: pass `event_key` to repeat one. `person`, `tenant`, `thread` are short cuts."""
    key = ConversationKey(
        platform=fields.pop("platform", Platform.SLACK),
        tenant=fields.pop("tenant", "T1"),
        channel=fields.pop("channel", "C1"),
        thread=fields.pop("thread", "1.0"),
    )
    values: dict[str, Any] = {
        "event_key": f"event-{next(_numbers)}",
        "conversation": key,
        "asker": make_person(fields.pop("person", "ann")),
        "text": text,
        "reply_target": {"channel": key.channel},
    }
    return Mention(**{**values, **fields})


def make_job(**fields: Any) -> Job:
    """A claimed job on its first attempt."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "kind": "policy_search",
        "lane": "policy",
        "mention": fields.pop("mention", None) or make_mention(),
        "conversation_id": uuid4(),
        "attempt": 1,
        "token": uuid4().hex,
        "created_at": datetime.now(UTC),
        "started_at": datetime.now(UTC),
        "deadline_at": datetime.now(UTC) + timedelta(seconds=600),
    }
    return Job(**{**values, **fields})


def make_receipt(**fields: Any) -> Receipt:
    """What a cheap offline answer took."""
    values: dict[str, Any] = {
        "model": "offline",
        "offline": True,
        "prompt_version": "policy_search@0000",
        "latency_ms": LatencyMs(queue=1.0, total=5.0),
    }
    return Receipt(**{**values, **fields})


def make_result(answer: str = "Twenty-five days.", **fields: Any) -> JobResult:
    """An answer without claims."""
    values: dict[str, Any] = {
        "outcome": "answered",
        "answer": answer,
        "receipt": make_receipt(),
        "reply": Reply(text=answer),
    }
    return JobResult(**{**values, **fields})


def make_chunk(text: str = "Staff may carry over five days of leave.", **fields: Any) -> Chunk:
    """A passage of a leave policy that everyone may read."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "document_id": uuid4(),
        "version_id": uuid4(),
        "space": "handbook",
        "path": "hr/leave.md",
        "title": "Leave policy",
        "heading_path": ("Leave policy", "Carrying over"),
        "start_char": 0,
        "end_char": len(text),
        "text": text,
        "ordinal": 0,
        "allow": ("everyone",),
    }
    return Chunk(**{**values, **fields})
