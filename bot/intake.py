"""From a mention to a job in the ledger: check, route, permit, accept, ring. Platforms call it in a thread.

What comes back is committed: a platform may acknowledge the event to its service once `take` has returned, and
must not before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol
from uuid import uuid4

import structlog

from assistant.access import may_run
from assistant.errors import NotPermitted, RequestInvalid, StewardError
from assistant.follow_ups import reads_as_follow_up
from assistant.job_kinds import JOB_KINDS, LOG_INSPECTION, JobKind
from assistant.mentions import MAX_MENTION_CHARS, Mention, Person
from assistant.observability import EVENTS
from assistant.preferences import ChannelSettings, PersonSettings, check_kind, with_preferences
from assistant.queue import Doorbell, NoDoorbell
from assistant.rate_limits import RateLimits
from assistant.replies import Action, Actions, Reply
from assistant.storage.job_store import Accepted, JobStore
from assistant.storage.outbox_store import Errand
from assistant.storage.people_store import PeopleStore
from assistant.storage.preference_store import PreferenceStore, Standing
from assistant.storage.statements import plain_text
from bot.draft_answers import DraftAnswers
from bot.log_trouble import LogTrouble
from bot.meeting_questions import MeetingQuestions
from bot.routing import HELP_WORDS, Route, help_text, route

log = structlog.get_logger()

Settle = Callable[[Mention, Standing], Mention]  # what holds for a question, put on it by its platform; pure


class SaysAtOnce(Protocol):
    """Delivery, as intake sees it: it can post a placeholder without looking into the outbox first."""

    def takes(self, platform: str) -> bool:
        """Return whether a placeholder for this platform may be handed over."""
        ...

    def hand_over(self, errand: Errand) -> None:
        """Deliver this, whose row is leased already; callable from any thread."""
        ...


class Intake:
    """Takes mentions in, on every platform alike."""

    def __init__(
        self,
        jobs: JobStore,
        people: PeopleStore,
        doorbell: Doorbell | None = None,
        limits: RateLimits | None = None,
        answers: DraftAnswers | None = None,
        meetings: MeetingQuestions | None = None,
        delivery: SaysAtOnce | None = None,
        preferences: PreferenceStore | None = None,
        trouble: LogTrouble | None = None,
    ) -> None:
        """Without a doorbell, workers find the job at their next poll; without limits, people may ask at any rate.

        Without delivery, placeholders wait in the outbox until a bot looks; without preferences, nobody's count.
        """
        self._jobs = jobs
        self._people = people
        self._doorbell = doorbell or NoDoorbell()
        self._limits = limits
        self._answers = answers
        self._meetings = meetings
        self._delivery = delivery
        self._preferences = preferences
        self._trouble = trouble

    def take(self, mention: Mention, settle: Settle | None = None) -> Accepted:
        """Write the mention's job down and wake a worker; duplicates return the job they already have.

        `settle` returns the mention as it is once the settings of its channel and its asker are known: a platform
        that decides by them who reads the answer need not read them itself, in a thread of its own, before.

        Raises:
            RequestInvalid: nothing to go on, too long, an unknown command, too many questions at once, or a full
                queue; `reply` says which.
            NotPermitted: the asker's role, or the channel, does not allow this kind.
            DependencyUnavailable, StorageFull: the database refused; the platform should ask for redelivery.
        """
        try:
            accepted = self._take(mention, settle)
        except StewardError as error:
            EVENTS.labels(mention.conversation.platform.value, error.code).inc()
            raise
        outcome = "duplicate" if accepted.duplicate else "accepted"
        EVENTS.labels(mention.conversation.platform.value, outcome).inc()
        return accepted

    def _take(self, mention: Mention, settle: Settle | None) -> Accepted:
        check_text(mention)
        standing = self._standing(mention)
        if settle is not None:
            mention = settle(mention, standing)
        chosen = route(mention)
        answered = self._answers.question_before(mention, chosen) if self._answers else None
        if answered is not None and self._answers is not None:
            mention = self._answers.continued(mention, answered)
            chosen = route(mention)
        asker = standing.asker or mention.asker
        chosen = self._about_logs(mention, chosen, asker, standing.channel)
        if self._meetings is not None:
            chosen = self._meetings.routed(mention, chosen)
        if not may_run(asker, chosen.kind):
            raise NotPermitted(
                f"role {asker.role} may not run {chosen.kind.name}",
                reply=f"{chosen.kind.title} is for {' and '.join(f'{role}s' for role in chosen.kind.roles)}. "
                "Your administrator can change that.",
            )
        check_kind(chosen.kind, standing.channel)
        mention = with_preferences(mention, standing.channel, standing.person)
        self._check_rate(mention)
        asked = mention.model_copy(update={"text": plain_text(chosen.text), "kind": chosen.kind.name, "asker": asker})
        accepted = self._accept(asked, chosen.kind)
        if not accepted.duplicate and answered is not None and self._answers is not None:
            self._answers.close(answered)
        if accepted.wants_ring:
            self._doorbell.ring(chosen.kind.lane, accepted.job_id)
        log.info(
            "mention.taken",
            job_id=str(accepted.job_id),
            kind=chosen.kind.name,
            routed_by=chosen.by,
            duplicate=accepted.duplicate,
            position=accepted.position,
        )
        return accepted

    def _about_logs(self, mention: Mention, chosen: Route, asker: Person, channel: ChannelSettings) -> Route:
        """Return the log inspector's route for trouble told of, and for what goes on about an inspection."""
        if chosen.by != "default" or not may_run(asker, LOG_INSPECTION):
            return chosen
        is_on = LOG_INSPECTION.name in channel.kinds
        if is_on and self._trouble is not None and self._trouble.is_meant(mention, asker):
            return Route(LOG_INSPECTION, chosen.text, "trouble")
        if mention.begins_conversation or not reads_as_follow_up(chosen.text):
            return chosen
        goes_on = self._jobs.last_kind(mention.conversation) == LOG_INSPECTION.name
        return Route(LOG_INSPECTION, chosen.text, "follow-up") if goes_on else chosen

    def _accept(self, asked: Mention, kind: JobKind) -> Accepted:
        """Write the question down and have its placeholder said, without the outbox being read in between."""
        platform, words = asked.conversation.platform.value, placeholder(kind)
        if self._delivery is None or not self._delivery.takes(platform):
            return self._jobs.accept(asked, kind, words)
        token = uuid4().hex
        accepted = self._jobs.accept(asked, kind, words, delivery_token=token)
        if not accepted.duplicate:
            self._delivery.hand_over(
                Errand(
                    job_id=accepted.job_id,
                    platform=platform,
                    target=asked.reply_target,
                    reply=words,
                    revision=1,
                    handle=None,
                    tries=1,
                    token=token,
                )
            )
        return accepted

    def _standing(self, mention: Mention) -> Standing:
        where, asker_id = mention.conversation, mention.asker.id
        if self._preferences is None:
            return Standing(ChannelSettings(), PersonSettings(), self._people.get(where.tenant, asker_id))
        place = mention.asked_in or where
        return self._preferences.for_mention(place.platform, place.tenant, place.channel, asker_id)

    def _check_rate(self, mention: Mention) -> None:
        """Refuse a flood. An event that was taken before comes through: it makes no new job."""
        tenant = mention.conversation.tenant
        wait_seconds = self._limits.take(tenant, mention.asker.id) if self._limits else 0.0
        if wait_seconds and self._jobs.of_event(mention.event_key) is None:
            raise RequestInvalid(
                f"rate limit: {wait_seconds:.1f} s until the next question",
                reply="That's more questions a minute than I can take. "
                f"Please ask this one again in {_in_words(wait_seconds)}.",
            )


def check_text(mention: Mention) -> None:
    """Refuse what no job can use.

    Raises:
        RequestInvalid: no text and no file, a call for help, or longer than MAX_MENTION_CHARS.
    """
    text = mention.text.strip()
    asks_for_help = text.lower().strip(" ?!.") in HELP_WORDS
    if (not text and not mention.attachments) or (asks_for_help and mention.kind is None):
        raise RequestInvalid("empty mention" if not text else "asked for help", reply=help_text(JOB_KINDS))
    if len(mention.text) > MAX_MENTION_CHARS:
        raise RequestInvalid(
            f"mention of {len(mention.text)} characters",
            reply=f"That is {len(mention.text):,} characters; I can take {MAX_MENTION_CHARS:,}. "
            "Attach the text as a file instead.",
        )


def _in_words(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    return "a second" if whole == 1 else f"{whole} seconds"


def placeholder(kind: JobKind) -> Reply:
    """Return what stands in the conversation until the answer does, with a way to stop."""
    return Reply(
        text=f"Working on it: {kind.title.lower()} …",
        blocks=(Actions(items=(Action(name="stop", label="Stop"),)),),
        final=False,
    )
