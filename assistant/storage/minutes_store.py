"""The library of minutes: read, corrected, searched and forgotten, each by who may.

Who may read is decided here, in the query, every time: see `Reader`. Search is two steps: this store says which
meetings a question's words point to (`minutes_terms`), the job ranks their lines. The company's document index is
not used for it, because its rights are groups of documents and these are the members of a channel at this moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from assistant.errors import NothingFound, NotPermitted, RequestInvalid
from assistant.job_kinds import MEETING_SUMMARY
from assistant.mentions import Audience, ConversationKey
from assistant.minutes.kept import KeptMinutes, Reader, SpokenLine, Ticket
from assistant.minutes.schema import Minutes
from assistant.replies import Reply
from assistant.storage.database import reading, writing
from assistant.storage.job_store import SAY
from assistant.storage.minutes_rows import put_revision, put_ticket
from assistant.storage.person_data import accounts_of
from assistant.storage.statements import Statement, json_of, json_text

MOST_CHANNELS = 20  # in which membership is asked for when somebody asks in private
MEETINGS_LOOKED_INTO = 40  # by one question, those with most of its words, the newest first

_SPOKEN_LINES: TypeAdapter[tuple[SpokenLine, ...]] = TypeAdapter(tuple[SpokenLine, ...])
_LOOK = """
    SELECT m.id AS minutes_id, m.job_id, m.tenant, m.platform, m.channel, m.asker_id, m.audience, m.document,
           m.revision, @text(r.content) AS content, j.conversation_id
    FROM minutes m JOIN minutes_revisions r ON r.minutes_id = m.id AND r.revision = m.revision
    LEFT JOIN jobs j ON j.id = m.job_id
"""
_IDS = "minutes_id job_id conversation_id"
_GET = Statement(_LOOK + " WHERE m.id = :minutes_id", returns=_IDS)
_GET_LOCKED = Statement(
    _LOOK + " WHERE m.id = :minutes_id FOR UPDATE OF m", sqlite=_LOOK + " WHERE m.id = :minutes_id", returns=_IDS
)
_OF_JOB = Statement(_LOOK + " WHERE m.job_id = :job_id", returns=_IDS)
_OF_CONVERSATION = Statement(
    _LOOK + " WHERE j.conversation_id = :conversation_id ORDER BY m.created_at DESC LIMIT 1", returns=_IDS
)
# A person alone: what they asked for themselves on any account, and their channels'. In a channel: only its own.
_MAY_READ = """
    ((:is_alone = 1 AND (m.tenant || ' ' || m.asker_id) IN (:accounts))
     OR (m.platform = :platform AND m.tenant = :tenant AND m.channel = :channel
         AND m.audience IN ('channel', 'outsiders'))
     OR (m.platform = :platform AND m.tenant = :tenant AND m.channel IN (:channels)
         AND m.audience IN ('channel', 'outsiders'))
     OR :reads_all = 1)
"""
_PERIOD = """
    AND (:since = '' OR coalesce(m.held_on, substr(CAST(m.created_at AS text), 1, 10)) >= :since)
    AND (:until = '' OR coalesce(m.held_on, substr(CAST(m.created_at AS text), 1, 10)) <= :until)
