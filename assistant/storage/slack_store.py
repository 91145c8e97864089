"""What the Slack platform keeps for itself: installations, OAuth states, who spoke in a thread.

Tokens are encrypted before they come to a row and decrypted only when they are asked for. Keys rotate: the first
of STEWARD_SECRET_KEYS encrypts, all of them decrypt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.fernet import InvalidToken, MultiFernet

from assistant.errors import SettingsInvalid
from assistant.mentions import Mention
from assistant.replies import Reply
from assistant.secret_keys import sealing_box
from assistant.settings import Settings
from assistant.storage.database import reading, writing
from assistant.storage.statements import Statement, json_text

STATUS_SECONDS = 20.0  # Slack takes a status back after two minutes without a message
STATE_SECONDS = 600.0  # how long a person may take to consent to an installation


@dataclass(frozen=True, slots=True)
class SlackInstallation:
    """One workspace (or organisation) that Steward is installed in; `data` is slack_sdk's Installation as a dict."""

    key: str
    enterprise_id: str | None
    team_id: str | None
    is_enterprise_install: bool
    bot_id: str | None
    bot_user_id: str | None
    data: dict[str, Any]


_COLUMNS = "key, enterprise_id, team_id, is_enterprise_install, bot_id, bot_user_id, sealed"
_GET = Statement(f"SELECT {_COLUMNS} FROM slack_installations WHERE key = :key")  # noqa: S608
_ALL = Statement(f"SELECT {_COLUMNS} FROM slack_installations ORDER BY key")  # noqa: S608
_PUT = Statement(
    """
    INSERT INTO slack_installations (key, enterprise_id, team_id, is_enterprise_install, bot_id, bot_user_id, sealed,
                                     updated_at)
    VALUES (:key, :enterprise_id, :team_id, :is_enterprise_install, :bot_id, :bot_user_id, :sealed, @now)
    ON CONFLICT (key) DO UPDATE
    SET enterprise_id = excluded.enterprise_id, team_id = excluded.team_id,
        is_enterprise_install = excluded.is_enterprise_install, bot_id = excluded.bot_id,
        bot_user_id = excluded.bot_user_id, sealed = excluded.sealed, updated_at = excluded.updated_at
    """
)
_REPLACE = Statement("UPDATE slack_installations SET sealed = :sealed, updated_at = @now WHERE key = :key")
_DELETE = Statement("DELETE FROM slack_installations WHERE key = :key")
_ISSUE = Statement("INSERT INTO slack_oauth_states (state, created_at) VALUES (:state, @now)")
_CONSUME = Statement("DELETE FROM slack_oauth_states WHERE state = :state AND created_at > @in(:seconds)")
_FORGET_STATES = Statement("DELETE FROM slack_oauth_states WHERE created_at <= @in(:seconds)")
_OTHERS = Statement(
    """
    INSERT INTO slack_threads (tenant, channel, thread, others_spoke_at) VALUES (:tenant, :channel, :thread, @now)
    ON CONFLICT DO NOTHING
    """
)
# Which job a thread's message without a mention would continue: its conversation, who asked in it, and how fresh.
_THREAD = Statement(
    """
    SELECT c.started_by, c.updated_at > @in(:seconds) AS is_fresh,
           (SELECT count(DISTINCT t.person_id) FROM turns t
            WHERE t.conversation_id = c.id AND t.role = 'user') AS askers,
           EXISTS (SELECT 1 FROM slack_threads s WHERE s.tenant = c.tenant AND s.channel = c.channel
                   AND s.thread = c.thread) AS others
    FROM conversations c
    WHERE c.platform = 'slack' AND c.tenant = :tenant AND c.channel = :channel AND c.thread = :thread
    """
)
_JOB_OF_EVENT = Statement("SELECT job_id FROM event_claims WHERE event_key = :event_key", returns="job_id")
_MENTION_OF = Statement("SELECT @text(mention) AS mention FROM jobs WHERE id = :job_id")
_JOB_OF_MESSAGE = Statement(
    """
    SELECT job_id FROM outbox WHERE platform = 'slack' AND delivered_at IS NULL
    AND @text(handle) LIKE :ts AND @text(handle) LIKE :channel LIMIT 1
    """,
    returns="job_id",
)
_UNFINISHED = Statement(
    """
    SELECT j.id AS job_id FROM conversations c JOIN jobs j ON j.conversation_id = c.id
    WHERE c.platform = 'slack' AND c.tenant = :tenant AND c.channel = :channel AND c.thread = :thread
      AND j.person_id = :person_id AND j.state IN ('queued', 'running')
    """,
    returns="job_id",
)
# What is shown of unfinished questions and is up to date: what live progress is shown on.
_UNDER_WAY = Statement(
    """
    SELECT j.id AS job_id, j.tenant, j.kind, j.state, o.revision, p.text AS partial, @text(o.handle) AS handle,
           (o.handle IS NULL AND j.created_at < @in(:not_before)) AS needs_message,
           (SELECT count(*) FROM (SELECT 1 FROM jobs a WHERE a.state = 'queued' AND a.lane = j.lane
                                  AND a.created_at < j.created_at LIMIT 100) ahead) AS ahead,
           (SELECT s.text FROM job_steps s WHERE s.job_id = j.id ORDER BY s.id DESC LIMIT 1) AS step
    FROM outbox o JOIN jobs j ON j.id = o.job_id LEFT JOIN job_progress p ON p.job_id = j.id
    WHERE o.platform = 'slack' AND o.delivered_at IS NULL AND o.sent_revision = o.revision
      AND j.state IN ('queued', 'running')
    ORDER BY needs_message DESC, j.created_at LIMIT :count
    """,
    returns="job_id",
)


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What decides whether a message in a thread needs a mention."""

    started_by: str
    is_fresh: bool
    askers: int
    others_spoke: bool


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One unfinished question of which something is shown."""

    job_id: UUID
    tenant: str
    kind: str
    is_running: bool
    revision: int  # of the outbox: what the message says now
    ahead: int  # while it waits: how many of its lane came earlier, at most 100
    step: str | None  # the last line of its story
    partial: str | None  # the answer as far as it has come
    stands: bool = True  # False: a status is all that is shown of it
    needs_message: bool = False  # the status has stood as long as Slack lets it stand safely
    streams_since: float | None = None  # when its stream began, in seconds of the epoch; None: it is no stream


