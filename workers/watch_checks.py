"""Start the checks of watches that are due: called by the one worker that leads in it, from its sweeper.

The asker's rights are looked up again for every check: whoever may not inspect logs any more watches none.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from assistant.access import may_run
from assistant.job_kinds import LOG_INSPECTION
from assistant.queue import Doorbell
from assistant.storage.people_store import PeopleStore
from assistant.storage.watch_store import Watch, WatchStore

log = structlog.get_logger()

ONCE_MORE = "Once more: "  # a check asks what was asked


class WatchChecks:
    """Turns due watches into jobs."""

    def __init__(self, watches: WatchStore, people: PeopleStore, doorbell: Doorbell) -> None:
        self._watches = watches
        self._people = people
        self._doorbell = doorbell

    def start_due(self) -> int:
        """Start what is due and return how many checks that were."""
        return sum(self._start(watch) for watch in self._watches.due())

    def _start(self, watch: Watch) -> bool:
        mention = watch.mention
        asker = self._people.get(mention.conversation.tenant, mention.asker.id) or mention.asker
        options = {**mention.options, "watch_id": watch.id, "is_last_look": watch.is_last}
        if not may_run(asker, LOG_INSPECTION):  # this check looks at nothing: it tells so, and the watch has ended
            watch, options = replace(watch, is_last=True), {"watch_id": watch.id, "is_over": True}
            log.info("watch.stopped", watch_id=watch.id, reason="role")
        again = {
            "asker": asker,
            "options": options,
            "kind": LOG_INSPECTION.name,
            "text": f"{ONCE_MORE}{mention.text.removeprefix(ONCE_MORE)}",
        }
        job_id = self._watches.start_check(watch, mention.model_copy(update=again))
        if job_id is None:
            return False
        self._doorbell.ring(LOG_INSPECTION.lane, job_id)
        log.info("watch.check_started", watch_id=watch.id, job_id=str(job_id))
        return True