"""
_HITS = "(SELECT count(*) FROM minutes_terms t WHERE t.minutes_id = m.id AND t.stem IN (:stems))"
_TICKETS = Statement(
    """
    SELECT item, state, name, url, detail FROM minutes_tickets WHERE minutes_id = :minutes_id
    ORDER BY length(item), item
    """
)
_PEOPLE = Statement(
    """
    SELECT @text(r.content) AS content FROM minutes m JOIN minutes_revisions r
    ON r.minutes_id = m.id AND r.revision = m.revision JOIN jobs j ON j.id = m.job_id
    JOIN conversations c ON c.id = j.conversation_id
    WHERE c.platform = :platform AND c.tenant = :tenant AND c.channel = :channel AND c.thread = :thread
    ORDER BY m.created_at DESC LIMIT 1
    """
)
_CHANNELS = Statement(
    """
    SELECT channel, max(created_at) AS latest FROM minutes
    WHERE platform = :platform AND tenant = :tenant AND audience IN ('channel', 'outsiders')
    GROUP BY channel ORDER BY latest DESC LIMIT :count
    """
)
_SPOKEN = Statement("SELECT @text(content) AS content FROM minutes_spoken WHERE minutes_id = :minutes_id")
_PUT_NAMES = Statement("UPDATE minutes_spoken SET content = @json(:content) WHERE minutes_id = :minutes_id")
_MOVE_ON = Statement(
    "UPDATE minutes SET revision = :revision, updated_at = @now WHERE id = :minutes_id AND revision = :before"
)
_QUEUE = Statement(
    """
    UPDATE jobs SET state = 'queued', lane = :lane, attempt = 0, worker_deaths = 0, run_at = @now,
           deadline_at = @in(:deadline_seconds), finished_at = NULL, cancel_requested = :no
    WHERE id = :job_id AND state = 'succeeded'
    """
)
_ORDER_TICKET = Statement(
    """
    INSERT INTO minutes_tickets (minutes_id, item, state, ordered_by, created_at, updated_at)
    VALUES (:minutes_id, :item, 'pending', :person_id, @now, @now)
    ON CONFLICT (minutes_id, item) DO UPDATE SET ordered_by = excluded.ordered_by, updated_at = excluded.updated_at,
        state = CASE minutes_tickets.state WHEN 'started' THEN 'started' ELSE 'pending' END
        WHERE minutes_tickets.state IN ('failed', 'started')
    """
)
_FORGET = Statement("DELETE FROM minutes WHERE id = :minutes_id")
_FORGET_OLD = Statement("DELETE FROM minutes WHERE created_at < @in(:seconds)")
_BLANK_RESULT = Statement(
    """
    UPDATE results SET answer = :words, claims = @json(:nothing), warnings = @json(:nothing),
           result = @json(:empty), reply = @json(:reply) WHERE job_id = :job_id
    """
)
_BLANK_TURN = Statement("UPDATE turns SET text = :words WHERE job_id = :job_id AND role = 'assistant'")
FORGOTTEN = "These minutes were forgotten on request."


class MinutesStore:
    """Keeps minutes apart from the jobs that wrote them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # -------------------------------------------------------------- reading
    def get(self, minutes_id: UUID, reader: Reader) -> KeptMinutes:
        """Return minutes that the reader may see.

        Raises:
            NothingFound: there are none of this id, or the reader may not know of them.
        """
        with reading(self._engine) as connection:
            kept = _kept(connection, _GET(connection, minutes_id=minutes_id).first())
            if kept is None or not _may_read(connection, kept, reader):
                raise NothingFound(f"no minutes {minutes_id}", reply="I don't have those minutes (any more).")
            return kept

    def of_job(self, job_id: UUID) -> KeptMinutes | None:
        """Return the minutes that the job wrote, or None."""
        with reading(self._engine) as connection:
            return _kept(connection, _OF_JOB(connection, job_id=job_id).first())

    def of_conversation(self, conversation_id: UUID, reader: Reader) -> KeptMinutes | None:
        """Return the latest minutes of a conversation, or None when there are none that the reader may see."""
        with reading(self._engine) as connection:
            kept = _kept(connection, _OF_CONVERSATION(connection, conversation_id=conversation_id).first())
            return kept if kept and _may_read(connection, kept, reader) else None

    def people_of_thread(self, where: ConversationKey) -> tuple[str, ...]:
        """Return who took part in the meeting whose minutes are the thread's latest; nobody where it has none.

        The meeting's own name stands for one in which nobody is named.
        """
        with reading(self._engine) as connection:
            row = _PEOPLE(
                connection,
                platform=where.platform.value,
                tenant=where.tenant,
                channel=where.channel,
                thread=where.thread,
            ).first()
        if row is None:
            return ()
        header = Minutes.model_validate_json(row.content).meeting
        return header.participants or (header.title or "meeting",)

    def channels(self, platform: str, tenant: str) -> list[str]:
        """Return the channels that have minutes, those with the newest first."""
        with reading(self._engine) as connection:
            rows = _CHANNELS(connection, platform=platform, tenant=tenant, count=MOST_CHANNELS)
            return [row.channel for row in rows]

    def spoken(self, minutes_id: UUID) -> tuple[SpokenLine, ...]:
        """Return what was said in the meeting, in order."""
        with reading(self._engine) as connection:
            content = _SPOKEN(connection, minutes_id=minutes_id).scalar()
        return _SPOKEN_LINES.validate_json(content) if content else ()

    def search(
        self,
        reader: Reader,
        stems: Sequence[str] = (),
        *,
        since: str = "",
        until: str = "",
        limit: int = MEETINGS_LOOKED_INTO,
        offset: int = 0,
    ) -> list[KeptMinutes]:
        """Return the minutes with most of the stems, the newest first among equals; without stems the newest.

        `since` and `until` are ISO dates, both included; a meeting without a date counts as of the day it was kept.
        Every answer is of meetings the reader may see now.
        """
        with reading(self._engine) as connection:
            accounts = [f"{one.tenant} {one.id}" for one in accounts_of(connection, reader.tenant, reader.person_id)]
            names = {f"account_{n}": name for n, name in enumerate(accounts)}
            terms = {f"stem_{n}": stem for n, stem in enumerate(dict.fromkeys(stems))}
            places = {f"place_{n}": channel for n, channel in enumerate(reader.member_of or ("",))}
            may_read = _MAY_READ.replace(":accounts", _listed(names)).replace(":channels", _listed(places))
            hits = "(SELECT 0)"
            if terms:
                hits = _HITS.replace(":stems", _listed(terms))
            sql = f"""
                {_LOOK} WHERE {may_read} {_PERIOD} AND ({hits} > 0 OR :has_terms = 0)
                ORDER BY {hits} DESC, coalesce(m.held_on, substr(CAST(m.created_at AS text), 1, 10)) DESC,
                         m.created_at DESC, m.id LIMIT :count OFFSET :offset
            """
            rows = Statement(sql, returns=_IDS)(
                connection,
                **names,
                **places,
                **terms,
                is_alone=int(reader.audience is Audience.ASKER),
                reads_all=int(reader.reads_all),
                platform=reader.platform,
                tenant=reader.tenant,
                channel=reader.channel,
                since=since,
                until=until,
                has_terms=int(bool(terms)),
                count=limit,
                offset=offset,
            ).all()
            found = [_kept(connection, row) for row in rows]
        return [kept for kept in found if kept is not None]

    # -------------------------------------------------------------- changing
    def revise(
        self,
        kept: KeptMinutes,
        minutes: Minutes,
        *,
        by: str,
        changes: Sequence[str],
        meanwhile: Reply,
        spoken: Sequence[SpokenLine] = (),
    ) -> None:
        """Make `minutes` the next revision and have a worker show it; until then the message says `meanwhile`.

        `spoken` takes the place of what was said, when its speakers have other names now.

        Raises:
            RequestInvalid: they have moved on since `kept` was read, are being worked on, or their message is gone.
        """
        with writing(self._engine) as connection:
            now = _GET_LOCKED(connection, minutes_id=kept.id).first()
            if now is None or now.revision != kept.revision:
                raise RequestInvalid(
                    f"minutes {kept.id} have moved on",
                    reply="These minutes have changed since. Please look at them as they stand now.",
                )
            _show_again(connection, kept, meanwhile)
            put_revision(
                connection, kept.id, kept.revision + 1, json_text(minutes), by=by, changes=json_of(tuple(changes))
            )
            if spoken:
                _PUT_NAMES(connection, minutes_id=kept.id, content=json_of(tuple(spoken)))
            _MOVE_ON(connection, minutes_id=kept.id, revision=kept.revision + 1, before=kept.revision)

    def order_tickets(self, kept: KeptMinutes, items: Sequence[str], *, by: str, meanwhile: Reply) -> int:
        """Have a worker make a ticket of each of these action items; return how many were not ordered before.

        Raises:
            RequestInvalid: the minutes are being worked on, or their message is gone.
        """
        with writing(self._engine) as connection:
            _GET_LOCKED(connection, minutes_id=kept.id).first()
            new = sum(
                _ORDER_TICKET(connection, minutes_id=kept.id, item=item, person_id=by).rowcount for item in items
            )
            if new:
                _show_again(connection, kept, meanwhile)
        return new

    def begin_ticket(self, minutes_id: UUID, ticket: Ticket) -> None:
        """Write down, before the ticket system hears of it, that this item's ticket is being made."""
        with writing(self._engine) as connection:
            put_ticket(connection, minutes_id, ticket)

    # -------------------------------------------------------------- forgetting
    def forget(self, kept: KeptMinutes, reader: Reader, *, is_admin: bool = False) -> None:
        """Delete the minutes with all revisions and what was said; their message says that they were forgotten.

        Raises:
            NotPermitted: the reader is neither who asked for them nor an administrator.
        """
        with writing(self._engine) as connection:
            if not is_admin and not _is_theirs(connection, kept, reader):
                raise NotPermitted(
                    f"forgetting minutes {kept.id} of somebody else",
                    reply="Only who asked for these minutes, or an administrator, can have them forgotten.",
                )
            _FORGET(connection, minutes_id=kept.id)
            if kept.job_id is not None:
                said = json_text(Reply(text=FORGOTTEN))
                _BLANK_RESULT(connection, job_id=kept.job_id, words=FORGOTTEN, nothing="[]", empty="{}", reply=said)
                _BLANK_TURN(connection, job_id=kept.job_id, words=FORGOTTEN)
                SAY(connection, job_id=kept.job_id, reply=said)

    def is_theirs(self, kept: KeptMinutes, reader: Reader) -> bool:
        """Return whether the reader asked for these minutes, on any of their accounts."""
        with reading(self._engine) as connection:
            return _is_theirs(connection, kept, reader)

    def forget_old(self, retention_days: float) -> int:
        """Delete minutes that are older than this; return how many."""
        with writing(self._engine) as connection:
            return int(_FORGET_OLD(connection, seconds=-retention_days * 86_400).rowcount)


