"""Thumbs and corrections: one verdict a person and job, changeable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from assistant.errors import NothingFound
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement, plain_text

Verdict = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one person thought of one answer."""

    job_id: UUID
    person_id: str
    verdict: Verdict
    reason: str | None
    correction: str | None
    created_at: datetime
    updated_at: datetime


_PUT = Statement(
    """
    INSERT INTO feedback (job_id, person_id, verdict, reason, correction, created_at, updated_at)
    VALUES (:job_id, :person_id, :verdict, :reason, :correction, @now, @now)
    ON CONFLICT (job_id, person_id) DO UPDATE
    SET verdict = excluded.verdict, reason = excluded.reason, correction = excluded.correction,
        updated_at = excluded.updated_at
    """
)
_COLUMNS = "job_id, person_id, verdict, reason, correction, created_at, updated_at"
_OF = Statement(
    f"SELECT {_COLUMNS} FROM feedback WHERE job_id = :job_id AND person_id = :person_id",  # noqa: S608
    returns="job_id created_at updated_at",
)
_ABOUT = Statement(
    f"SELECT {_COLUMNS} FROM feedback WHERE job_id = :job_id ORDER BY created_at, id",  # noqa: S608
    returns="job_id created_at updated_at",
)
_RECENT = Statement(
    f"SELECT {_COLUMNS} FROM feedback ORDER BY updated_at DESC LIMIT :count",  # noqa: S608
    returns="job_id created_at updated_at",
)


class FeedbackStore:
    """Keeps feedback beside the job it is about."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(
        self, job_id: UUID, person_id: str, verdict: Verdict, reason: str | None = None, correction: str | None = None
    ) -> None:
        """Keep the verdict; it replaces the person's earlier one on the same job.

        Raises:
            NothingFound: there is no such job (any more).
        """
        try:
            with writing(self._engine) as connection:
                _PUT(
                    connection,
                    job_id=job_id,
                    person_id=person_id,
                    verdict=verdict,
                    reason=reason,
                    correction=plain_text(correction) if correction else None,
                )
        except sa.exc.IntegrityError as error:
            raise NothingFound(f"feedback on job {job_id}, which is not kept") from error

    def of(self, job_id: UUID, person_id: str) -> Feedback | None:
        """Return this person's verdict on this job, if they gave one."""
        with reading(self._engine) as connection:
            row = _OF(connection, job_id=job_id, person_id=person_id).first()
        return Feedback(*tuple(row)) if row else None

    def about(self, job_id: UUID) -> list[Feedback]:
        """Return everybody's verdicts on this job, oldest first."""
        with reading(self._engine) as connection:
            return [Feedback(*tuple(row)) for row in _ABOUT(connection, job_id=job_id)]

    def recent(self, limit: int = 100) -> list[Feedback]:
        """Return the last verdicts, newest first."""
        with reading(self._engine) as connection:
            return [Feedback(*tuple(row)) for row in _RECENT(connection, count=limit)]
