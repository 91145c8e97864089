"""From a thumb or a correction on any platform to the feedback table."""

from __future__ import annotations

from uuid import UUID

import structlog

from assistant.errors import NotPermitted, RequestInvalid
from assistant.mentions import Audience
from assistant.storage.feedback_store import Feedback, FeedbackStore, Verdict
from assistant.storage.job_store import JobStore

log = structlog.get_logger()

REASONS = ("wrong", "outdated", "missing_source", "not_allowed", "too_long", "other")
MAX_CORRECTION_CHARS = 4_000


class FeedbackDesk:
    """Takes verdicts; a second one by the same person replaces the first."""

    def __init__(self, jobs: JobStore, feedback: FeedbackStore) -> None:
        self._jobs = jobs
        self._feedback = feedback

    def take(
        self,
        job_id: UUID,
        person_id: str,
        verdict: Verdict,
        *,
        reason: str | None = None,
        correction: str | None = None,
        audience: Audience = Audience.ASKER,
    ) -> Feedback:
        """Keep what the person thinks of the answer and return it as kept.

        `audience` is who could read the answer: in a channel anyone may judge it, else only who asked.

        Raises:
            NothingFound: there is no such job (any more).
            NotPermitted: the answer was not this person's to read.
            RequestInvalid: an unknown reason, or a correction that is too long.
        """
        if reason is not None and reason not in REASONS:
            raise RequestInvalid(f"unknown feedback reason {reason!r}")
        if correction and len(correction) > MAX_CORRECTION_CHARS:
            raise RequestInvalid(
                f"correction of {len(correction)} characters",
                reply=f"Please keep the correction under {MAX_CORRECTION_CHARS:,} characters.",
            )
        asker_id = self._jobs.view(job_id).asker_id
        if audience is Audience.ASKER and asker_id != person_id:
            raise NotPermitted(f"feedback on job {job_id} by someone who did not ask it")
        self._feedback.record(job_id, person_id, verdict, reason, correction)
        log.info("feedback.taken", job_id=str(job_id), verdict=verdict, reason=reason, corrected=bool(correction))
        kept = self._feedback.of(job_id, person_id)
        assert kept is not None
        return kept
