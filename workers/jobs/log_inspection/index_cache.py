"""The indexes of the last inspections, so that a follow-up in the thread is answered without reading again.

Kept in the worker's memory only, for the same asker and conversation, and for a while: a question that is not a
follow-up reads anew, because logs grow.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.jobs import Job
from workers.jobs.log_inspection.log_files import LogFiles
from workers.logs.index import LogIndex, Window
from workers.validation.log_redaction import LogRedaction

MOST_INDEXES = 3
MOST_BYTES = 192 << 20  # of all of them: an index of a large log takes about 60 MB
KEPT_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class KeptIndex:
    """One index, and what the answer has to say about where it came from."""

    index: LogIndex
    files: LogFiles
    redaction: LogRedaction  # with its placeholders: in a thread, the same value keeps the same one
    read_at: datetime

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return int(self.index.rows.estimated_size() + self.index.counts.estimated_size())

    def covers(self, asked: Window | None) -> bool:
        """Whether a question about this time can be answered from it."""
        span = self.index.span
        if span is None or asked is None:
            return span is not None
        return asked.start_at < span.end_at and asked.end_at > span.start_at


def without_secrets(index: LogIndex, redaction: LogRedaction) -> LogIndex:
    """Return the index with its templates as they may be shown; its lines stay as they are, to be searched.

    Before anything is judged: what the rules quote they also shorten, and half a secret would no longer be known.
    """
    shown = tuple(
        one.model_copy(update={"text": redaction.text(one.text), "example": redaction.text(one.example)})
        for one in index.templates
    )
    return replace(index, templates=shown)


class IndexCache:
    """A few indexes by conversation and asker: another asker's rights may differ, so theirs is read anew."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, str], KeptIndex] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, job: Job, kept: KeptIndex) -> None:
        """Keep the index of a job, and let the oldest go where there are too many."""
        with self._lock:
            self._kept.pop(_key(job), None)
            self._kept[_key(job)] = kept
            while len(self._kept) > MOST_INDEXES or sum(each.size_bytes for each in self._kept.values()) > (
                self._most_bytes
            ):
                self._kept.popitem(last=False)

    def find(self, job: Job, *, now: datetime) -> KeptIndex | None:
        """Return the index that the asker's last question in this conversation was answered from."""
        with self._lock:
            kept = self._kept.get(_key(job))
            if kept is None or now - kept.read_at > KEPT_FOR:
                return None
            self._kept.move_to_end(_key(job))
            return kept


def _key(job: Job) -> tuple[str, str]:
    return str(job.conversation_id), f"{job.mention.conversation.tenant}:{job.mention.asker.id}"