# Said in place of the placeholder while the job is at work. Only if nothing newer waits to be said: the final
# reply, written by a worker in between, raises the revision and so wins.
_SAY_PROGRESS = Statement(
    """
    UPDATE outbox SET reply = @json(:reply), revision = revision + 1, next_at = @now
    WHERE job_id = :job_id AND revision = :revision AND sent_revision = :revision AND delivered_at IS NULL
    """
)


class SlackStore:
    """Slack's own rows in the one database."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._box: MultiFernet | None = None

    # -------------------------------------------------------------- installations
    def installation(self, key: str) -> SlackInstallation | None:
        """Return the installation of this key with its tokens.

        Raises:
            SettingsInvalid: it was encrypted with a key that is not among STEWARD_SECRET_KEYS any more.
        """
        with reading(self._engine) as connection:
            row = _GET(connection, key=key).mappings().first()
        return self._opened(row) if row else None

    def installations(self) -> list[SlackInstallation]:
        """Return all installations, by key."""
        with reading(self._engine) as connection:
            return [self._opened(row) for row in _ALL(connection).mappings()]

    def readable(self) -> tuple[list[SlackInstallation], list[str]]:
        """Return the installations whose tokens can be read, and the keys of those whose tokens can't."""
        found: list[SlackInstallation] = []
        unreadable: list[str] = []
        with reading(self._engine) as connection:
            for row in _ALL(connection).mappings():
                try:
                    found.append(self._opened(row))
                except SettingsInvalid:
                    unreadable.append(str(row["key"]))
        return found, unreadable

    def save_installation(self, installation: SlackInstallation) -> None:
        """Keep the installation; it replaces the one of the same key."""
        sealed = self._seal(installation.data) if installation.data else ""
        with writing(self._engine) as connection:
            _PUT(
                connection,
                key=installation.key,
                enterprise_id=installation.enterprise_id,
                team_id=installation.team_id,
                is_enterprise_install=installation.is_enterprise_install,
                bot_id=installation.bot_id,
                bot_user_id=installation.bot_user_id,
                sealed=sealed,
            )

    def replace_installation(self, installation: SlackInstallation) -> bool:
        """Keep the installation's new tokens; False when it was removed meanwhile, and nothing is kept."""
        with writing(self._engine) as connection:
            values = {"key": installation.key, "sealed": self._seal(installation.data)}
            return bool(_REPLACE(connection, **values).rowcount)

    def delete_installation(self, key: str) -> None:
        """Forget the installation and its tokens."""
        with writing(self._engine) as connection:
            _DELETE(connection, key=key)

    def rotate(self) -> int:
        """Encrypt every installation again with the newest key; returns how many."""
        found = [one for one in self.installations() if one.data]
        for installation in found:
            self.save_installation(installation)
        return len(found)

    def _opened(self, row: sa.RowMapping) -> SlackInstallation:
        values = {name: row[name] for name in _COLUMNS.split(", ") if name != "sealed"}
        values["is_enterprise_install"] = bool(values["is_enterprise_install"])
        return SlackInstallation(**values, data=self._open(row["sealed"]) if row["sealed"] else {})

    def _seal(self, data: dict[str, Any]) -> str:
        return self._fernet().encrypt(json.dumps(data, default=str).encode()).decode()

    def _open(self, sealed: str) -> dict[str, Any]:
        try:
            opened: dict[str, Any] = json.loads(self._fernet().decrypt(sealed.encode()))
        except InvalidToken as error:
            raise SettingsInvalid(
                "A Slack installation is encrypted with a key that STEWARD_SECRET_KEYS does not hold. "
                "Put the old key behind the new one, or install the app again."
            ) from error
        return opened

    def _fernet(self) -> MultiFernet:
        if self._box is None:
            self._box = sealing_box(self._settings, "slack tokens")
        return self._box

    # -------------------------------------------------------------- consent
    def issue_state(self, state: str) -> None:
        """Remember that an installation was begun; forget those that were never finished."""
        with writing(self._engine) as connection:
            _FORGET_STATES(connection, seconds=-STATE_SECONDS)
            _ISSUE(connection, state=state)

    def consume_state(self, state: str) -> bool:
        """Return True once, and only within STATE_SECONDS of its issue."""
        with writing(self._engine) as connection:
            return bool(_CONSUME(connection, state=state, seconds=-STATE_SECONDS).rowcount)

    # -------------------------------------------------------------- threads
    def thread(self, tenant: str, channel: str, thread: str, *, fresh_seconds: float) -> ThreadState | None:
        """Return what is known of a thread that Steward is in, or None when it is in none."""
        with reading(self._engine) as connection:
            row = _THREAD(connection, tenant=tenant, channel=channel, thread=thread, seconds=-fresh_seconds).first()
        return ThreadState(row.started_by, bool(row.is_fresh), int(row.askers), bool(row.others)) if row else None

    def others_spoke(self, tenant: str, channel: str, thread: str) -> None:
        """Remember that people talk to each other in this thread."""
        with writing(self._engine) as connection:
            _OTHERS(connection, tenant=tenant, channel=channel, thread=thread)

    # -------------------------------------------------------------- jobs by their messages
    def job_of_event(self, event_key: str) -> UUID | None:
        """Return the job that a message asked for, or None."""
        with reading(self._engine) as connection:
            return _uuid(_JOB_OF_EVENT(connection, event_key=event_key).scalar())

    def mention_of(self, job_id: UUID) -> Mention | None:
        """Return what was asked, as it was taken in, or None when the job is deleted."""
        with reading(self._engine) as connection:
            row = _MENTION_OF(connection, job_id=job_id).first()
        return Mention.model_validate_json(row.mention) if row else None

    def job_of_message(self, channel: str, ts: str) -> UUID | None:
        """Return the unfinished job whose placeholder is this message, or None."""
        with reading(self._engine) as connection:
            place = {"ts": f'%"{_literal(ts)}"%', "channel": f'%"{_literal(channel)}"%'}
            return _uuid(_JOB_OF_MESSAGE(connection, **place).scalar())

    def unfinished(self, tenant: str, *, channel: str, thread: str, person_id: str) -> list[UUID]:
        """Return the jobs that somebody has waiting or at work in a thread."""
        with reading(self._engine) as connection:
            place = {"tenant": tenant, "channel": channel, "thread": thread, "person_id": person_id}
            return [row.job_id for row in _UNFINISHED(connection, **place)]

    def under_way(self, limit: int = 50) -> list[UnderWay]:
        """Return the questions of which something is shown while they wait or are worked on.

        Oldest first, but before them those that have shown a status for long and need a message.
        """
        with reading(self._engine) as connection:
            rows = _UNDER_WAY(connection, count=limit, not_before=-STATUS_SECONDS).all()
        return [
            UnderWay(
                row.job_id,
                row.tenant,
                row.kind,
                row.state == "running",
                row.revision,
                row.ahead,
                row.step,
                row.partial,
                needs_message=bool(row.needs_message),
                stands=row.handle not in (None, "null"),
                streams_since=_streams_since(row.handle),
            )
            for row in rows
        ]

    def say_progress(self, one: UnderWay, reply: Reply) -> bool:
        """Have the placeholder say this; False when something newer waits to be said."""
        with writing(self._engine) as connection:
            values = {"job_id": one.job_id, "revision": one.revision, "reply": json_text(reply)}
            return bool(_SAY_PROGRESS(connection, **values).rowcount)


def _streams_since(handle: str | None) -> float | None:
    stands = json.loads(handle) if handle else None
    return float(stands.get("began_at") or 0.0) if stands and stands.get("stream") else None


def _uuid(value: Any) -> UUID | None:
    return value if isinstance(value, UUID) else None


def _literal(text: str) -> str:
    return text.replace("%", "").replace("_", "")
