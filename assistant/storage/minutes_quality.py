"""How much people change in minutes: for the operations pages. Read-only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from assistant.minutes.corrections import Corrections, count_corrections
from assistant.minutes.schema import Minutes
from assistant.storage.database import reading
from assistant.storage.tables.minutes import minutes, minutes_revisions

MOST_MEETINGS: Final = 2_000  # of one look, the newest: comparing a meeting takes about a millisecond


class MinutesQuality:
    """Reads the library's revisions."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def corrections(self, since: datetime) -> Corrections:
        """Return what was corrected in the minutes written since then, and what was confirmed as it stood."""
        first, latest = minutes_revisions.alias("first"), minutes_revisions.alias("latest")
        query = (
            sa.select(first.c.content.label("first"), latest.c.content.label("latest"))
            .select_from(minutes)
            .join(first, (first.c.minutes_id == minutes.c.id) & (first.c.revision == 1))
            .join(latest, (latest.c.minutes_id == minutes.c.id) & (latest.c.revision == minutes.c.revision))
            .where(minutes.c.created_at >= since)
            .order_by(minutes.c.created_at.desc())
            .limit(MOST_MEETINGS)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return count_corrections(
            (Minutes.model_validate(row.first), Minutes.model_validate(row.latest)) for row in rows
        )