def _show_again(connection: sa.Connection, kept: KeptMinutes, meanwhile: Reply) -> None:
    queued = _QUEUE(
        connection,
        job_id=kept.job_id,
        lane=MEETING_SUMMARY.lane,
        deadline_seconds=MEETING_SUMMARY.deadline_seconds,
        no=False,
    ).rowcount
    if not queued:
        raise RequestInvalid(
            f"the job of minutes {kept.id} is busy or gone", reply="One moment, I'm still working on these minutes."
        )
    SAY(connection, job_id=kept.job_id, reply=json_text(meanwhile))


def _kept(connection: sa.Connection, row: Any) -> KeptMinutes | None:
    if row is None:
        return None
    tickets = tuple(Ticket(**one) for one in _TICKETS(connection, minutes_id=row.minutes_id).mappings())
    return KeptMinutes(
        id=row.minutes_id,
        job_id=row.job_id,
        conversation_id=row.conversation_id,
        tenant=row.tenant,
        platform=row.platform,
        channel=row.channel,
        asker_id=row.asker_id,
        audience=Audience(row.audience),
        document=row.document,
        revision=row.revision,
        minutes=Minutes.model_validate_json(row.content),
        tickets=tickets,
    )


def _may_read(connection: sa.Connection, kept: KeptMinutes, reader: Reader) -> bool:
    """The rule of `_MAY_READ`, for minutes that are at hand."""
    is_near = (kept.platform, kept.tenant) == (reader.platform, reader.tenant)
    if is_near and kept.channel in (reader.channel, *reader.member_of) and kept.audience is not Audience.ASKER:
        return True
    return reader.reads_all or (reader.audience is Audience.ASKER and _is_theirs(connection, kept, reader))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f":{name}" for name in names)


def _is_theirs(connection: sa.Connection, kept: KeptMinutes, reader: Reader) -> bool:
    accounts = accounts_of(connection, reader.tenant, reader.person_id)
    return (kept.tenant, kept.asker_id) in [(one.tenant, one.id) for one in accounts]
